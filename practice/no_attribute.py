"""A name behind a dot that isn't there: why, as far as the program shows it."""

from __future__ import annotations

import ast
import builtins
import re

from practice.conditions import parameters
from practice.no_value import nothing_given
from practice.sandbox.signatures import ELEMENTS
from practice.slips import Found
from practice.trial import Trial, similar, targets
from practice.what_is_seen import uncalled_function
from practice.without_effect import function_kept, not_called

# Python's and Streamlit's own guess. Nobody means a special method: ``__ne__`` for ``__name__``.
MEANT = r"Did you mean:? (?:'|st\.)(?!_)(\w+)"


def attribute(trial: Trial) -> Found | None:
    """A name behind a dot that there is not."""
    line = trial.line
    if found := re.match(r"AttributeError: module '([\w.]+)' has no attribute '(\w+)'", trial.said):
        return _not_in_module(trial, *found.groups())
    if found := re.match(
        r"AttributeError: type object '(\w+)' has no attribute '(\w+)'", trial.said
    ):
        return _of_caught(trial, *found.groups())
    found = re.match(r"AttributeError: '?(\w+)'? object has no attribute '?(\w+)'?", trial.said)
    if not found:
        return None
    owner, name = found.groups()
    named = {"name": name, "other": owner}
    if (owner, name) == ("str", "read") and "json.load" in trial.called:
        return "json_load", line, {}
    if misplaced := _uncalled(trial, owner, name) or _inside(trial, owner, name):
        return misplaced
    if owner == "NoneType":
        # Perhaps what would have given it a value.
        return uncalled_function(trial) or nothing_given(trial) or ("none_used", line, named)
    if given := _odd_argument(trial, owner, name) or _argument_set(trial, name):
        return given
    meant = re.search(MEANT, trial.said)
    kind = getattr(builtins, owner, None)
    known = [each for each in dir(kind) if not each.startswith("_")] if kind else []
    if other := meant[1] if meant else similar(name, known):
        return "misspelt_method", line, {"name": name, "where": owner, "other": other}
    if owner == "dict" and not hasattr(list, name) and not hasattr(str, name):
        return "dict_dot", line, named
    return "no_such_method", line, named


def _of_caught(trial: Trial, owner: str, name: str) -> Found | None:
    """What a caught exception has, taken from its class."""
    for handler in trial.each(ast.ExceptHandler):
        caught = re.findall(r"\w+", ast.unparse(handler.type)) if handler.type else []
        if owner in caught and not handler.name:
            return "class_asked", trial.line, {"name": name, "other": owner}
    return None


def _uncalled(trial: Trial, owner: str, name: str) -> Found | None:
    """A function that stands before a dot, where what it returns was meant."""
    if owner not in ("function", "method", "builtin_function_or_method"):
        return None
    if found := (owner == "function" and function_kept(trial)) or not_called(trial):
        return found
    for node in trial.each(ast.Attribute):
        if (node.attr, node.lineno) == (name, trial.line) and isinstance(node.value, ast.Attribute):
            return "not_called", trial.line, {"name": ast.unparse(node.value)[:60]}
    # A plain function may be meant: of `Complete.stream` only the name after the dot is wrong.
    return None if owner == "function" else ("brackets_before", trial.line, {})


def _inside(trial: Trial, owner: str, name: str) -> Found | None:
    """A ``collect`` of the SQL itself, inside the parentheses that prepare it."""
    for call in trial.each(ast.Call) if (owner, name) == ("str", "collect") else ():
        outer = trial.parents[call]
        function = ast.unparse(outer.func)[:60] if isinstance(outer, ast.Call) else ""
        collects = ast.unparse(call.func).endswith(".collect") and call.lineno == trial.line
        if collects and function.endswith(".sql"):
            named = {"name": function, "other": f"{function}(...).collect()"}
            return "collect_inside", trial.line, named
    return None


def _odd_argument(trial: Trial, owner: str, name: str) -> Found | None:
    """A value that a library can't use: it asks the value for a name that the program doesn't."""
    asked = name in {each.attr for each in trial.each(ast.Attribute)}
    # A value of another type may be the library's own.
    given_on = owner == "generator" or hasattr(builtins, owner)
    if asked or not given_on or trial.called & {"getattr", "json.load"}:
        return None
    given = [
        (ast.unparse(call.func), ast.unparse(value))
        for call in trial.each(ast.Call)
        for value in (*call.args, *(each.value for each in call.keywords))
        if call.lineno == trial.line and type(value).__name__.lower() == owner
    ]
    if len(given) == 1:
        function, value = given[0]
        named = {"name": function[:60], "where": value[:60], "other": owner}
        return "odd_argument_here", trial.line, named
    return "odd_argument", trial.line, {"other": owner}


def _argument_set(trial: Trial, name: str) -> Found | None:
    """An argument of a call that is set on what the call has returned."""
    for node in trial.each(ast.Attribute):
        if not isinstance(node.ctx, ast.Store) or node.attr != name or node.lineno != trial.line:
            continue
        for made in trial.each(ast.Assign):
            call = made.value
            if isinstance(call, ast.Call) and ast.unparse(node.value) in targets(made):
                function = ast.unparse(call.func)
                if name in parameters(function):
                    return "attribute_for_argument", node.lineno, {"name": name, "other": function}
    return None


def _not_in_module(trial: Trial, module: str, name: str) -> Found:
    streamlit = module == "streamlit"
    short = "st" if streamlit else module
    named = {"name": f"{short}.{name}", "where": "Streamlit" if streamlit else f"`{module}`"}
    meant = re.search(MEANT, trial.said)
    if other := meant[1] if meant else similar(name, ELEMENTS if streamlit else ()):
        return "misspelt_in_module", trial.line, named | {"other": f"{short}.{other}"}
    return "no_such_in_module", trial.line, named
