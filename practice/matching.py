"""Whether a condition holds of a program and of what it did."""

from __future__ import annotations

import ast
from typing import Any

from practice.conditions import Condition, Text
from practice.evidence import Call, Evidence, Stream
from practice.patterns import find

__all__ = ["holds", "is_about_code"]


def is_about_code(condition: Condition) -> bool:
    """Tell whether a condition can be judged without running the program."""
    parts = [*(condition.all or ()), *(condition.any or ())]
    parts += [condition.no] if condition.no else []
    given = condition.model_fields_set - {"all", "any", "no"}
    return given <= {"code"} and all(map(is_about_code, parts))


def holds(
    condition: Condition,
    program: ast.Module,
    evidence: Evidence,
    lines: list[int] | None = None,
) -> bool:
    """Tell whether a condition holds; ``lines`` is given the lines that make it so."""
    lines = [] if lines is None else lines
    return all(
        _combined(condition, program, evidence, lines)
        + _written(condition, program, lines)
        + _done(condition, evidence, lines)
        + _ended(condition, evidence, lines)
    )


def _combined(
    condition: Condition, program: ast.Module, evidence: Evidence, lines: list[int]
) -> list[bool]:
    tests = []
    if condition.all is not None:
        tests.append(all(holds(each, program, evidence, lines) for each in condition.all))
    if condition.any is not None:
        tests.append(any(holds(each, program, evidence, lines) for each in condition.any))
    if condition.no is not None:
        tests.append(not holds(condition.no, program, evidence))
    return tests


def _written(condition: Condition, program: ast.Module, lines: list[int]) -> list[bool]:
    if condition.code is None:
        return []
    found = find(condition.code, program)
    lines += found
    return [bool(found)]


def _done(condition: Condition, evidence: Evidence, lines: list[int]) -> list[bool]:
    tests = []
    if condition.called is not None:
        calls = [call for call in evidence.calls if _fits(call, condition, evidence)]
        lines += [call.line for call in calls if call.line]
        times = condition.times
        tests.append(bool(calls) if times is None else len(calls) == times)
    if {"shown", "pieces", "whole"} & condition.model_fields_set:
        streams = [one for one in evidence.streams.values() if _gave(one, condition, evidence)]
        lines += [one.line for one in streams if one.line]
        tests.append(bool(streams))
    if condition.read is not None:
        tests.append(any(evidence.answers.values()) == condition.read)
    return tests


def _ended(condition: Condition, evidence: Evidence, lines: list[int]) -> list[bool]:
    tests = []
    if condition.error is not None:
        kind = evidence.error.type if evidence.error else ""
        tests.append(bool(kind) if condition.error == "*" else kind == condition.error)
        if evidence.error and evidence.error.lines:
            lines.append(evidence.error.lines[-1])
    if condition.message is not None:
        said = evidence.error.message if evidence.error else ""
        tests.append(_matches(said, condition.message, evidence))
    if condition.ended is not None:
        tests.append(evidence.ended == condition.ended)
    return tests


def _fits(call: Call, condition: Condition, evidence: Evidence) -> bool:
    named = condition.called in (call.name, "st.*" if call.name.startswith("st.") else None)
    return named and all(
        name in call.arguments and _matches(call.arguments[name], wanted, evidence)
        for name, wanted in condition.with_.items()
    )


def _matches(value: Any, wanted: Any, evidence: Evidence) -> bool:
    if isinstance(wanted, Text):
        text = str(value).lower()
        contained, lacking = _filled(wanted.contains, evidence), _filled(wanted.lacks, evidence)
        # Nothing is contained in everything: what has not come cannot be shown.
        return (contained is None or (contained != "" and contained.lower() in text)) and (
            lacking is None or lacking.lower() not in text
        )
    wanted = _filled(wanted, evidence)
    return type(value) is type(wanted) and bool(value == wanted)


def _filled(wanted: Any, evidence: Evidence) -> Any:
    if not isinstance(wanted, str):
        return wanted
    known = {
        "{answer_length}": str(len(evidence.answer)),
        "{answer}": evidence.answer,
        "{value}": evidence.value,
    }
    for name, text in known.items():
        wanted = wanted.replace(name, text)
    return wanted


def _gave(stream: Stream, condition: Condition, evidence: Evidence) -> bool:
    kind = stream.source.get("kind")
    if condition.shown is not None and kind != condition.shown:
        return False
    if condition.whole is not None:
        answer = evidence.answer
        if (bool(answer) and stream.text == answer) != condition.whole:
            return False
    wanted = condition.pieces
    if wanted is None:
        return True
    texts = [text for _, text in stream.pieces if text]
    return (
        len(texts) >= wanted.at_least
        and (wanted.longest is None or all(len(text) <= wanted.longest for text in texts))
        and (wanted.shortest is None or all(len(text) >= wanted.shortest for text in texts[:-1]))
        and stream.spread >= wanted.spread
    )
