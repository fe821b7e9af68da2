"""A name without a value, or with ``None`` for one: why, as far as the program shows it."""

from __future__ import annotations

import ast
import builtins
import datetime
import difflib
import re

from practice.conditions import parameters
from practice.sandbox.signatures import ELEMENTS
from practice.slips import Found
from practice.trial import HOLDERS, SURE, Trial, blocks, similar, targets
from practice.without_effect import compared, in_place

# A name of so few characters is like many.
SHORT = 2
# What keeps the names that are given a value in it to itself.
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
SCOPES = (ast.FunctionDef, ast.ClassDef, *COMPREHENSIONS)
# What programs call the exception that they caught.
CAUGHT = ("e", "err", "error", "ex", "exc", "exception")
# Methods that are often written like a function, with their value as its first argument.
OF_FIRST = ("close", "append", "extend", "strip", "collect")


def undefined(trial: Trial) -> Found | None:
    """A name without a value: why it has none, as far as the program shows it."""
    found = re.match(r"NameError: name '(\w+)' is not defined", trial.said)
    if not found:
        return _local(trial)
    name, line = found[1], trial.line
    if name.title() in ("True", "False", "None"):
        return "capital", line, {"name": name, "other": name.title()}
    if places := trial.bound.get(name):
        elsewhere = all(isinstance(each, ast.ExceptHandler) for each in places)
        caught = _caught(trial, name) if elsewhere else None
        return caught or _deleted(trial, name) or _without_value(trial, name, places)
    return _unknown(trial, name)


def _unknown(trial: Trial, name: str) -> Found:
    line, named = trial.line, {"name": name}
    if (slip := compared(trial)) and slip[2]["name"] == name:
        return slip
    if name.upper() in trial.sql_functions:
        return "sql_in_python", line, named
    if name.lower() == "ai_complete" and "Complete" in trial.imports:
        return "other_function", line, named | {"other": "Complete"}
    if _is_compared_argument(trial, name):
        return "equals_in_call", line, {}
    if found := _module(trial, name) or _caught(trial, name) or _method(trial, name):
        return found
    known = name in ("time", "json", "random") or "Did you forget to import" in trial.said
    if module := trial.imports.get(name, name if known else ""):
        said = f"import {module}" if name == module else f"from {module} import {name}"
        said = "import streamlit as st" if name == "st" else said
        return "import_missing", line, named | {"other": said}
    if name in ELEMENTS and name in trial.called:
        return "st_missing", line, named
    if name == "sleep" and "time" in trial.imports:
        return "module_missing", line, named | {"other": "time.sleep"}
    close = difflib.get_close_matches(name, dir(builtins), 1, SURE)
    if len(name) > SHORT and (other := similar(name, trial.bound) or "".join(close)):
        return "misspelt", line, named | {"other": other}
    return "unknown_exception" if _is_exception(trial, name) else "undefined", line, named


def _method(trial: Trial, name: str) -> Found | None:
    """A method that is called as if it were a function, with its value as the first argument."""
    for call in trial.each(ast.Call) if name in OF_FIRST else ():
        if ast.unparse(call.func) == name and call.lineno == trial.line and call.args:
            owner, *others = map(ast.unparse, call.args)
            meant = f"{owner}.{name}({', '.join(others)})"[:60]
            return "method_alone", trial.line, {"name": name, "other": meant}
    return None


def _is_exception(trial: Trial, name: str) -> bool:
    """Whether a name stands only where an exception is raised or caught."""
    used = [ast.unparse(each.exc) for each in trial.each(ast.Raise) if each.exc]
    used += [ast.unparse(each.type) for each in trial.each(ast.ExceptHandler) if each.type]
    return any(re.match(rf"\(?(\w+, )*{name}(?![\w.])", each) for each in used)


def _is_compared_argument(trial: Trial, name: str) -> bool:
    """Whether this is the name of an argument, with `==` between it and its value."""
    for node in trial.each(ast.Compare):
        call = trial.parents[node]
        left = isinstance(node.left, ast.Name) and node.left.id == name
        if left and isinstance(node.ops[0], ast.Eq) and isinstance(call, ast.Call):
            return node in call.args and name in parameters(ast.unparse(call.func))
    return False


def _module(trial: Trial, name: str) -> Found | None:
    """A module that the program uses and knows under another name, or not as a whole."""
    used = next(
        (each for each in trial.each(ast.Attribute) if ast.unparse(each.value) == name), None
    )
    if used is None:
        return None
    modules = [each for whole in trial.each(ast.Import) for each in whole.names]
    for each in modules:
        if each.name == name and each.asname:
            return "imported_as", trial.line, {"name": name, "other": each.asname}
    for alias, module in trial.imports.items():
        if alias == used.attr and module.partition(".")[0] == name and alias in trial.bound:
            return "name_alone", trial.line, {"name": alias, "other": name}
    if name == "datetime" and not hasattr(datetime, used.attr):
        # The class of the same name.
        said = "from datetime import datetime"
        return "import_missing", trial.line, {"name": name, "other": said}
    if name in (each.partition(".")[0] for each in trial.imports.values()):
        return "import_missing", trial.line, {"name": name, "other": f"import {name}"}
    return None


