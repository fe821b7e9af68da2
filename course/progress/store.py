"""The interface of what keeps progress."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, Protocol

from course.progress.facts import Fact, Key

__all__ = ["Reason", "Store", "StoreError"]

Reason = Literal["locked", "damaged", "read_only", "full", "newer", "unavailable"]


class StoreError(Exception):
    """Progress could not be read or kept; ``reason`` says why, without a secret in it."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


class Store(Protocol):
    """Keeps the facts of many learners. Every method raises ``StoreError`` where it fails."""

    #: Seconds for which what was read stays fresh enough: 0 where reading costs next to nothing.
    fresh_for: float

    def load(self, learner: str) -> list[Fact]:
        """Return a learner's facts; none if the learner is new."""

    def save(self, learner: str, facts: Iterable[Fact]) -> None:
        """Keep facts; one that is older than what is kept changes nothing."""

    def forget(self, learner: str, keys: Collection[Key]) -> None:
        """Remove the facts with these keys."""
