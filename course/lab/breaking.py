"""The lab's third view: one fault, and how the hand-out's code and the course's meet it."""

from __future__ import annotations

import difflib
import inspect
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st
from snowflake.cortex import Complete
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import add_script_run_ctx

from connection import Connection
from course import limits, script, tls
from course.lab import streams, views
from course.language import choice, current, text
from course.stream_errors import explain
from local_cortex import speed
from streaming import CompletionRequest, DirectStrategy, Limits, StreamError, TextStream, stream
from streaming.bodies import wake
from streaming.strategies.direct import GuardedSession, response_of
from streaming.view import safe, write

if TYPE_CHECKING:
    from requests import Response
    from snowflake.snowpark import Session

__all__ = ["FAULTS", "LIMITS", "Outcome", "Program", "Side", "draw", "hand_out", "marked", "ours"]

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
LOOK_SECONDS = 0.2
# So that what is answered in spite of a fault has ended before.
TOKENS_PER_SECOND = 120.0
#: Shorter than on a page, so that the lab need not wait for half a minute.
LIMITS = Limits(first_chunk=4.0, idle=4.0)
# The client waits a second at least before it asks again, and looks at its session several times
# each time it asks.
APART_SECONDS = 0.5
JOIN_SECONDS = 0.3
ADDRESS = re.compile(r"https?://\S+")

#: (what the program knows as ``st``, session, model, prompt) -> the text that it is left with.
Program = Callable[[Any, "Session", str, str], str]


def hand_out(st: Any, session: Session, model: str, prompt: str) -> str:
    answer = Complete(model, prompt, session=session, stream=True)
    text: str = st.write_stream(answer)
    return text


def ours(st: Any, session: Session, model: str, prompt: str) -> str:
    request = CompletionRequest(model=model, prompt=prompt)
    answer = stream(DirectStrategy(session), request, limits=LIMITS)
    try:
        st.write_stream(answer)
    except StreamError as error:
        st.warning(explain(error, current(), getattr(LIMITS, error.code, None)))
    return answer.text


SIDES = (("naive", hand_out), ("ours", ours))


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

    shown: str
    kept: str | None
    error: tuple[str, str] | None
    said: str | None
    seconds: float
    requests: int
    cut: bool
    status: str | None


@dataclass
class Broken:
    """The last fault, and what came of both programs."""

    fault: str = ""
    outcomes: tuple[Outcome, ...] = ()
    stopped: bool = False


def draw(connection: Connection, *, running: bool) -> None:
    """Draw the view; while it is ``running``, until both programs have ended."""
    st.caption(text("lab.breaking.about"))
    if connection.kind != "local":
        st.info(text("lab.breaking.only_local"), icon=":material/info:")
        return
    broken = views.kept("breaking", Broken)
    fault = choice(
        st.selectbox,
        text("lab.breaking.fault"),
        FAULTS,
        key="lab-fault",
        format_func={name: text(f"lab.fault.{name}") for name in FAULTS}.__getitem__,
        disabled=running,
    )
    st.caption(text("lab.breaking.limits", seconds=LIMITS.first_chunk, most=MOST_SECONDS))
    views.run("breaking", lambda: _run(connection, fault, broken), running=running)
    if broken.outcomes:
        _show_again(broken)
    views.heading(text("lab.breaking.code"))
    # Without a language: Streamlit's colours for one have too little contrast. The marks say it.
    st.code(marked(), language=None, wrap_lines=True)


def _run(connection: Connection, fault: str, broken: Broken) -> None:
    session = connection.session
    model = f"fault-{fault.replace('_', '-')}"
    if streams.can_set_speed(connection):
        model = speed.with_speed(model, TOKENS_PER_SECOND)
    # A passing fault belongs to a conversation; both sides should meet it, every time.
    prompts = [text("lab.question.breaking", number=secrets.token_hex(3)) for _ in SIDES]
    # What programs use is not known, so their reservation stays counted.
    asked = [(model, prompt, None) for prompt in prompts]
    _, place = limits.reserve(connection, asked, st.empty())
    try:
        halves = _halves(fault)
        address = text("lab.breaking.address")
        sides = [
            Side(program, half.container(), session, model, prompt, address)
            for (_, program), half, prompt in zip(SIDES, halves, prompts, strict=True)
        ]
        broken.fault = fault
        _follow(sides, [half.empty() for half in halves], broken)
    finally:
        place.leave()


def _follow(sides: Sequence[Side], places: Sequence[DeltaGenerator], broken: Broken) -> None:
    """Start both sides and watch them until they end, or until their time is up."""
    began = time.monotonic()
    in_time = True
    try:
        for side in sides:
            side.start()
        while any(side.running for side in sides) and in_time:
            for side, place in zip(sides, places, strict=True):
                outcome = side.outcome()
                if side.running:
                    so_far = {"seconds": outcome.seconds, "characters": len(outcome.shown)}
                    place.caption(f":material/hourglass: {text('lab.breaking.waiting', **so_far)}")
                else:
                    place.markdown(_figures(broken.fault, outcome))
            script.pause(LOOK_SECONDS)
            in_time = time.monotonic() - began < MOST_SECONDS
    finally:
        # No Streamlit in here: this run may be stopping.
        broken.stopped = in_time and any(side.running for side in sides)
        for side in sides:
            side.end()
        for side in sides:
            side.join()
        broken.outcomes = tuple(side.outcome() for side in sides)


