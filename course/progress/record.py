"""One learner's progress: in memory first, so that a lesson goes on whatever the disk does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from course import moved
from course.progress.facts import MOST_VALUE, Fact, Key, Kind, merged, renamed, room_for
from course.progress.stores import Reason, Store, StoreError

LOG = logging.getLogger(__name__)
OPENED_EVERY = timedelta(minutes=1)  # a rerun of a page is not another visit
RETRY_SECONDS = 10.0  # a store that failed is left alone for a while, or every click would wait


def _now() -> datetime:
    return datetime.now(UTC)


class Progress:
    """What a page knows and notes of its learner.

    ``failure`` is why the last attempt to read or keep something failed, or None. What could not be
    kept stays in memory, is part of an export, and is tried again. What has moved is known by its
    new name; the store's rows keep the names that they have, so that an older course can read them.
    """

    def __init__(
        self,
        store: Store,
        learner: str,
        *,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
        names: Callable[[], moved.Moved] = moved.kept,
    ) -> None:
        self._store, self._learner = store, learner
        self._now, self._clock = now, clock
        self._names = names
        self._facts: dict[Key, Fact] = {}
        self._pending: dict[Key, Fact] = {}
        self._read_at: float | None = None
        self._failed_at: float | None = None
        self.failure: Reason | None = None
        # An exercise is solved in a thread of its own.
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read what other browsers of the same learner have kept meanwhile; called once a run."""
        with self._lock:
            now, fresh_for = self._clock(), self._store.fresh_for
            if (self._read_at is not None and now - self._read_at < fresh_for) or self._resting():
                return
            try:
                kept = self._store.load(self._learner)
            except StoreError as error:
                self._fail(error)
                return
            # The store knows what another browser has forgotten; only what it never got is added.
            self._facts = merged(renamed(kept, self._names()), self._pending.values())
            self._read_at = now
            self._save()

    def record(self, lesson: str, kind: Kind, item: str = "", value: str = "") -> None:
        """Note something; what is known already is not written again.

        A value longer than ``MOST_VALUE`` is no program that can be run, and is not noted.
        """
        with self._lock:
            if len(value) > MOST_VALUE:
                return
            key: Key = (lesson, kind, item)
            known, now = self._facts.get(key), self._now()
            if known and known.value == value:
                visited = lesson != self.last_opened() or now - known.at >= OPENED_EVERY
                if kind != "opened" or not visited:
                    return
            # What is done now is later than what was done before, whatever the clocks said; and of
            # all lessons, the one that is opened now is the one that was opened last.
            before = [known.at] if known else []
            if kind == "opened":
                before = [fact.at for fact in self._facts.values() if fact.kind == "opened"]
            now = max([now, *(at + timedelta(microseconds=1) for at in before)])
            # A new dictionary: a page may be looking through this one.
            fact = self._pending[key] = Fact(lesson, kind, item, value, now)
            self._facts = {**self._facts, key: fact}
            if not self._resting():
                self._save()

    def unsaved(self, lesson: str, kind: Kind, item: str = "") -> bool:
        return (lesson, kind, item) in self._pending

    def has(self, lesson: str, kind: Kind, item: str = "") -> bool:
        return (lesson, kind, item) in self._facts

    def value(self, lesson: str, kind: Kind, item: str = "") -> str | None:
        """Return a fact's value, or None if there is no such fact."""
        fact = self._facts.get((lesson, kind, item))
        return fact.value if fact else None

    def last_opened(self) -> str | None:
        """Return the lesson that was opened last, or None before the first."""
        opened = [fact for fact in self._facts.values() if fact.kind == "opened"]
        return max(opened, key=lambda fact: fact.at).lesson if opened else None

    def reset(self, *, keep_solved: bool = True) -> None:
        """Forget everything, or everything but what was solved and answered."""
        with self._lock:
            kept = {"solved", "answered"} if keep_solved else set()
            try:
                # Another browser may have kept something since this one has looked.
                stored = self._store.load(self._learner)
                self._facts = merged(renamed(stored, self._names()), self._pending.values())
                # Under the names in the store as well, or what has moved would come back.
                known_keys = {*self._facts, *(fact.key for fact in stored)}
                gone = {key for key in known_keys if key[1] not in kept}
                self._store.forget(self._learner, gone)
            except StoreError as error:
                # Forgotten only here, it would be back with the next refresh.
                self._fail(error)
                return
            for known in (self._facts, self._pending):
                for key in gone & known.keys():
                    del known[key]
            self._succeed()

    def export(self) -> str:
        """Return all of it as text that ``import_`` reads; who the learner is stays out of it."""
        from course.progress.transfer import dump

        return dump(self._facts.values())

    def import_(self, text: str, lessons: Collection[str]) -> tuple[int, int]:
        """Add an export; return how much is new here, and how much there is no room for.

        ``lessons`` are the course's, whose facts come first. Nothing that was here is lost. Raises
        ``ImportProblem`` if the text is no export.
        """
        from course.progress.transfer import parse

        with self._lock:
            now, known = self._now(), dict(self._facts)
            # A clock that runs ahead must not make its facts win forever.
            given = [
                fact if fact.at <= now else Fact(*fact.key, fact.value, now) for fact in parse(text)
            ]
            given = renamed(given, self._names())
            taken, left = room_for(given, known.values(), lessons)
            self._facts = merged(taken, known.values())
            new = {key: fact for key, fact in self._facts.items() if known.get(key) != fact}
            self._pending |= new
            self._save()
            return len(new), left

    def _save(self) -> None:
        if self._pending:
            try:
                self._store.save(self._learner, list(self._pending.values()))
            except StoreError as error:
                self._fail(error)
                return
            self._pending.clear()
        self._succeed()

    def _resting(self) -> bool:
        return self._failed_at is not None and self._clock() - self._failed_at < RETRY_SECONDS

    def _fail(self, error: StoreError) -> None:
        self.failure, self._failed_at = error.reason, self._clock()
        # The cause's text may name the account.
        cause = error.__cause__
        number = getattr(cause, "errno", None) or getattr(cause, "sql_error_code", None)
        LOG.warning(
            "Progress is not kept: %s (%s, number %s)", error.reason, type(cause).__name__, number
        )

    def _succeed(self) -> None:
        self.failure = self._failed_at = None
