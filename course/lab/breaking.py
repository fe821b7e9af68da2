"""The lab's break view: one fault, and how Day 3's code and the course's library meet it."""

from __future__ import annotations

import difflib
import inspect
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import streamlit as st
from snowflake.cortex import Complete
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.Markdown_pb2 import Markdown

from connection import Connection
from course import limits, tls
from course.lab import streams, views
from course.lab.calls import CountedSession
from course.lab.jobs import Job
from course.lab.views import Redraw, Spot
from course.language import Language, choice, current, drawer, text
from course.stream_errors import explain
from local_cortex import speed
from streaming import CompletionRequest, DirectStrategy, Limits, StreamError, TextStream, stream
from streaming.bodies import wake
from streaming.strategies.direct import response_of
from streaming.view import safe

if TYPE_CHECKING:
    from requests import Response
    from snowflake.snowpark import Session

#: The models of Local Cortex that are offered, as their texts call them.
FAULTS = (
    *("429_forever", "429_then_ok", "503", "403", "expired_token"),
    *("stall_first", "stall_mid", "reset", "truncated"),
    *("error_data", "error_event", "no_end", "length", "split_emoji"),
)
# The client asks again by itself, nothing more would ever come, nothing looks wrong.
RETRIED = frozenset({"429_forever", "429_then_ok", "503"})
ENDLESS = frozenset({"429_forever", "503", "stall_first", "stall_mid"})
SILENT = frozenset({"error_event", "no_end", "length"})
# The lab ends a program that hangs after this time.
MOST_SECONDS = 10.0
# So that what is answered in spite of a fault has ended before.
TOKENS_PER_SECOND = 120.0
#: Shorter than on a page, so that the lab need not wait for half a minute.
LIMITS = Limits(first_chunk=4.0, idle=4.0)
ADDRESS = re.compile(r"https?://\S+")

#: The language of the reader for whom a program runs.
LANGUAGE: ContextVar[Language] = ContextVar("language", default="en")

#: (what the program knows as ``st``, session, model, prompt) -> the text that it is left with.
Program = Callable[[Any, "Session", str, str], str]


def day_3(st: Any, session: Session, model: str, prompt: str) -> str:
    answer = Complete(model, prompt, session=session, stream=True)
    text: str = st.write_stream(answer)
    return text


def with_library(st: Any, session: Session, model: str, prompt: str) -> str:
    request = CompletionRequest(model=model, prompt=prompt)
    answer = stream(DirectStrategy(session), request, limits=LIMITS)
    try:
        st.write_stream(answer)
    except StreamError as error:
        st.warning(explain(error, LANGUAGE.get(), getattr(LIMITS, error.code, None)))
    return answer.text


SIDES = (("naive", day_3), ("ours", with_library))


def model_of(fault: str) -> str:
    """Return the name of Local Cortex's model that fails so."""
    return f"fault-{fault.replace('_', '-')}"


