"""The interface of what counts a day's requests and tokens.

A request is counted before it is sent, with the tokens that it may take, and set right when it has
ended. What a process leaves behind that dies meanwhile stays counted until the day is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from course.limits.refusal import Over

__all__ = ["EVERYONE", "Caps", "Ledger", "Totals", "Used", "passed"]

#: Whom the counters of all learners together are kept for.
EVERYONE = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What has been counted of a day."""

    requests: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that may be counted of a day, for a learner and for all; ``None`` is no limit."""

    learner_requests: int | None = None
    learner_tokens: int | None = None
    everyone_requests: int | None = None
    everyone_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """A day's counters, without saying whose: all of them, and how many learners they are of."""

    used: Used
    learners: int


class Ledger(Protocol):
    """Counts for many learners, in many processes; every method raises ``StoreError``."""

    def reserve(self, day: date, learner: str, tokens: int, caps: Caps) -> Over | None:
        """Count one request and its tokens, or say which limit is against it and count nothing.

        Of those that ask at the same time, no more are let through than the limits allow.
        """

    def correct(self, day: date, learner: str, requests: int, tokens: int) -> None:
        """Add to what was reserved on ``day``; both numbers may be negative."""

    def totals(self, day: date) -> Totals:
        """Return a day's counters."""


def passed(learner: Used, everyone: Used, tokens: int, caps: Caps) -> Over | None:
    """Return which limit one more request with so many tokens would pass, the learner's first."""
    wanted: tuple[tuple[Over, int, int | None], ...] = (
        ("learner_requests", learner.requests + 1, caps.learner_requests),
        ("learner_tokens", learner.tokens + tokens, caps.learner_tokens),
        ("everyone_requests", everyone.requests + 1, caps.everyone_requests),
        ("everyone_tokens", everyone.tokens + tokens, caps.everyone_tokens),
    )
    return next((name for name, count, most in wanted if most is not None and count > most), None)
