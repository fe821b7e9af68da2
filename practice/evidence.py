"""What a program did in one scene, from its events, and whether a condition holds of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from practice.conditions import Condition, Text
from practice.events import (
    Asked,
    Delta,
    Draw,
    Ended,
    Event,
    Failed,
    Piece,
    Queried,
    Reason,
    Shown,
)
from practice.patterns import find

__all__ = ["Call", "Evidence", "Stream", "holds", "is_about_code", "scenes_of"]


@dataclass(frozen=True)
class Call:
    """A call of something: its name, its arguments, its line."""

    name: str
    arguments: dict[str, Any]
    line: int


@dataclass
class Stream:
    """A use of ``st.write_stream``: where its text came from, and when; ``None`` is no text."""

    source: dict[str, Any]
    line: int
    pieces: list[tuple[float, str | None]] = field(default_factory=list)
    ended: bool = False

    @property
    def text(self) -> str:
        """All text that it was given."""
        return "".join(text for _, text in self.pieces if text)

    @property
    def spread(self) -> float:
        """Seconds from the first piece to the last."""
        return self.pieces[-1][0] - self.pieces[0][0] if self.pieces else 0.0


@dataclass
class Evidence:
    """What is known of one run.

    Attributes:
        calls: all calls, in order.
        streams: the uses of ``st.write_stream``, by the number of their place.
        answers: what the model sent, by the number of the call.
        value: the first value of the first row that the last statement gave, as a text.
        error: what ended the program, if it was an error of its own.
        ended: how the run ended; ``None`` if its events are not complete.
    """

    calls: list[Call] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    value: str = ""
    error: Failed | None = None
    ended: Reason | None = None

    @property
    def answer(self) -> str:
        """What the model sent last."""
        return self.answers[max(self.answers)] if self.answers else ""

    def take(self, event: Event) -> None:
        """Take an event in."""
        match event:
            case Draw():
                self._take_draw(event)
            case Piece() if event.id in self.streams:
                self.streams[event.id].pieces.append((event.at, event.text))
            case Shown() if event.id in self.streams:
                self.streams[event.id].ended = True
            case Asked():
                asked = event.model_dump(include={"model", "prompt", "options", "stream"})
                self.calls.append(Call("Complete", asked, event.line))
                self.answers[event.call] = ""
            case Delta() if event.call in self.answers:
                self.answers[event.call] += event.text or ""
            case Queried():
                queried = {"query": event.query, "params": event.params}
                self.calls.append(Call("session.sql", queried, event.line))
                self.value = event.value
            case Failed():
                self.error = event
            case Ended():
                self.ended = event.reason

    def _take_draw(self, event: Draw) -> None:
        name = "write_stream" if event.name == "stream" else event.name
        self.calls.append(Call(f"st.{name}", dict(event.args), event.line))
        if event.name == "stream":
            source = event.args.get("source")
            known = source if isinstance(source, dict) else {}
            self.streams[event.id] = Stream(known, event.line)


def scenes_of(events: Iterable[Event]) -> Iterator[Evidence]:
    """Yield what is known of each scene: its events end with an ``Ended``."""
    evidence = Evidence()
    for event in events:
        evidence.take(event)
        if isinstance(event, Ended):
            yield evidence
            evidence = Evidence()


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
