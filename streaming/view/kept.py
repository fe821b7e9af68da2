"""Answers that outlive the run of the script that began them."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import Protocol

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from streaming.stream import TextStream
from streaming.view.blocks import Blocks

__all__ = ["Answer", "Call", "Keeper", "arriving", "keep"]

# How often closed tabs are looked for, and how long one may be gone: a refresh takes a second or
# two; seconds.
LOOK = 1.0
GONE = 8.0
# A page that is being loaded may be a refreshed one: so much longer at the most; seconds.
ARRIVING = 6.0
LONGEST_GONE = 20.0


class Answer:
    """A stream, and its text in the blocks in which it is shown.

    Streamlit starts a session's next run before the last one has ended, so for a moment two threads
    may read and draw one answer. Only one of them reads at a time, and each draws from ``state``.

    Attributes:
        finished: the blocks that can't change any more.
        state: how many blocks are finished, and the text of the one that still grows.
        told: whether a run of the script has had the final result.
    """

    def __init__(self, stream: TextStream) -> None:
        self.stream = stream
        #: The least seconds between two pieces, as the stream's maker wants it.
        self.tick = stream.pace.tick
        self.finished: list[str] = []
        self.state = 0, ""
        self.told = False
        self._blocks = Blocks()
        self._fed = 0
        self._reading = threading.Lock()
        self.catch_up()

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return self.stream.running

    def read(self, on_idle: Callable[[], object]) -> None:
        """Wait for the next piece and take it in; what ``on_idle`` raises ends the wait.

        Raises:
            StreamError: the stream has failed.
        """
        with self._reading:
            self.stream.on_idle = on_idle
            next(self.stream, "")
            self._take_in()

    def catch_up(self) -> None:
        """Take in what somebody else has read."""
        with self._reading:
            self._take_in()

    def _take_in(self) -> None:
        new = self.stream.text[self._fed :]
        self._fed += len(new)
        self.finished += self._blocks.feed(new)
        self.state = len(self.finished), self._blocks.open


class Call(Protocol):
    """Work for a reader, which may be ended from any thread; a stream is one."""

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
        self._lock = threading.Lock()
        self._calls: weakref.WeakKeyDictionary[Call, str] = weakref.WeakKeyDictionary()
        self._gone: dict[str, float] = {}
        self._arrived = 0.0
        self._looking = False

    def arriving(self) -> None:
        """Say that a page is being loaded, and nobody knows yet whose calls it will take over."""
        self._arrived = self._clock() + ARRIVING

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
        for call, session in calls:
            if self._is_there(session):
                self._gone.pop(session, None)
                continue
            gone = now - self._gone.setdefault(session, now)
            if gone >= GONE and (now >= self._arrived or gone >= LONGEST_GONE):
                call.cancel()
        with self._lock:
            # Under the lock, so that what is kept from now on begins to look again.
            self._looking = any(each.running for each in self._calls)
            if not self._looking:
                self._gone.clear()
            return self._looking

    def _look_on(self) -> None:
        while self.look():
            time.sleep(LOOK)


KEEPER = Keeper(
    lambda session: runtime.exists() and runtime.get_instance().is_active_session(session)
)


def arriving() -> None:
    """Say that this page is being loaded, and may take a call over in a moment."""
    KEEPER.arriving()


def keep(call: Call) -> None:
    """End a call 8 to 9 s after the tab that runs this script has been closed for good.

    A refreshed tab is another one: whoever takes the call over keeps it again.
    """
    context = get_script_run_ctx()
    if call.running and context is not None:
        KEEPER.keep(call, context.session_id)
