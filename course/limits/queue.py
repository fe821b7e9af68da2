"""The queue in which streams wait for a place, and how many a learner has at once."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from course.limits.refusal import Refusal

__all__ = ["LOOK_SECONDS", "Place", "Queue"]

#: A waiter notices Stop or a closed tab this late at most. The next waiter is notified at once.
LOOK_SECONDS = 0.2


class Queue:
    """The places for streams of one server process, first come, first served.

    The settings may change while streams wait: the latest arrival brings the number of places. A
    learner with too many streams is refused after ``grace`` seconds, because a cancelled stream
    may still be ending.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, grace: float = 0.5) -> None:
        self._clock = clock
        self._grace = grace
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        self._places: int | None = None
        self._taken = 0
        self._numbers = 0
        # The waiters by their numbers, which grow.
        self._waiting: list[_Waiting] = []
        # How many streams each learner has, waiting ones included.
        self._learners: Counter[str] = Counter()

    def enter(
        self,
        learner: str,
        *,
        most: int | None = None,
        at_once: int | None = None,
        queue: int = 0,
        patience: float = 0.0,
        on_wait: Callable[[int], object] = lambda _: None,
    ) -> Place:
        """Take a place for one stream, waiting for it if necessary; ``Place.leave`` gives it back.

        Args:
            learner: whose stream it is.
            most: how many streams this learner may have; ``None`` is no limit.
            at_once: how many streams all learners may have; ``None`` is no limit.
            queue: how many may wait.
            patience: the longest wait, in seconds.
            on_wait: called with how many are ahead, every ``LOOK_SECONDS``; what it raises ends the
                wait.

        Raises:
            Refusal: ``streams``, ``queue`` or ``patience``.
        """
        me = self._join(learner, most, at_once, queue)
        try:
            since = self._clock()
            while not me.has_turn.is_set():
                if self._clock() - since >= patience:
                    raise Refusal("patience", limit=round(patience))
                on_wait(self._ahead_of(me))
                me.has_turn.wait(LOOK_SECONDS)
        except BaseException:
            self._leave(me)
            raise
        return Place(lambda: self._leave(me))

    def _join(self, learner: str, most: int | None, at_once: int | None, queue: int) -> _Waiting:
        with self._lock:
            if most is not None and not self._left.wait_for(
                lambda: self._learners[learner] < most, self._grace
            ):
                raise Refusal("streams", limit=most)
            me = _Waiting(self._numbers, learner)
            self._numbers += 1
            self._waiting.append(me)
            self._places = at_once
            self._call()
            if not me.has_turn.is_set() and len(self._waiting) > queue:
                self._waiting.pop()
                raise Refusal("queue", limit=queue)
            self._learners[learner] += 1
            return me

    def _ahead_of(self, me: _Waiting) -> int:
        with self._lock:
            return bisect_left(self._waiting, me.number, key=lambda each: each.number)

    def _leave(self, me: _Waiting) -> None:
        with self._lock:
            self._learners[me.learner] -= 1
            if not self._learners[me.learner]:
                del self._learners[me.learner]
            self._left.notify_all()
            if not me.has_turn.is_set():
                self._waiting.remove(me)
                return
            self._taken -= 1
            self._call()

    def _call(self) -> None:
        """Give free places to the first waiters."""
        while self._waiting and (self._places is None or self._taken < self._places):
            self._taken += 1
            self._waiting.pop(0).has_turn.set()


@dataclass(eq=False, slots=True)
class _Waiting:
    number: int
    learner: str
    has_turn: threading.Event = field(default_factory=threading.Event)


class Place:
    """A place that a stream has taken."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back = [give_back]

    def leave(self) -> None:
        """Give the place back; calling it again does nothing."""
        while self._give_back:
            self._give_back.pop()()
