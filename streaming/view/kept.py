"""Answers that outlive the run of the script that began them."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from streaming.deltas import Part, Thinking, ToolCall, ToolResult, join
from streaming.stream import TextStream
from streaming.view.blocks import Blocks

__all__ = [
    "Answer",
    "Keeper",
    "Section",
    "State",
    "arrived",
    "arriving",
    "is_open",
    "keep",
]

LOG = logging.getLogger(__name__)
# How often closed tabs are looked for; seconds. A server that is late with its pages is late with
# this, too, so a look counts for no more.
LOOK = 0.5
# How long a tab may be gone: a refresh takes a second or two; seconds.
GONE = 9.0
# A page that is being drawn may be a refreshed one, so these seconds don't count, up to a minute:
# a browser may never say which tab it is.
ARRIVING = 60.0


class Section:
    """A part of an answer as it is shown: text or thinking in blocks, or a tool call.

    Attributes:
        finished: the blocks that can't change any more.
        result: what the tool has returned.
    """

    def __init__(self, part: Part) -> None:
        self.finished: list[str] = []
        self._kind = type(part)
        self.result: ToolResult | None = None
        self._blocks = Blocks()
        self._text = ""

    def goes_on(self, part: Part) -> bool:
        """Tell whether ``part`` is this one, further on; thinking may have begun again."""
        return type(part) is self._kind and _text(part).startswith(self._text)

    def take_in(self, part: Part) -> tuple[Section, Part, int, str]:
        """Return it as it stands: how many blocks are finished, and the text that still grows."""
        text = _text(part)
        self.finished += self._blocks.feed(text[len(self._text) :])
        self._text = text
        return self, part, len(self.finished), self._blocks.open


State = Sequence[tuple[Section, Part, int, str]]


class Answer:
    """A stream, and its parts in the blocks in which they are shown.

    Streamlit starts a session's next run before the last one has ended, so for a moment two threads
    may read and draw one answer. Only one of them reads at a time, and each draws from ``state``.

    Attributes:
        state: each section in its order, and how far it has come.
        told: whether a run of the script has had the final result.
    """

    def __init__(self, stream: TextStream) -> None:
        self.stream = stream
        self.state: State = ()
        self.told = False
        self._sections: list[Section] = []
        self._parts: tuple[Part, ...] = ()
        self._reading = threading.Lock()
        self.catch_up()

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return self.stream.running

    def read(self, on_idle: Callable[[], object], tick: float = 0.0) -> None:
        """Wait for the next piece or event, and take it in; what ``on_idle`` raises ends the wait.

        ``tick`` is the least time between two of them; seconds.

        Raises:
            StreamError: the stream has failed.
        """
        stream = self.stream
        due = time.monotonic() + tick

        def look() -> None:
            on_idle()
            if time.monotonic() >= due and stream.parts != self._parts:
                raise _Event

        with self._reading:
            before, pace = stream.on_idle, stream.pace
            stream.on_idle, stream.pace = look, replace(pace, tick=max(pace.tick, tick))
            try:
                with suppress(_Event):
                    next(stream, "")
            finally:
                stream.on_idle, stream.pace = before, pace
            self._take_in()

    def catch_up(self) -> None:
        """Take in what somebody else has read."""
        with self._reading:
            self._take_in()

    def _take_in(self) -> None:
        self._parts = self.stream.parts
        results = {part.id: part for part in self._parts if isinstance(part, ToolResult)}
        state = []
        for number, part in enumerate(join(filter(_is_shown, self._parts))):
            if number == len(self._sections) or not self._sections[number].goes_on(part):
                self._sections[number:] = [Section(part)]
            section = self._sections[number]
            if isinstance(part, ToolCall):
                section.result = results.get(part.id)
            state.append(section.take_in(part))
        self.state = tuple(state)


class _Event(Exception):
    """Something that is no text has come."""


def _is_shown(part: Part) -> bool:
    """Tell whether a part has a place of its own; a result is in the card of its call."""
    return isinstance(part, str | Thinking | ToolCall)


def _text(part: Part) -> str:
    return part if isinstance(part, str) else part.text if isinstance(part, Thinking) else ""


class Call(Protocol):
    """Work for a reader, which may be ended from any thread; a stream is one.

    If it has ``tend``, that is called once a second, whether or not anybody looks.
    """

    @property
    def running(self) -> bool: ...

    def cancel(self) -> None: ...


class Keeper:
    """Ends the calls of tabs that stay closed."""

    def __init__(
        self, is_there: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_there = is_there
        self._clock = clock
        self._looked = 0.0
        self._lock = threading.Lock()
        self._calls: weakref.WeakKeyDictionary[Call, str] = weakref.WeakKeyDictionary()
        # Session -> seconds: how long one has been gone, and how long that didn't count; how long
        # one has been arriving.
        self._gone: dict[str, tuple[float, float]] = {}
        self._arriving: dict[str, float] = {}
        self._looking = False

    def arriving(self, session: str) -> None:
        """Say that a page is being drawn, and nobody knows yet whose calls it will take over."""
        with self._lock:
            if self._looking:  # else there is no call that it could take over
                self._arriving[session] = 0.0

    def arrived(self, session: str) -> None:
        """Say that it has taken over what is its own."""
        with self._lock:
            self._arriving.pop(session, None)

    def keep(self, call: Call, session: str) -> None:
        """Look after a call for ``session``; called again, the last session counts."""
        with self._lock:
            self._calls[call] = session
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look_on, name="call-keeper", daemon=True).start()

    def look(self) -> bool:
        """Cancel what nobody can see any more; tell whether anything is left to look after."""
        with self._lock:
            calls = [each for each in self._calls.items() if each[0].running]
            now = self._clock()
            passed, self._looked = min(now - self._looked, LOOK), now
            self._arriving = {
                session: seconds + passed
                for session, seconds in self._arriving.items()
                if seconds < ARRIVING and self._is_there(session)
            }
            closed = self._closed({session for _, session in calls}, passed)
        for call, session in calls:
            try:
                getattr(call, "tend", _nothing)()
                if session in closed:
                    call.cancel()
            except Exception:
                LOG.exception("A call cannot be seen to")
        with self._lock:
            # Under the lock, so that what is kept from now on begins to look again.
            self._looking = any(each.running for each in self._calls)
            return self._looking

    def _closed(self, sessions: set[str], passed: float) -> set[str]:
        """Return which of the sessions have been gone for too long, ``passed`` seconds later."""
        before, self._gone = self._gone, {}
        for session in sessions:
            if self._is_there(session):
                continue
            gone, spared = before.get(session, (-passed, 0.0))
            if self._arriving and spared < ARRIVING:
                spared += passed
            else:
                gone += passed
            self._gone[session] = gone, spared
        return {session for session, (gone, _) in self._gone.items() if gone >= GONE}

    def _look_on(self) -> None:
        while self.look():
            time.sleep(LOOK)


def _nothing() -> None:
    pass


def is_open(session: str) -> bool:
    """Tell whether the tab of a session is open."""
    return runtime.exists() and runtime.get_instance().is_active_session(session)


KEEPER = Keeper(is_open)


def arriving() -> None:
    """Say that this page is being drawn, and may take a call over once the browser has answered."""
    context = get_script_run_ctx()
    if context is not None:
        KEEPER.arriving(context.session_id)


def arrived() -> None:
    """Say that this page has taken over what is its own."""
    context = get_script_run_ctx()
    if context is not None:
        KEEPER.arrived(context.session_id)


def keep(call: Call) -> None:
    """End a call 9 to 10 s after the tab that runs this script has been closed for good.

    A refreshed tab is a new one: keep the call again there. Until then say :func:`arriving`.
    """
    context = get_script_run_ctx()
    if call.running and context is not None:
        KEEPER.keep(call, context.session_id)
