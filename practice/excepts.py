"""A ``try`` whose ``except`` or ``finally`` doesn't do what it should."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from practice.patterns import caught_by, lines_inside
from practice.slips import Found
from practice.trial import Rule, Trial, is_generator


def except_or(trial: Trial) -> Found | None:
    """Exceptions that `or` or `and` joins: only one of them is caught. Or one and a condition."""
    for handler in trial.each(ast.ExceptHandler):
        if isinstance(handler.type, ast.BoolOp):
            parts = handler.type.values
            caught = [each for each in parts if not _is_condition(trial, each)]
            if len(caught) == 1:
                return "except_condition", handler.lineno, {"name": ast.unparse(caught[0])[:60]}
            return "except_or", handler.lineno, {}
    return None


def _is_condition(trial: Trial, value: ast.expr) -> bool:
    """Whether this is no exception: a test, or a variable of the program's in small letters."""
    if isinstance(value, ast.Name) and value.id[:1].islower():
        return any(not isinstance(each, ast.alias) for each in trial.bound.get(value.id, ()))
    return isinstance(value, ast.Compare | ast.UnaryOp | ast.Constant)


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
            # The arguments may be what this `try` is for; another may be around the reading.
            calls = any(isinstance(node, ast.Call) for node in ast.walk(value) if node is not value)
            again = isinstance(made, ast.Assign) and _read_in_try(trial)
            if name in makers and not calls and not again:
                return "lazy_try", made.lineno, {"name": name, "other": str(holder.lineno)}
    return None


def _read_in_try(trial: Trial) -> bool:
    """Whether a ``try`` with an ``except`` is around what shows a stream."""
    caught = (each for each in trial.each(ast.Try) if each.handlers)
    return _shows(node for each in caught for line in each.body for node in ast.walk(line))


def lazy_error(trial: Trial) -> Found | None:
    """An error to be caught, from a generator whose ``try`` only makes it."""
    found, error = lazy_try(trial), trial.evidence.error
    if found is None or error is None:
        return None
    caught = [caught_by(each, trial.program) for each in trial.each(ast.ExceptHandler)]
    # A library's error may be caught as one of another class.
    meant = error.module != "builtins" or any(error.type in names for names in caught)
    inside = lines_inside(found[2]["name"], trial.program) if meant else set()
    return found if inside & {*error.lines} else None


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


def return_in_finally(trial: Trial) -> Found | None:
    """A ``return`` that replaces what the ``try`` or an ``except`` has returned."""
    for holder in trial.each(ast.Try):
        others = [holder.body, holder.orelse, *(each.body for each in holder.handlers)]
        before = [node for block in others for each in block for node in ast.walk(each)]
        last = next((each for each in holder.finalbody if isinstance(each, ast.Return)), None)
        if last is not None and any(isinstance(each, ast.Return) for each in before):
            return "return_in_finally", last.lineno, {}
    return None


def st_in_finally(trial: Trial) -> Found | None:
    """A use of ``st`` in a ``finally`` that a stopped script gets to."""
    stopped = any(each.stop_after is not None for each in trial.exercise.about.scenes)
    for holder in trial.each(ast.Try) if stopped else ():
        # Where the answer is shown elsewhere, this one has ended before Stop.
        if _shows(trial.each(ast.AST)) and not _shows(_run_by(trial, holder.body)):
            continue
        for node in _run_by(trial, holder.finalbody):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "st":
                named = {"name": ast.unparse(node), "other": str(holder.lineno)}
                return "st_in_finally", node.lineno, named
    return None


def _shows(nodes: Iterable[ast.AST]) -> bool:
    return any(getattr(node, "attr", "") == "write_stream" for node in nodes)


def _run_by(trial: Trial, lines: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what these lines run: their code, and that of the functions that they call."""
    functions = {each.name: each for each in trial.each(ast.FunctionDef)}
    for node in (each for line in lines for each in ast.walk(line)):
        yield node
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called in functions:
            yield from ast.walk(functions.pop(called))


#: Why an ``except`` missed an error.
CATCHES: dict[str, Rule] = {
    rule.__name__: rule for rule in (except_or, exception_made, raised_in_except, lazy_error)
}
