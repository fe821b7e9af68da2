"""Comparisons that don't tell what they are to tell."""

from __future__ import annotations

import ast

from practice.slips import Found
from practice.trial import Trial, targets, text_of

# What compares objects, and the signs that compare values.
SIGNS: dict[type[ast.cmpop], dict[str, str]] = {
    ast.Is: {"name": "is", "other": "=="},
    ast.IsNot: {"name": "is not", "other": "!="},
}


def always_true(trial: Trial) -> Found | None:
    """A condition with a bare value after ``or``: a comparison does not go on behind it."""
    for node in trial.each(ast.BoolOp):
        holder = trial.parents[node]
        if isinstance(holder, ast.Assign):
            tests = [
                each for each in trial.each(ast.If) if ast.unparse(each.test) in targets(holder)
            ]
            holder = tests[0] if tests else holder
        if not isinstance(holder, ast.If | ast.While) or not isinstance(node.op, ast.Or):
            continue
        first, *others = node.values
        bare = next((each for each in others if isinstance(each, ast.Constant)), None)
        if isinstance(first, ast.Compare) and bare is not None and bare.value:
            return "always_true", node.lineno, {"name": ast.unparse(bare)}
    return None


def never_equal(trial: Trial) -> Found | None:
    """A string that is compared with a number."""
    for node in trial.each(ast.Compare):
        for text, number in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
            value = number.value if isinstance(number, ast.Constant) else None
            equal = isinstance(node.ops[0], ast.Eq | ast.NotEq)
            if equal and type(value) in (int, float) and _is_text(trial, text):
                named = {"name": ast.unparse(text), "other": str(value)}
                return "never_equal", node.lineno, named
    return None


def compared_by_is(trial: Trial) -> Found | None:
    """A string or a number of the program's own that is compared by ``is``."""
    for node in trial.each(ast.Compare):
        sides = (node.left, node.comparators[0])
        values = [each.value for each in sides if isinstance(each, ast.Constant)]
        meant = SIGNS.get(type(node.ops[0]))
        if meant and any(type(value) in (str, int, float) for value in values):
            return "compared_by_is", node.lineno, meant
    return None


def _is_text(trial: Trial, value: ast.expr) -> bool:
    value = _assigned(trial, value)
    made = isinstance(value, ast.Call) and ast.unparse(value.func) == "str"
    return made or isinstance(value, ast.JoinedStr) or bool(text_of(value))


def _assigned(trial: Trial, value: ast.expr) -> ast.expr:
    """Return the only value that a variable is ever given; anything else is its own value."""
    if isinstance(value, ast.Name):
        places = [each for each in trial.bound.get(value.id, ()) if not trial.function(each)]
        for made in trial.each(ast.Assign) if len(places) == 1 else ():
            if places[0] in made.targets:
                return made.value
    return value
