"""Answers that outlive the run of the script that began them."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable

from streaming.stream import TextStream
from streaming.view.blocks import Blocks

__all__ = ["Answer", "Keeper"]

# How often closed tabs are looked for, and how long one may be gone: a refresh takes a second or
# two; seconds.
LOOK = 1.0
GONE = 6.0


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
        self._blocks = Blocks()
        # What somebody else has read of it is part of the answer, too.
        self.finished = self._blocks.feed(stream.text)
        self.state = len(self.finished), self._blocks.open
        self.told = False
        self._reading = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return self.stream.status in ("new", "running")

    def read(self, on_idle: Callable[[], object]) -> None:
        """Wait for the next piece and take it in; what ``on_idle`` raises ends the wait.

        Raises:
            StreamError: the stream has failed.
        """
        with self._reading:
            self.stream.on_idle = on_idle
            self.finished += self._blocks.feed(next(self.stream, ""))
            self.state = len(self.finished), self._blocks.open


class Keeper:
    """Ends the model calls of tabs that stay closed."""

    def __init__(
        self, is_there: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_there = is_there
        self._clock = clock
        self._lock = threading.Lock()
        self._streams: weakref.WeakKeyDictionary[TextStream, str] = weakref.WeakKeyDictionary()
        self._gone: dict[str, float] = {}
        self._looking = False

    def keep(self, stream: TextStream, session: str) -> None:
        """Look after a stream that ``session`` shows; called again, the last session counts."""
        with self._lock:
            self._streams[stream] = session
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look_on, name="stream-keeper", daemon=True).start()

    def look(self) -> bool:
        """Cancel what nobody can see any more; tell whether anything is left to look after."""
        with self._lock:
            streams = list(self._streams.items())
        now, running = self._clock(), False
        for stream, session in streams:
            if stream.status not in ("new", "running"):
                continue
            running = True
            if self._is_there(session):
                self._gone.pop(session, None)
            elif now - self._gone.setdefault(session, now) >= GONE:
                stream.cancel()
        with self._lock:
            self._looking = running
            if not running:
                self._gone.clear()
        return running

    def _look_on(self) -> None:
        while self.look():
            time.sleep(LOOK)
