"""What ran and what didn't, by the conditions around it.

The sandbox tells how each ``if`` was decided last, and by which values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from practice.conditions import Condition
from practice.evidence import holds
from practice.patterns import caught_by, parse_program
from practice.slips import Found
from practice.trial import HOLDERS, TELLING, Trial, similar, text_of


def skipped(trial: Trial) -> Found | None:
    """The call that the check wants is there, and was not reached."""
    names = dict.fromkeys(_wanted(trial.wanted) if trial.wanted else ())
    made = {call.name for call in trial.evidence.calls}
    for name in names:
        calls = [c for c in trial.each(ast.Call) if ast.unparse(c.func) == name]
        if name in made or not calls:
            continue
        if name == "session.sql":
            # What is counted is the statement that ran, which `collect` does.
            runs = [c for c in trial.each(ast.Call) if ast.unparse(c.func).endswith(".collect")]
            if not runs:
                return "not_collected", calls[0].lineno, {}
            calls = runs
        return _skipped(trial, calls[0], name)
    return None


def _skipped(trial: Trial, call: ast.Call, name: str) -> Found | None:
    if (around := _decided_around(trial, call, False)) is not None:
        decider, values = around
        return _misspelt(trial, decider) or _told(
            "skipped_if_by", call, name, decider, values=values
        )
    holder = next((n for n in trial.above(call) if isinstance(n, HOLDERS)), None)
    if isinstance(holder, ast.If) and not _needs_no_telling(holder.test, call):
        return _misspelt(trial, holder) or _told("skipped_if", call, name, holder)
    if holder is None:
        return None
    where = {"name": name, "other": str(getattr(holder, "lineno", 0))}
    if isinstance(holder, ast.ExceptHandler) and (first := _caught_first(trial, holder)):
        where |= {"other": str(first.lineno), "where": str(holder.lineno)}
        return "caught_first", call.lineno, where
    return "skipped", call.lineno, where


def unwanted(trial: Trial) -> Found | None:
    """A call that the check forbids, and the condition that let it run."""
    for forbidden in _forbidden(trial.wanted) if trial.wanted else ():
        lines: list[int] = []
        if not forbidden.called or not holds(forbidden, trial.program, trial.evidence, lines):
            continue
        for call in trial.each(ast.Call):
            around = _decided_around(trial, call, True) if call.lineno in lines else None
            if around is not None:
                decider, values = around
                return _told("ran_if", call, ast.unparse(call.func), decider, values=values)
    return None


def _decided_around(trial: Trial, call: ast.Call, as_needed: bool) -> tuple[ast.If, str] | None:
    """Return what around a call was decided as the call needs, or otherwise, by which values.

    The nearest that lets it run; the outermost that keeps it from running.
    """
    found: tuple[ast.If, str] | None = None
    for holder in trial.above(call):
        if isinstance(holder, ast.FunctionDef):
            break
        decision = trial.evidence.decided.get(getattr(holder, "lineno", 0))
        if not isinstance(holder, ast.If) or decision is None or not decision.values:
            continue
        agrees = decision.held == _in_body(holder, call)
        if agrees is as_needed and not _needs_no_telling(holder.test, call):
            found = holder, written(decision.values)
            if as_needed:
                break
    return found


def _in_body(holder: ast.If, call: ast.Call) -> bool:
    return any(call in ast.walk(each) for each in holder.body)


def _told(mistake: str, call: ast.Call, name: str, holder: ast.If, **more: str) -> Found:
    named = {
        "name": name,
        "other": str(holder.lineno),
        "where": ast.unparse(holder.test)[:100],
        "truth": str(_in_body(holder, call)),
    }
    return mistake, call.lineno, named | more


def written(values: Mapping[str, str]) -> str:
    """Return values by their names, as a program would assign them."""
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _misspelt(trial: Trial, holder: ast.If) -> Found | None:
    """Find a text in a condition that is nearly one that the exercise knows."""
    known = {text_of(node) for node in ast.walk(parse_program(trial.exercise.solution))}
    for text in map(text_of, ast.walk(holder.test)):
        if len(text) >= TELLING and text not in known and (meant := similar(text, known)):
            return "misspelt_value", holder.lineno, {"name": text[:60], "other": meant[:60]}
    return None


def _caught_first(trial: Trial, outer: ast.ExceptHandler) -> ast.ExceptHandler | None:
    """Return what catches the same exception inside a function that the ``try`` calls."""
    around = trial.parents[outer]
    body = around.body if isinstance(around, ast.Try) else []
    inside = [node for line in body for node in ast.walk(line) if isinstance(node, ast.Call)]
    called = {ast.unparse(call.func) for call in inside}
    for inner in trial.each(ast.ExceptHandler):
        function = trial.function(inner)
        again = any(isinstance(node, ast.Raise) for node in ast.walk(inner))
        same = {*caught_by(inner, trial.program)} & {*caught_by(outer, trial.program)}
        if function is not None and function.name in called and same and not again:
            return inner
    return None


def _needs_no_telling(test: ast.expr, call: ast.Call) -> bool:
    """Whether a condition looks at a widget, or has the call in it."""
    inside = [*ast.walk(test)]
    return call in inside or any(
        isinstance(each, ast.Attribute) and ast.unparse(each).startswith("st.") for each in inside
    )


def _wanted(condition: Condition) -> Iterator[str]:
    """Yield what a condition wants to be called."""
    if condition.called not in (None, "st.*"):
        yield str(condition.called)
    for each in (*(condition.all or ()), *(condition.any or ())):
        yield from _wanted(each)


def _forbidden(condition: Condition) -> Iterator[Condition]:
    """Yield what a condition wants not to have happened."""
    if condition.no is not None:
        yield condition.no
        yield from condition.no.any or ()
    if condition.times == 0:
        yield condition.model_copy(update={"times": None})
    for each in condition.all or ():
        yield from _forbidden(each)
