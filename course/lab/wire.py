"""The lab's wire view: what a stream is made of, from the socket to the page, event by event."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import streamlit as st

from connection import Connection
from course.lab import calls, streams, views
from course.lab.streams import Readings
from course.lab.views import Redraw, Spot
from course.language import text
from local_cortex import speed
from streaming import CompletionRequest, DirectStrategy, Pace, Strategy
from streaming.clusters import Clusters
from streaming.deltas import Delta
from streaming.strategies.protocol import Wrapped

# The wire is looked at for its first events only, slowly enough for the eye.
WATCHED_TOKENS = 60
WATCHED_SPEED = 8.0
SPLIT_EMOJI = "fault-split-emoji"
#: As many as a reader goes through.
MOST_EVENTS = 40
END_OF_EVENT = b"\n\n"
SYMBOLS = {"\n": "⏎", " ": "␣", "\t": "⇥", "\u200d": "(ZWJ)", "\ufe0f": "(VS16)"}

STEP_KEY = "lab-step"
TEXT_FIELD = re.compile(r'"content":\s*"(?:[^"\\]|\\.)*"')
EXCERPT = 40


@dataclass(frozen=True, slots=True)
class Step:
    """One server-sent event and what became of it; times are seconds since the request.

    ``at`` is when its last byte had been read; ``delta`` what the client took from it, if it has a
    text; ``held`` what could not leave yet, because it may not be whole; ``pieces`` are (when,
    text) of what left before the next event.
    """

    at: float
    event: str
    delta: str | None
    held: str
    pieces: tuple[tuple[float, str], ...]


class WireRecord:
    """Notes an answer's events and deltas in the thread that reads; no more than ``most``."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, most: int = MOST_EVENTS
    ) -> None:
        self._clock, self._most = clock, most
        self.begin()

    @property
    def events(self) -> list[tuple[float, str]]:
        return self._events[:]

    @property
    def full(self) -> bool:
        return len(self._events) >= self._most

    def begin(self) -> None:
        """Count time from now on, and forget what came before a retry."""
        self._began, self._seen, self._unfinished = self._clock(), 0, b""
        self._events: list[tuple[float, str]] = []
        # Number of its event -> delta.
        self._deltas: dict[int, str] = {}

    def tap(self, chunk: bytes) -> None:
        """Take in bytes from the socket."""
        *whole, self._unfinished = (self._unfinished + chunk).split(END_OF_EVENT)
        at = self._clock() - self._began
        self._seen += len(whole)
        for event in whole[: self._most - len(self._events)]:
            # A fault of Local Cortex sends bytes that are no text.
            self._events.append((at, event.decode("utf-8", "backslashreplace")))

    def delta(self, text: str) -> None:
        """Take in what the client has made of the event it read last."""
        number = self._seen - 1
        if 0 <= number < self._most:
            self._deltas[number] = self._deltas.get(number, "") + text

    def steps(self, marks: Sequence[tuple[float, int]], text: str) -> list[Step]:
        """Return all events with what became of them.

        ``marks`` are (seconds, characters of ``text`` so far) of the pieces that have left.
        """
        events, deltas, clusters = self._events[:], dict(self._deltas), Clusters()
        begins = [0, *(characters for _, characters in marks)]
        left = [(at, text[begin:end]) for begin, (at, end) in zip(begins, marks, strict=False)]
        steps = []
        for number, (at, event) in enumerate(events):
            delta = deltas.get(number)
            if delta:
                clusters.feed(delta)
            following = events[number + 1][0] if number + 1 < len(events) else float("inf")
            pieces = tuple(piece for piece in left if at <= piece[0] < following)
            steps.append(Step(at, event, delta, clusters.held, pieces))
        return steps


class Watched:
    """A strategy whose bytes and deltas are noted as they pass."""

    def __init__(self, strategy: Strategy, record: WireRecord) -> None:
        self._strategy, self._record = strategy, record
        self.name, self.live = strategy.name, strategy.live

    def open(self, request: CompletionRequest) -> Iterator[Delta]:
        self._record.begin()
        answer = self._strategy.open(request)
        return Wrapped(answer, self._noted(answer))

    def _noted(self, answer: Iterator[Delta]) -> Iterator[Delta]:
        # The client's own generator, and the request has been sent.
        deltas = iter(answer)
        calls.tap(deltas, self._record.tap)
        for delta in deltas:
            if delta and isinstance(delta, str):
                self._record.delta(delta)
            yield delta


def is_torn(held: str) -> bool:
    """Return whether what is held back is half a character, or more than one code point."""
    return len(held) > 1 or any(map(_half, held))


def shown(text: str) -> str:
    """Return a text that can be seen whole: spaces as symbols, half characters as their numbers."""
    return "".join(
        SYMBOLS.get(character, f"(U+{ord(character):04X})" if _half(character) else character)
        for character in text
    )


def code_points(text: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in text)


