"""An ``except`` that doesn't catch what it should."""

from __future__ import annotations

import ast

from practice.patterns import caught_by
from practice.slips import Found
from practice.trial import Rule, Trial, is_generator


def except_or(trial: Trial) -> Found | None:
    """Exceptions that `or` or `and` joins: only one of them is caught."""
    for handler in trial.each(ast.ExceptHandler):
        if isinstance(handler.type, ast.BoolOp):
            return "except_or", handler.lineno, {}
    return None


def exception_made(trial: Trial) -> Found | None:
    """An exception that is made after `except`, which only names what it catches."""
    for handler in trial.each(ast.ExceptHandler):
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for each in types:
            name = ast.unparse(each.func) if isinstance(each, ast.Call) else ""
            if name.rpartition(".")[2][:1].isupper():
                return "exception_made", handler.lineno, {"name": name}
    return None


def lazy_try(trial: Trial) -> Found | None:
    """A generator that a ``try`` only makes: its lines, which may fail, run later."""
    makers = {each.name for each in trial.each(ast.FunctionDef) if is_generator(each)}
    for holder in trial.each(ast.Try):
        made = holder.body[-1]
        value = made.value if isinstance(made, ast.Return | ast.Assign) else None
        function = trial.function(holder)
        given = function is not None and not is_generator(function)
        only = given if isinstance(made, ast.Return) else len(holder.body) == 1
        if holder.handlers and only and isinstance(value, ast.Call):
            name = ast.unparse(value.func)
            if name in makers:
                return "lazy_try", made.lineno, {"name": name, "other": str(holder.lineno)}
    return None


def raised_in_except(trial: Trial) -> Found | None:
    """What an ``except`` has caught is raised again by another line inside it."""
    error = trial.evidence.error
    for handler in trial.each(ast.ExceptHandler) if error else ():
        inside = {
            node.lineno: isinstance(node, ast.Raise)
            for node in (each for line in handler.body for each in ast.walk(line))
            if isinstance(node, ast.stmt)
        }
        for line in error.lines if error else ():
            at = max((each for each in inside if each <= line), default=0)
            within = at and line <= (handler.end_lineno or 0) and not inside[at]
            if within and error and error.type in caught_by(handler, trial.program):
                return "raised_in_except", line, {"other": str(handler.lineno)}
    return None


#: Why an ``except`` missed an error: tried before every other rule.
CATCHES: dict[str, Rule] = {
    rule.__name__: rule for rule in (except_or, exception_made, raised_in_except)
}