def marked() -> str:
    """Return both programs as one text: lines of one only begin with ``-`` or ``+``."""
    before, after = (inspect.getsource(program).splitlines() for _, program in SIDES)
    return "\n".join(line for line in difflib.ndiff(before, after) if not line.startswith("?"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a program: what is on the page, what it has, and how it ended.

    ``kept`` is its own text, ``None`` before its end; ``error`` the name and message of what ended
    it, without addresses; ``said`` what it told its user of an error; ``seconds`` until it ended or
    the lab ``cut`` it; ``status`` what it knows of how the answer ended.
    """

    running: bool
    shown: str
    kept: str | None
    error: tuple[str, str] | None
    said: str | None
    seconds: float
    requests: int
    cut: bool
    status: str | None


class Experiment(Job):
    """Both programs, meeting one fault at the same moment."""

    def __init__(self, connection: Connection, fault: str) -> None:
        session, language = connection.session, current()
        self.fault = fault
        model = model_of(fault)
        if streams.can_set_speed(connection):
            model = speed.with_speed(model, TOKENS_PER_SECOND)
        # A passing fault belongs to a conversation; both sides should meet it, every time.
        prompts = [text("lab.question.breaking", number=secrets.token_hex(3)) for _ in SIDES]
        address = text("lab.breaking.address")
        self._sides = [
            Side(program, session, model, prompt, language, address)
            for (_, program), prompt in zip(SIDES, prompts, strict=True)
        ]
        requests = [CompletionRequest(model=model, prompt=prompt) for prompt in prompts]
        super().__init__(limits.ask(connection, requests))

    @property
    def outcomes(self) -> list[Outcome]:
        return [side.outcome() for side in self._sides]

    def work(self) -> None:
        began = time.monotonic()
        try:
            for side in self._sides:
                side.start()
            self.wait_for(
                lambda: (
                    not any(side.running for side in self._sides)
                    or time.monotonic() - began > MOST_SECONDS
                )
            )
        finally:
            for side in self._sides:
                side.end()
            for number, side in enumerate(self._sides):
                side.join()
                # What a program used is not known: all that was set aside stays counted.
                self._admission.over(number, "", "stopped", live=False)


def draw(connection: Connection) -> Redraw | None:
    st.caption(text("lab.breaking.about"))
    if connection.kind != "local":
        st.info(text("lab.breaking.only_local"), icon=":material/info:")
        return None
    fault = choice(
        st.selectbox,
        text("lab.breaking.fault"),
        FAULTS,
        key="lab-fault",
        format_func={name: _named(name) for name in FAULTS}.__getitem__,
    )
    experiment = views.run("breaking", Experiment, partial(Experiment, connection, fault))
    st.caption(text("lab.breaking.limits", seconds=LIMITS.first_chunk, most=MOST_SECONDS))
    halves = _halves(experiment) if experiment is not None else []
    with drawer(text("lab.breaking.code"), key="lab-code", icon=":material/code:"):
        # Without a language: Streamlit's colours for one have too little contrast. The marks say
        # it.
        st.code(marked(), language=None, wrap_lines=True)

    def redraw() -> None:
        for half in halves:
            half()

    return redraw


def _named(fault: str) -> str:
    return f"{model_of(fault)}: {text(f'lab.fault.{fault}')}"


def _halves(experiment: Experiment) -> list[Redraw]:
    """Draw both programs' halves of the page, and return what draws each again."""
    views.heading(_named(experiment.fault))
    halves: list[Redraw] = []
    columns = views.lanes("breaking", [text(f"lab.breaking.{name}") for name, _ in SIDES])
    for number, ((name, _), column) in enumerate(zip(SIDES, columns, strict=True)):
        with column:
            st.markdown(f"**{text(f'lab.breaking.{name}')}**")
            with st.container(border=True, key=f"lab-text-{name}"):
                spots = Spot(st.container()), Spot(st.container())
        halves.append(partial(_draw_half, experiment, number, *spots))
        halves[-1]()
    for name, faults in (("retries", RETRIED), ("silent", SILENT)):
        if experiment.fault in faults and not experiment.running:
            st.info(text(f"lab.breaking.{name}"), icon=":material/info:")
    return halves


def _draw_half(experiment: Experiment, number: int, shown: Spot, below: Spot) -> None:
    """Draw what a program has on its page, and how it has ended, if it has."""
    outcome = experiment.outcomes[number]
    shown.markdown(safe(outcome.shown) or f"*{text('lab.breaking.nothing')}*")
    if not outcome.running:
        below.draw_once(lambda at: _say_end(at, experiment, outcome))
        return
    characters = len(outcome.shown)
    waiting = text("lab.breaking.waiting", seconds=outcome.seconds, characters=characters)
    below.draw(lambda at: at.caption(f":material/hourglass: {waiting}"))


def _say_end(at: DeltaGenerator, experiment: Experiment, outcome: Outcome) -> DeltaGenerator:
    with (inside := at.container()):
        if outcome.said is not None:
            st.caption(text("lab.breaking.said_lead"))
            st.warning(outcome.said, icon=":material/error:")
        if outcome.error is not None:
            name, message = outcome.error
            st.caption(text("lab.breaking.error_lead"))
            st.error(f"**{name}**", icon=":material/error:")
            st.code(message, language=None, wrap_lines=True)
            st.caption(text("lab.breaking.error_after"))
        if not experiment.stopped or not outcome.cut:
            st.markdown(_figures(experiment.fault, outcome))
    return inside


def _figures(fault: str, outcome: Outcome) -> str:
    ended = "lab.breaking.seconds"
    if outcome.cut:
        ended = "lab.breaking.for_ever" if fault in ENDLESS else "lab.breaking.cut_by_lab"
    lines = [
        text(ended, seconds=outcome.seconds),
        text("lab.breaking.shown", characters=len(outcome.shown)),
        text("lab.breaking.kept", characters=len(outcome.kept or "")),
        text("lab.breaking.requests", requests=outcome.requests),
    ]
    if outcome.status is not None:
        lines.append(text("lab.breaking.status", status=outcome.status))
    return "\n".join(f"- {line}" for line in lines)


class Side:
    """Runs a program in a thread, for a reader of ``language``; ``address`` replaces real ones."""

    def __init__(
        self,
        program: Program,
        session: Session,
        model: str,
        prompt: str,
        language: Language,
        address: str,
    ) -> None:
        self._program, self._model, self._prompt = program, model, prompt
        self._language, self._address = language, address
        self._page, self._session = _Page(), CountedSession(session)
        self._began = time.monotonic()
        self._ended_at: float | None = None
        self._cut_at: float | None = None
        self._kept: str | None = None
        self._error: tuple[str, str] | None = None
        self._thread = threading.Thread(target=self._run, name="lab-side", daemon=True)

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._ended_at is None

    def end(self) -> None:
        """End it, wherever it waits; the outcome notes that."""
        if self.running:
            self._cut_at = time.monotonic()
            self._session.aborted = True
            self._page.end()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(streams.JOIN_SECONDS)

    def outcome(self) -> Outcome:
        page, error, cut_at = self._page, self._error, self._cut_at
        over = cut_at if cut_at is not None else self._ended_at
        return Outcome(
            running=over is None,
            shown="".join(page.parts),
            kept=self._kept,
            # No user would meet an error that came from ending the program.
            error=error if cut_at is None else None,
            said=page.said,
            seconds=(time.monotonic() if over is None else over) - self._began,
            requests=self._session.requests,
            cut=cut_at is not None,
            status=page.answer.status if page.answer is not None else None,
        )

    def _run(self) -> None:
        LANGUAGE.set(self._language)
        tls.install()
        try:
            # To the program it is a session like any other.
            session = cast("Session", self._session)
            self._kept = self._program(self._page, session, self._model, self._prompt)
        except Exception as error:  # whatever the program lets out: Streamlit would show it
            # Not the error itself: its traceback holds the answer, and with it the connection.
            message = ADDRESS.sub(self._address, str(error)).encode("utf-8", "replace").decode()
            self._error = type(error).__name__, message
        finally:
            self._page.release()
            self._ended_at = time.monotonic()


class _Page:
    """What a program knows as ``st``: it keeps what Streamlit would show."""

    def __init__(self) -> None:
        self._response: Response | None = None
        self._over = False
        self.answer: TextStream | None = None
        #: The pieces that Streamlit would have taken.
        self.parts: list[str] = []
        self.said: str | None = None

    def write_stream(self, answer: Iterator[str]) -> str:
        if isinstance(answer, TextStream):
            self.answer = answer
        else:
            self._response = response_of(answer)
        if self._over:
            self.end()
        for piece in answer:
            # As Streamlit sends it to a browser, which refuses half a character.
            Markdown(body=piece)
            self.parts.append(piece)
        return "".join(self.parts)

    def warning(self, said: str) -> None:
        self.said = said

    def end(self) -> None:
        """End a wait for the model, from any thread."""
        self._over = True
        if self.answer is not None:
            self.answer.cancel()
        wake(self._response)

    def release(self) -> None:
        """Give the connection back, in the thread that read."""
        for each in (self.answer, self._response):
            if each is not None:
                each.close()