def _half(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


class Look(Readings):
    """A look at the first events of an answer."""

    def __init__(self, connection: Connection, question: str) -> None:
        model = streams.model_name()
        if connection.kind == "local":
            # One that also tears an emoji.
            model = speed.with_speed(SPLIT_EMOJI, WATCHED_SPEED)
        request = CompletionRequest(model=model, prompt=question, max_tokens=WATCHED_TOKENS)
        self._record = WireRecord()
        watched = Watched(DirectStrategy(connection.session), self._record)
        super().__init__(connection, request, [("ours", watched, Pace())])

    @property
    def steps(self) -> list[Step]:
        lane = self.lanes[0]
        return self._record.steps(lane.marks, lane.text)

    @property
    def enough(self) -> bool:
        return self._record.full


def draw(connection: Connection) -> Redraw | None:
    question = text("lab.question.emoji")
    st.caption(text("lab.wire.about"))
    look = views.run("wire", Look, partial(Look, connection, question))
    asked = text("lab.wire.asked", question=question)
    st.caption(f"{asked} {text('lab.wire.split')}" if connection.kind == "local" else asked)
    if look is None:
        return None
    if not look.running:
        _go_through(look)
        return None
    # The next one's steps begin where there is something to see.
    st.session_state.pop(STEP_KEY, None)
    table = Spot(st.container())

    def redraw() -> None:
        steps = look.steps
        table.draw(lambda at: at.html(_table(steps, len(steps))))

    redraw()
    return redraw


def _go_through(look: Look) -> None:
    """Draw a look that has ended, with one of its steps in detail."""
    code, steps = look.lanes[0].code, look.steps
    if code is not None:
        st.error(streams.explained(code), icon=":material/error:")
    if steps:
        st.markdown(summary(steps))
        number = _step_by_step(steps)
        st.html(_table(steps, number))


def summary(steps: Sequence[Step]) -> str:
    deltas = [step for step in steps if step.delta]
    return text(
        "lab.wire.summary",
        events=len(steps),
        deltas=len(deltas),
        pieces=sum(len(step.pieces) for step in steps),
        held=sum(bool(step.held) for step in deltas),
        torn=sum(is_torn(step.held) for step in deltas),
    )


def _step_by_step(steps: Sequence[Step]) -> int:
    """Draw one step and what leads back and forth; return its number, from 1."""
    # To begin with, where there is something to be seen.
    first = next((number for number, step in enumerate(steps, 1) if is_torn(step.held)), 1)
    number = min(int(st.session_state.get(STEP_KEY, first)), len(steps))
    if len(steps) > 1:
        st.slider(text("lab.wire.step"), 1, len(steps), number, key=STEP_KEY)
        with st.container(horizontal=True):
            _go("before", ":material/arrow_back:", number - 1, number > 1)
            _go("after", ":material/arrow_forward:", number + 1, number < len(steps))
    step = steps[number - 1]
    with st.container(border=True, key="lab-step-box"):
        _stage("event", text("lab.wire.event_about", seconds=step.at), step.event)
        _stage("delta", text("lab.wire.delta_about"), _with_numbers(step.delta))
        _stage("held", text("lab.wire.held_about"), _with_numbers(step.held))
        if not step.pieces:
            _stage("piece", text("lab.wire.nothing_left"), "")
        for at, piece in step.pieces:
            _stage("piece", text("lab.wire.piece_about", seconds=at), _with_numbers(piece))
    return number


def _go(name: str, icon: str, number: int, possible: bool) -> None:
    st.button(
        text(f"lab.wire.{name}"),
        icon=icon,
        key=f"lab-step-{name}",
        disabled=not possible,
        on_click=lambda: st.session_state.update({STEP_KEY: number}),
    )


def _stage(name: str, about: str, content: str) -> None:
    st.markdown(f"**{text(f'lab.wire.{name}')}** {about}")
    if content:
        st.code(content, language=None, wrap_lines=True)


def _with_numbers(part: str | None) -> str:
    return f"{shown(part)}    {code_points(part)}" if part else text("lab.wire.none")


def _table(steps: Sequence[Step], marked: int) -> str:
    """Return the steps as a table that can be scrolled with the keyboard, one of them marked."""
    names = ("event", "delta", "held", "piece")
    heads = [("at", text("lab.wire.at")), *((name, text(f"lab.wire.{name}")) for name in names)]
    head = "".join(f'<th scope="col" class="{name}">{escape(title)}</th>' for name, title in heads)
    rows = "".join(_row(number, step, number == marked) for number, step in enumerate(steps, 1))
    return views.table(text("lab.wire.table"), head, rows)


def _row(number: int, step: Step, marked: bool) -> str:
    # Of an event's hundreds of bytes, the field with its text, or else how it begins.
    found = TEXT_FIELD.search(step.event)
    begins = step.event[:EXCERPT] + ("…" if len(step.event) > EXCERPT else "")
    cells = {
        "event": f"data: {{… {found[0]} …}}" if found else begins,
        "delta": shown(step.delta or ""),
        "held": shown(step.held),
        "piece": " | ".join(shown(piece) for _, piece in step.pieces),
    }
    inside = "".join(f'<td class="{name}">{escape(cell)}</td>' for name, cell in cells.items())
    mark, sign = (' aria-current="step"', "▶ ") if marked else ("", "")
    return f'<tr{mark}><th scope="row">{sign}{number}. {step.at:.2f}</th>{inside}</tr>'
