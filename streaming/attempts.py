"""Trying again, and trying something else, as long as no text has come.

The first non-empty delta is the point of no return: before it, an attempt that fails in a way that
may pass is repeated, and then the fallback is asked. After it never, because the text on the page
would be followed by the beginning of another answer. A tool call counts as text does: the service
may have run the tool, which must not happen twice. Thinking doesn't: the next attempt's takes its
place.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain, count

from streaming.deltas import Delta, Thinking
from streaming.errors import StreamError, from_exception
from streaming.request import CompletionRequest
from streaming.sockets import LastSocket
from streaming.strategies.protocol import Strategy

__all__ = ["Attempts", "Retry"]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often to ask, and how long to wait in between.

    Args:
        attempts: the most times that each strategy is asked; 1 for no retry.
        backoff: seconds to wait after the first attempt; the wait doubles with each further one.
        longest: the longest such wait, in seconds.
    """

    attempts: int = 3
    backoff: float = 0.5
    longest: float = 8.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts={self.attempts}: a strategy is asked at least once")
        if self.backoff < 0 or self.longest < 0:
            raise ValueError(
                f"backoff={self.backoff}, longest={self.longest}: seconds cannot be negative"
            )

    def delay(self, failed: int, retry_after: float | None, chance: float) -> float:
        """Return the seconds to wait after this many ``failed`` attempts.

        ``chance``, from 0 to 1, takes up to half of the wait away: a class of learners that was
        refused together must not come back together. What the service asks for in
        ``retry_after``, in seconds, is the least.
        """
        wait = min(self.longest, self.backoff * 2.0 ** (failed - 1)) * (1 - chance / 2)
        return wait if retry_after is None else max(wait, retry_after)


class Attempts:
    """The deltas of the first attempt that gives text; another thread can abort them.

    ``iter()``, called once, sends the request and returns when text has come or none will. It
    doesn't begin a wait that would end ``total`` seconds or more after its call: it raises the
    error instead.

    Raises, when iterated:
        whatever the last attempt of the last strategy raised.
    """

    def __init__(
        self,
        strategies: Sequence[Strategy],
        request: CompletionRequest,
        retry: Retry,
        total: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._strategies = strategies
        self._request = request
        self._retry = retry
        self._total = total
        self._clock = clock
        self._aborted = threading.Event()
        self._wait = wait or self._aborted.wait
        self._chance = chance
        self._socket = LastSocket()
        self._source: Iterator[Delta] | None = None
        self._lock = threading.Lock()
        self.attempts = 0
        """How many requests were sent."""
        self.strategy = strategies[0]
        """The strategy that was asked last."""
        self.last_sign: float | None = None
        """When a sign of life came last, while no text has: the model is thinking."""
        self._thoughts = StringIO()

    def __iter__(self) -> Iterator[Delta]:
        deadline = self._clock() + self._total
        for strategy in self._strategies:
            self.strategy = strategy
            for failed in count(1):
                try:
                    return self._ask()
                except Exception as raised:
                    # Before closing: the service's own words have to be read first.
                    known = from_exception(raised, text_came=False)
                    # What it raised counts, whether or not its connection can be given back.
                    with contextlib.suppress(Exception):
                        self.close()
                    error = raised
                if not self._may_ask_again(failed, known, deadline):
                    break
            if self._aborted.is_set():
                break
        raise error

    @property
    def thoughts(self) -> str:
        """What the model has thought aloud in the last attempt, before its first text."""
        return self._thoughts.getvalue()

    @property
    def finish_reason(self) -> str | None:
        """Why the model ended its answer; ``None`` where nobody says."""
        return getattr(self._source, "finish_reason", None)

    @property
    def buffered(self) -> bool:
        """Whether deltas wait while nobody reads; see :meth:`Strategy.open`."""
        return getattr(self._source, "buffered", False)

    def close(self) -> None:
        """Give the connection back; only from the thread that reads."""
        with self._lock:
            source, self._source = self._source, None
        getattr(source, "close", lambda: None)()

    def abort(self) -> None:
        """End a wait, for the model or for the next attempt, from any thread."""
        self._aborted.set()
        self._socket.end()
        with self._lock:
            source = self._source
        getattr(source, "abort", lambda: None)()

    def _ask(self) -> Iterator[Delta]:
        """Send the request and wait for its first text."""
        self.attempts += 1
        self._thoughts = StringIO()
        with self._socket.watching():
            source = self.strategy.open(self._request)
            with self._lock:
                self._source = source
            if not self._aborted.is_set():
                deltas = iter(source)
                for delta in deltas:
                    if isinstance(delta, Thinking):
                        self._thoughts.write(delta.text)
                    elif delta:
                        return chain((delta,), deltas)
                    self.last_sign = self._clock()
        return iter(())

    def _may_ask_again(self, failed: int, error: StreamError, deadline: float) -> bool:
        """Wait for the next attempt; false if it would be pointless, too late, or was aborted."""
        seconds = self._retry.delay(failed, error.retry_after, self._chance())
        given_up = failed >= self._retry.attempts or not error.retryable
        if given_up or self._clock() + seconds >= deadline or self._aborted.is_set():
            return False
        self._wait(seconds)
        return not self._aborted.is_set()
