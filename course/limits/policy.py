"""Whether a question may be asked: by the rules, the day's counters, and the queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from course.limits.ledgers import Caps, Ledger, Over
from course.problems import Problem
from course.progress import StoreError
from course.settings import Settings
from local_cortex import tokens
from streaming import CallEnd, FairQueue, Place, StreamUnavailable

LOG = logging.getLogger(__name__)
#: A waiter notices Stop or a closed tab this late at most. The next waiter is notified at once.
LOOK_SECONDS = 0.2
# A waiter whose script no longer looks is overtaken after this time.
STALE_SECONDS = 3.0
#: ``settings``: the file cannot be used; ``store``: the counters cannot be reached; ``streams``:
#: the learner's own are running; ``queue``: it is full; ``patience``: the wait was too long.
Reason = Over | Literal["settings", "store", "model", "prompt", "streams", "queue", "patience"]


class Refusal(StreamUnavailable):
    """A model is not asked because of ``reason``; a stream may end with it.

    ``limit`` is the number that was reached, ``opens`` when a day's limit starts again, ``models``
    which may be asked, ``problems`` what is wrong with the settings.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        limit: int = 0,
        opens: datetime | None = None,
        models: tuple[str, ...] = (),
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__("refused")
        self.reason = reason
        self.limit, self.opens, self.models, self.problems = limit, opens, models, problems

    def again(self) -> Refusal:
        """Return a copy to keep: without the traceback, which holds all of a script's run."""
        return copy(self)


class StreamQueue(FairQueue):
    """Where the streams of one server process wait for a place.

    A learner with too many streams is refused after ``grace`` seconds, because a cancelled stream
    may still be ending.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, grace: float = 0.5) -> None:
        super().__init__(None, stale=STALE_SECONDS, clock=clock)
        self.now, self.grace = clock, grace


class Entry:
    """A stream's way to a place in a ``StreamQueue``; nothing waits for it yet.

    The learner may have ``most`` streams, waiting ones included, and all learners ``at_once``;
    ``queue`` may wait, for ``patience`` seconds.
    """

    def __init__(
        self,
        line: StreamQueue,
        learner: str,
        *,
        most: int | None = None,
        at_once: int | None = None,
        queue: int = 0,
        patience: float = 0.0,
    ) -> None:
        self._line, self._learner = line, learner
        self._most, self._at_once = most, at_once
        self._queue, self._patience = queue, patience
        self._since = line.now()
        self._place: Place | None = None
        self._left = False

    def wait(self, seconds: float) -> int | None:
        """Wait, ``seconds`` at most; return how many are ahead, or ``None``: it is in.

        One that was left is never in. Raises ``Refusal``: ``streams``, ``queue`` or ``patience``.
        """
        joined = self._place is not None
        place = self._place or self._joined(seconds)
        if place is None:
            return 1
        ahead = place.wait(seconds if joined else 0)
        if self._left:
            place.leave()
            return 1
        if ahead is not None and ahead >= self._queue:
            self.leave()
            raise Refusal("queue", limit=self._queue)
        if ahead is not None and self._line.now() - self._since >= self._patience:
            self.leave()
            raise Refusal("patience", limit=round(self._patience))
        return ahead

    def enter(self, on_wait: Callable[[int], object] = lambda _: None) -> Entry:
        """Wait until it is in, and return it; ``on_wait`` is called with how many are ahead.

        What ``on_wait`` raises ends the way, as a ``Refusal`` does.
        """
        try:
            ahead = self.wait(0)
            while ahead is not None:
                on_wait(ahead)
                ahead = self.wait(LOOK_SECONDS)
        except BaseException:
            self.leave()
            raise
        return self

    def leave(self) -> None:
        """Give the place back, or stop waiting for one; in any thread, more than once."""
        with self._line.changed:
            self._left = True
            if self._place is not None:
                self._place.leave()

    def _joined(self, seconds: float) -> Place | None:
        """Join the line, once another stream of this learner's that is still ending has ended."""
        line, most = self._line, self._most
        with line.changed:
            left = self._since + line.grace - line.now()
            free = most is None or line.changed.wait_for(
                lambda: line.owned(self._learner) < most, max(0.0, min(seconds, left))
            )
            if self._left:
                return None
            if not free:
                if left <= 0:
                    raise Refusal("streams", limit=most or 0)
                return None
            line.places = self._at_once
            line.call()
            self._place = line.join(self._learner)
            return self._place


@dataclass(frozen=True, slots=True)
class Day:
    """A day and the moment at which the next one begins, in UTC."""

    date: date
    ends: datetime


