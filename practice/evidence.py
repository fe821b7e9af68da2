"""What a program did in one scene, from its events, and whether a condition holds of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import JsonValue

from practice.conditions import Chat, Condition, Messages, Text
from practice.events import (
    Again,
    Asked,
    Closed,
    Decided,
    Decision,
    Delta,
    Draw,
    Ended,
    Event,
    Failed,
    Kept,
    Piece,
    Printed,
    Queried,
    Reason,
    Slept,
)
from practice.patterns import caught, find, lines_inside, missed, uses_all

# Other names for the two sides of a chat.
SIDES = {"human": "user", "ai": "assistant"}
# Seconds.
SAME_PAUSE = 0.005


@dataclass(frozen=True)
class Call:
    """A call of something: its name, its arguments, its line."""

    name: str
    arguments: dict[str, Any]
    line: int

    @property
    def texts(self) -> list[str]:
        return [str(value) for value in self.arguments.values()]


@dataclass
class Bubble:
    """A ``st.chat_message``: whose it is, and the texts in it."""

    role: str
    line: int
    texts: list[str | Stream] = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = (each if isinstance(each, str) else "".join(each.texts) for each in self.texts)
        return "\n".join(parts)


@dataclass
class Stream:
    """A use of ``st.write_stream``: where its texts came from, and how.

    ``pauses`` are the seconds that were slept between two texts; ``live`` is whether the model
    went on after the first one.
    """

    kind: object
    line: int
    texts: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    live: bool = False
    slept: float = 0.0
    other: bool = False

    def take(self, text: str | None) -> None:
        self.other = self.other or text is None
        if text:
            self.pauses += [self.slept] if self.texts else []
            self.texts.append(text)
            self.slept = 0.0


@dataclass
class Evidence:
    """What is known of a scene, or of one run of it.

    Attributes:
        runs: a scene's runs, in order, if there are several.
        number: how many messages have been said by now, and ``said``, the last of them.
        before: what the model had sent last before that message.
        answered: what it sent for that message in a run that ``st.rerun()`` has ended.
        calls: all calls, in order.
        streams: the uses of ``st.write_stream``, by the number of their place.
        answers: what the model sent, by the number of the call.
        bubbles: the messages of the chat, from top to bottom.
        open: streamed answers that were neither read to their end nor closed, by number -> line.
        kept: the texts that `st.session_state` holds at the end, put together for each name.
        lost: what it holds that the next run doesn't get -> the type that it can't have.
        tokens: how many tokens the last answer had, where the service told it.
        value: the first value of the first row that the last statement gave, as a text.
        printed: what was printed, and in which lines.
        sleeps: the seconds of each pause, and its line.
        decided: how the condition in each line was decided last.
        error: what ended the program, if it was an error of its own.
        ended: how the run ended; ``None`` if its events are not complete.
    """

    runs: list[Evidence] = field(default_factory=list)
    number: int = 0
    said: str = ""
    before: str = ""
    answered: str = ""
    calls: list[Call] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    bubbles: list[Bubble] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    tokens: str = ""
    value: str = ""
    printed: list[tuple[str, int]] = field(default_factory=list)
    sleeps: list[tuple[float, int]] = field(default_factory=list)
    decided: dict[int, Decision] = field(default_factory=dict)
    error: Failed | None = None
    ended: Reason | None = None
    # In which bubble each place of the page is.
    _within: dict[int, Bubble] = field(default_factory=dict)

    @property
    def answer(self) -> str:
        """What the model sent last."""
        return self.answers[max(self.answers)] if self.answers else self.answered

    @property
    def drawn(self) -> list[str]:
        """The texts that the page shows."""
        drawn = [each for each in self.calls if each.name.startswith("st.")]
        texts = [text for call in drawn for text in call.texts]
        return texts + ["".join(stream.texts) for stream in self.streams.values()]

    @property
    def texts(self) -> list[str]:
        queries = [str(each.arguments.get("query", "")) for each in self.calls]
        return self.drawn + queries + [text for text, _ in self.printed]

    def take(self, event: Event) -> None:
        match event:
            case Draw():
                self._take_drawn(event)
            case Piece() | Printed() | Slept():
                self._take_small(event)
            case Asked() | Delta() | Closed():
                self._take_answer(event)
            case Queried():
                queried = {"query": event.query, "params": event.params}
                self.calls.append(Call("session.sql", queried, event.line))
                self.value = event.value
            case Kept():
                self.kept = {name: _texts_in(each) for name, each in event.state.values.items()}
                self.lost = event.lost
            case Decided():
                self.decided = {each.line: each for each in event.conditions}
            case Failed():
                self.error = event
            case Ended():
                self.ended = event.reason

    def _take_drawn(self, event: Draw) -> None:
        name = "write_stream" if event.name == "stream" else event.name
        self.calls.append(Call(f"st.{name}", dict(event.args), event.line))
        bubble = self._within.get(event.into)
        if event.name == "chat_message":
            role = str(event.args.get("name", "")).lower()
            bubble = Bubble(SIDES.get(role, role), event.line)
            self.bubbles.append(bubble)
        if bubble is not None:
            made = range(event.id, event.id + event.count)
            self._within.update(dict.fromkeys(made, bubble))
            bubble.texts += [str(event.args["body"])] if "body" in event.args else []
        if event.name == "stream":
            source = event.args.get("source")
            kind = source.get("kind") if isinstance(source, dict) else None
            stream = self.streams[event.id] = Stream(kind, event.line)
            if bubble is not None:
                bubble.texts.append(stream)

    def _take_answer(self, event: Asked | Delta | Closed) -> None:
        if isinstance(event, Asked):
            asked = event.model_dump(include={"model", "prompt", "options", "stream"})
            self.calls.append(Call("Complete", asked, event.line))
            self.answers[event.call] = ""
            if event.stream:
                self.open[event.call] = event.line
        elif isinstance(event, Closed):
            self.open.pop(event.call, None)
        elif event.text is None:
            self.open.pop(event.call, None)
            self.tokens = str(event.tokens) if event.tokens is not None else self.tokens
        elif event.call in self.answers:
            self.answers[event.call] += event.text
            for stream in self.streams.values():
                stream.live = stream.live or bool(stream.texts and event.text)

    def _take_small(self, event: Piece | Printed | Slept) -> None:
        if isinstance(event, Printed):
            self.printed.append((event.text, event.line))
        elif isinstance(event, Slept):
            self.sleeps.append((event.seconds, event.line))
            for stream in self.streams.values():
                stream.slept += event.seconds
        elif event.id in self.streams:
            self.streams[event.id].take(event.text)


def _texts_in(value: JsonValue) -> str:
    """Return the texts in a value, put together: a list of pieces is the text that they make."""
    if isinstance(value, dict | list):
        return "".join(map(_texts_in, value.values() if isinstance(value, dict) else value))
    return value if isinstance(value, str) else ""


def scenes_of(events: Iterable[Event]) -> Iterator[Evidence]:
    """Yield what is known of each scene: its events end with an ``Ended``."""
    runs = [Evidence()]
    for event in events:
        runs[-1].take(event)
        if isinstance(event, Again):
            runs.append(_next(runs, event))
        if isinstance(event, Ended):
            yield _joined(runs)
            runs = [Evidence()]


def _next(runs: list[Evidence], event: Again) -> Evidence:
    """Return what is known of a run that only begins."""
    last = runs[-1]
    if event.said is None:
        return Evidence(
            number=last.number, said=last.said, before=last.before, answered=last.answer
        )
    before = next((each.answer for each in reversed(runs) if each.answer), "")
    return Evidence(number=last.number + 1, said=event.said, before=before)


def _joined(runs: list[Evidence]) -> Evidence:
    """Return what is known of a scene with these runs."""
    if len(runs) == 1:
        return runs[0]
    return replace(
        runs[-1],
        runs=runs,
        calls=[call for run in runs for call in run.calls],
        streams=dict(enumerate(each for run in runs for each in run.streams.values())),
        answers=dict(enumerate(each for run in runs for each in run.answers.values())),
        open=dict(enumerate(each for run in runs for each in run.open.values())),
        value=next((run.value for run in reversed(runs) if run.value), ""),
        printed=[each for run in runs for each in run.printed],
        sleeps=[each for run in runs for each in run.sleeps],
        decided={line: each for run in runs for line, each in run.decided.items()},
    )


def is_about_code(condition: Condition) -> bool:
    """Tell whether a condition can be judged without running the program."""
    parts = [*(condition.all or ()), *(condition.any or ())]
    parts += [condition.no] if condition.no else []
    given = condition.model_fields_set - {"all", "any", "no"}
    return given <= {"code", "catches", "uses"} and all(map(is_about_code, parts))


def holds(
    condition: Condition,
    program: ast.Module,
    evidence: Evidence,
    lines: list[int] | None = None,
) -> bool:
    """Tell whether a condition holds; ``lines`` is given the lines that make it so."""
    lines = [] if lines is None else lines
    if condition.run is not None:
        runs = [each for each in evidence.runs or [evidence] if each.number == condition.run]
        inner = condition.model_copy(update={"run": None})
        return any(holds(inner, program, run, lines) for run in runs)
    # All are tested, for their lines.
    return all([*_tests(condition, program, evidence, lines)])


def _tests(
    condition: Condition, program: ast.Module, evidence: Evidence, lines: list[int]
) -> Iterator[bool]:
    if condition.all is not None:
        yield all(holds(each, program, evidence, lines) for each in condition.all)
    if condition.any is not None:
        yield any(holds(each, program, evidence, lines) for each in condition.any)
    if condition.no is not None:
        yield not holds(condition.no, program, evidence)
    if condition.code is not None:
        found = find(condition.code, program)
        lines += found
        yield bool(found)
    if condition.catches is not None:
        found = caught(condition.catches, program)
        lines += found
        yield bool(found)
    if condition.called is not None:
        calls = [call for call in evidence.calls if _fits(call, condition, evidence)]
        if condition.inside is not None:
            within = lines_inside(condition.inside, program)
            calls = [call for call in calls if call.line in within]
        lines += [call.line for call in calls if call.line]
        times = condition.times
        yield bool(calls) if times is None else len(calls) == times
    if condition.chat is not None:
        chat = condition.chat
        yield any(_shows(chat, run, lines) for run in evidence.runs or [evidence])
    if {"shown", "pieces", "whole", "part"} & condition.model_fields_set:
        streams = [one for one in evidence.streams.values() if _gave(one, condition, evidence)]
        lines += [one.line for one in streams if one.line]
        yield bool(streams)
    yield from _end_tests(condition, program, evidence, lines)


def _end_tests(
    condition: Condition, program: ast.Module, evidence: Evidence, lines: list[int]
) -> Iterator[bool]:
    if condition.uses is not None:
        yield uses_all(condition.uses, program)
    if condition.read is not None:
        yield any(evidence.answers.values()) == condition.read
    if condition.closed is not None:
        yield bool(evidence.answers) and bool(evidence.open) != condition.closed
        lines += [line for line in evidence.open.values() if line]
    if condition.kept is not None:
        under = condition.under
        texts = evidence.kept.values() if under is None else [evidence.kept.get(under, "")]
        yield _matches("\n".join(texts), condition.kept, evidence)
    if condition.missed is not None:
        found = missed(evidence.error.lines if evidence.error else [], program)
        lines += found
        yield bool(found) == condition.missed
    if condition.error is not None:
        kind = evidence.error.type if evidence.error else ""
        yield bool(kind) if condition.error == "*" else kind == condition.error
        if evidence.error and evidence.error.lines:
            lines.append(evidence.error.lines[-1])
    if condition.message is not None:
        yield _matches(
            evidence.error.message if evidence.error else "", condition.message, evidence
        )
    if condition.ended is not None:
        yield evidence.ended == condition.ended


def _fits(call: Call, condition: Condition, evidence: Evidence) -> bool:
    named = condition.called in (call.name, "st.*" if call.name.startswith("st.") else None)
    sent = condition.messages
    if named and sent is not None and not _were_sent(call.arguments["prompt"], sent, evidence):
        return False
    return named and all(
        name in call.arguments and _matches(call.arguments[name], wanted, evidence)
        for name, wanted in condition.with_.items()
    )


def _were_sent(prompt: object, wanted: Messages, evidence: Evidence) -> bool:
    """Tell whether these are the messages that a model was sent."""
    found = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    sent = [each if isinstance(each, dict) else {} for each in found]
    texts = [str(each.get("content", "")) for each in sent]
    return (
        wanted.roles in (None, [each.get("role") for each in sent])
        and wanted.count in (None, len(sent))
        and _matches("\n".join(texts), wanted, evidence)
        and (wanted.first is None or _matches("".join(texts[:1]), wanted.first, evidence))
        and (wanted.last is None or _matches("".join(texts[-1:]), wanted.last, evidence))
    )


def _shows(chat: Chat, run: Evidence, lines: list[int]) -> bool:
    """Tell whether the page of one run shows this chat."""
    if chat.roles is not None and chat.roles != [each.role for each in run.bubbles]:
        return False
    first = "".join(each.text for each in run.bubbles[:1])
    if chat.first is not None and not _matches(first, chat.first, run):
        return False
    found = [
        each
        for each in run.bubbles
        if chat.role in (None, each.role) and _matches(each.text, chat, run)
    ]
    fits = bool(found) if chat.times is None else len(found) == chat.times
    lines += [each.line for each in found if fits and each.line]
    return fits or chat.model_fields_set <= {"roles", "first"}


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
    shown = [*evidence.streams.values()][-1].texts if evidence.streams else []
    known = {
        "{answer_length}": str(len(evidence.answer)),
        "{answer}": evidence.answer,
        "{answer_before}": evidence.before,
        "{message}": evidence.said,
        "{value}": evidence.value,
        "{tokens}": evidence.tokens,
        "{pieces}": str(len(shown)) if evidence.streams else "",
        "{shown}": "".join(shown),
    }
    for name, text in known.items():
        wanted = wanted.replace(name, text)
    return wanted


def _gave(stream: Stream, condition: Condition, evidence: Evidence) -> bool:
    if condition.shown is not None and stream.kind != condition.shown:
        return False
    texts, answer = stream.texts, evidence.answer
    shown = "".join(texts)
    if condition.whole is not None and condition.whole != (answer == shown != ""):
        return False
    if condition.part is not None:
        begins, ends = answer.startswith(shown), answer.endswith(shown)
        if shown in ("", answer) or not (begins if condition.part == "start" else ends):
            return False
    wanted = condition.pieces
    return wanted is None or (
        len(texts) >= wanted.at_least
        and (wanted.longest is None or all(len(text) <= wanted.longest for text in texts))
        and (wanted.shortest is None or all(len(text) >= wanted.shortest for text in texts[:-1]))
        and wanted.live in (None, stream.live)
        and wanted.other in (None, stream.other)
        and _matches(shown, wanted, evidence)
        and (wanted.pause is None or _is_even(stream.pauses, wanted.pause))
    )


def _is_even(pauses: list[float], seconds: float) -> bool:
    return bool(pauses) and all(abs(pause - seconds) < SAME_PAUSE for pause in pauses)