def _caught(trial: Trial, name: str) -> Found | None:
    """A caught exception, where the ``except`` has no ``as``."""
    for handler in trial.each(ast.ExceptHandler) if name in CAUGHT else ():
        inside = handler.lineno < trial.line <= (handler.end_lineno or 0)
        if inside and handler.name is None:
            return "as_missing", trial.line, {"name": name, "other": str(handler.lineno)}
    return None


def _deleted(trial: Trial, name: str) -> Found | None:
    """A name after ``as`` that is used outside its ``except``, whose end deletes it."""
    places = trial.bound.get(name, [])
    if places and all(isinstance(each, ast.ExceptHandler) for each in places):
        return "after_except", trial.line, {"name": name, "other": _first_line(places)}
    used = [each for each in trial.each(ast.Name) if (each.id, each.lineno) == (name, trial.line)]
    for handler in trial.each(ast.ExceptHandler):
        function = trial.function(handler)
        below = handler.name == name and (handler.end_lineno or 0) < trial.line
        if not below or any(trial.function(each) is not function for each in used):
            continue
        # Where a branch may have skipped all of it, something else may be missing.
        inside = [each for each in trial.above(trial.parents[handler]) if isinstance(each, HOLDERS)]
        if inside[:1] == ([function] if function else []):
            return "after_except", trial.line, {"name": name, "other": str(handler.lineno)}
    return None


def _local(trial: Trial) -> Found | None:
    found = re.match(r"UnboundLocalError: \D*'(\w+)'", trial.said)
    if not found:
        return None
    name, line = found[1], trial.line
    if (slip := compared(trial)) and slip[2]["name"] == name:
        return slip
    if deleted := _deleted(trial, name):
        return deleted
    inside = [trial.function(node) for node in trial.bound.get(name, ())]
    here = [
        trial.function(node)
        for node in trial.each(ast.Name)
        if (node.id, node.lineno) == (name, line)
    ]
    around = [above for each in here if each for above in trial.above(each)]
    if None in inside or any(each in around for each in inside):
        return "own_variable", line, {"name": name}
    return "no_value_yet", line, {"name": name}


def _first_line(places: list[ast.AST]) -> str:
    return str(min(getattr(node, "lineno", 0) for node in places))


def _elsewhere(trial: Trial, name: str, places: list[ast.AST]) -> Found | None:
    """A name that has its value only in a place which the line is not in."""
    scopes = [
        next((n for n in trial.above(each) if isinstance(n, SCOPES)), None) for each in places
    ]
    match scopes[0]:
        case ast.ClassDef(name=other) if all(each is scopes[0] for each in scopes):
            return "of_a_class", trial.line, {"name": name, "other": other}
    if all(isinstance(each, COMPREHENSIONS) for each in scopes):
        return "in_comprehension", trial.line, {"name": name, "other": _first_line(places)}
    return None


def _without_value(trial: Trial, name: str, places: list[ast.AST]) -> Found:
    if found := _elsewhere(trial, name, places):
        return found
    inside = [trial.function(node) for node in places]
    # Where there is one outside functions, a parameter of the same name is not what is missing.
    outside = [node for node in places if trial.function(node) is None]
    first = min(outside or places, key=lambda node: getattr(node, "lineno", 0))
    named = {"name": name, "other": str(getattr(first, "lineno", 0))}
    if all(inside) and inside[0] is not None and not isinstance(first, ast.FunctionDef):
        return "only_inside", trial.line, named | {"other": inside[0].name}
    if getattr(first, "lineno", 0) > trial.line:
        return "too_early", trial.line, named
    holder = next((each for each in trial.above(first) if isinstance(each, HOLDERS)), None)
    if holder is None:
        return "no_value_yet", trial.line, named
    code = "skipped_in_try" if _caught_above(trial, holder) else "skipped_value"
    return code, trial.line, named | {"where": str(getattr(holder, "lineno", 0))}


def _caught_above(trial: Trial, holder: ast.AST) -> bool:
    """Whether the line is below a ``try`` in its block: then an ``except`` has let it go on."""
    return isinstance(holder, ast.Try) and any(
        each.lineno <= trial.line <= (each.end_lineno or 0)
        for block in blocks(trial.parents[holder])
        for each in (block[block.index(holder) + 1 :] if holder in block else ())
    )


def _gave_nothing(trial: Trial) -> Found | None:
    """A function of the program that the line needs, and whose only ``return`` may be skipped."""
    # What is asked for an attribute was `None` only if that is the error.
    asked = trial.said.startswith("AttributeError")
    used = [
        node
        for node in trial.each(ast.expr)
        if node.lineno == trial.line and isinstance(trial.parents[node], ast.Attribute) == asked
    ]
    names = {node.id for node in used if isinstance(node, ast.Name)}
    used += [each.value for each in trial.each(ast.Assign) if targets(each) & names]
    called = {ast.unparse(node.func) for node in used if isinstance(node, ast.Call)}
    for function in trial.each(ast.FunctionDef):
        returns = [each for each in ast.walk(function) if isinstance(each, ast.Return)]
        if function.name not in called or len(returns) != 1 or returns[0].value is None:
            continue
        inside = next((each for each in trial.above(returns[0]) if isinstance(each, HOLDERS)), None)
        if inside is not None and inside is not function:
            named = {"name": function.name, "other": str(getattr(inside, "lineno", 0))}
            return "return_skipped", returns[0].lineno, named
    return None


def nothing_given(trial: Trial) -> Found | None:
    """What gave ``None`` where a value was needed."""
    return in_place(trial) or _gave_nothing(trial)