def _halves(fault: str) -> list[DeltaGenerator]:
    views.heading(text(f"lab.fault.{fault}"))
    halves = []
    for (name, _), column in zip(SIDES, st.columns(2), strict=True):
        with column:
            st.markdown(f"**{text(f'lab.breaking.{name}')}**")
            halves.append(st.container(border=True, key=f"lab-text-{name}"))
    return halves


def _show_again(broken: Broken) -> None:
    for outcome, half in zip(broken.outcomes, _halves(broken.fault), strict=True):
        with half:
            st.markdown(safe(outcome.shown) or f"*{text('lab.breaking.nothing')}*")
            if outcome.said is not None:
                st.warning(outcome.said, icon=":material/error:")
            if outcome.error is not None:
                name, message = outcome.error
                st.caption(text("lab.breaking.error_lead"))
                st.error(f"**{name}**", icon=":material/error:")
                st.code(message, language=None, wrap_lines=True)
                st.caption(text("lab.breaking.error_after"))
            if not broken.stopped or not outcome.cut:
                st.markdown(_figures(broken.fault, outcome))
    if broken.stopped:
        st.info(text("lab.stopped"), icon=":material/stop_circle:")
    for name, faults in (("retries", RETRIED), ("silent", SILENT)):
        if broken.fault in faults:
            st.info(text(f"lab.breaking.{name}"), icon=":material/info:")


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
    """Runs a program in a thread, on its half of the page; ``address`` hides one in an error."""

    def __init__(
        self,
        program: Program,
        place: DeltaGenerator,
        session: Session,
        model: str,
        prompt: str,
        address: str,
    ) -> None:
        self._program, self._model, self._prompt = program, model, prompt
        self._page, self._session = _Page(place), _Counted(session)
        self._address = address
        self._began = time.monotonic()
        self._ended_at: float | None = None
        self._cut_at: float | None = None
        self._kept: str | None = None
        self._error: tuple[str, str] | None = None
        self._thread = threading.Thread(target=self._run, name="lab-side", daemon=True)

    def start(self) -> None:
        self._began = time.monotonic()
        add_script_run_ctx(self._thread)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._ended_at is None

    def end(self) -> None:
        """End it; the outcome notes that. A wait for headers ends at the request's timeout."""
        if self.running:
            self._cut_at = time.monotonic()
            self._session.aborted = True
            self._page.end()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(JOIN_SECONDS)

    def outcome(self) -> Outcome:
        page, error, cut_at = self._page, self._error, self._cut_at
        over = cut_at if cut_at is not None else self._ended_at
        return Outcome(
            shown="".join(page.parts),
            kept=self._kept,
            # An error that came from ending the program is none that a user would meet.
            error=error if cut_at is None else None,
            said=page.said,
            seconds=(time.monotonic() if over is None else over) - self._began,
            requests=self._session.requests,
            cut=cut_at is not None,
            status=page.answer.status if page.answer is not None else None,
        )

    def _run(self) -> None:
        tls.install()
        try:
            self._kept = self._program(self._page, self._session, self._model, self._prompt)
        except Exception as error:  # whatever the program lets out: Streamlit would show it
            # Not the error itself: its traceback holds the answer, and with it the connection.
            message = ADDRESS.sub(self._address, str(error)).encode("utf-8", "replace").decode()
            self._error = type(error).__name__, message
        finally:
            self._page.release()
            self._ended_at = time.monotonic()


class _Page:
    """What a program knows as ``st``."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._response: Response | None = None
        self.answer: TextStream | None = None
        #: The pieces that Streamlit has taken.
        self.parts: list[str] = []
        self.said: str | None = None

    def write_stream(self, answer: Any) -> Any:
        if isinstance(answer, TextStream):
            self.answer = answer
        else:
            self._response = response_of(answer)
        return write(self._place.empty(), self._noted(answer))

    def _noted(self, answer: Iterator[str]) -> Iterator[str]:
        for piece in answer:
            yield piece
            self.parts.append(piece)

    def warning(self, said: str) -> None:
        self.said = said
        self._place.warning(said, icon=":material/error:")

    def end(self) -> None:
        """End a wait for the model, from any thread."""
        if self.answer is not None:
            self.answer.cancel()
        wake(self._response)

    def release(self) -> None:
        """Give the connection back, in the thread that read."""
        for each in (self.answer, self._response):
            if each is not None:
                each.close()


class _Counted(GuardedSession):
    """A guarded session that counts the requests which are sent with it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.requests = 0
        self._looked_at = float("-inf")

    def __getattr__(self, name: str) -> Any:
        if name == "connection" and not self.aborted:
            now = time.monotonic()
            self.requests += now - self._looked_at >= APART_SECONDS
            self._looked_at = now
        return super().__getattr__(name)