def day_of(moment: datetime, zone: str) -> Day:
    """Return which day an aware ``moment`` belongs to in ``zone``, such as ``Asia/Seoul``."""
    here = ZoneInfo(zone)
    today = moment.astimezone(here).date()
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), here)
    return Day(today, midnight.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Reservation:
    """A question that may be asked.

    ``max_tokens`` is the most that its answer may have, ``None`` where the settings say nothing;
    ``prompt_tokens`` is an estimate. Call ``ended`` or ``settle`` once, when its use is known.
    """

    max_tokens: int | None
    prompt_tokens: int = 0
    _reserved: int = 0
    _correct: Callable[[int, int], None] | None = None

    @property
    def is_counted(self) -> bool:
        return self._correct is not None

    def settle(self, used: int | None) -> None:
        """Count ``used`` tokens in place of those that were set aside; ``None`` leaves these."""
        if self._correct is not None and used is not None:
            self._correct(0, used - self._reserved)

    def ended(self, text: str, end: CallEnd, *, live: bool) -> None:
        """Count what a call has used by estimate: its prompt, and the text that came.

        The service's own count reaches no strategy. An answer that is not ``live`` may have been
        written after its reader had left: then all that was set aside stays counted.
        """
        if self.is_counted and (live or end != "stopped"):
            self.settle(self.prompt_tokens + tokens.count(text))

    def give_back(self) -> None:
        """Count nothing: it was not asked."""
        if self._correct is not None:
            self._correct(-1, -self._reserved)


class Policy:
    """Lets a learner's questions through as far as the settings allow.

    ``local`` tells whether Local Cortex answers; ``ledger`` makes the counters where they are
    needed, in which ``learner`` is a key; ``now`` is aware.
    """

    def __init__(
        self,
        settings: Settings,
        learner: str,
        *,
        local: bool,
        ledger: Callable[[], Ledger],
        queue: StreamQueue,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._limits, self._streams = settings.limits, settings.streams
        self._learner = learner
        # Local Cortex costs nothing: it is limited only if the settings say so.
        self._is_limited = settings.limits.local or not local
        self._ledger, self._queue, self._now = ledger, queue, now

    def reserve(self, model: str | None, prompt: str, max_tokens: int | None = None) -> Reservation:
        """Count a question before it is asked, or raise ``Refusal``; ``model`` may be unknown."""
        limits = self._limits
        if not self._is_limited:
            return Reservation(max_tokens)
        if model is not None and limits.models is not None and model not in limits.models:
            raise Refusal("model", models=limits.models)
        longest = limits.prompt_characters
        if longest is not None and len(prompt) > longest:
            raise Refusal("prompt", limit=longest)
        if limits.output_tokens is not None:
            max_tokens = min(max_tokens or limits.output_tokens, limits.output_tokens)
        if not limits.counts:
            return Reservation(max_tokens)
        asked = tokens.count(prompt)
        reserved = asked + (max_tokens or limits.longest_answer)
        ledger, day = self._ledger(), day_of(self._now(), limits.timezone)
        caps = Caps(*(most for quota in limits.quotas for most in quota.per_day))
        try:
            over = ledger.reserve(day.date, self._learner, reserved, caps)
        except StoreError as error:
            # A server with a limit prefers no answers to uncounted ones.
            LOG.error("Nothing can be counted, so no model is asked: %s", error.reason)  # noqa: TRY400
            raise Refusal("store") from error
        if over is not None:
            raise Refusal(over, limit=getattr(caps, over), opens=day.ends)

        def correct(requests: int, tokens: int) -> None:
            try:
                ledger.correct(day.date, self._learner, requests, tokens)
            except StoreError as error:
                # The reservation stays counted: too much rather than too little.
                LOG.warning("An answer's tokens could not be counted: %s", error.reason)

        return Reservation(max_tokens, asked, reserved, correct)

    def entry(self) -> Entry:
        """Return the way to a place for a stream, which nobody waits for yet."""
        streams = self._streams
        return Entry(
            self._queue,
            self._learner,
            most=self._limits.learner.streams_at_once,
            at_once=streams.at_once,
            queue=streams.queue,
            patience=streams.patience,
        )


def open_policy() -> Policy:
    """Return a policy without limits, for commands: no learner waits for them."""

    def no_ledger() -> Ledger:
        raise AssertionError("nothing is counted without limits")

    return Policy(Settings(), "", local=True, ledger=no_ledger, queue=StreamQueue())
