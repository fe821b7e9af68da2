"""Why a model is not asked: a limit of this server, which is no fault of whoever asks."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from course.problems import Problem
from streaming import StreamUnavailable

__all__ = ["PER_DAY", "Over", "Reason", "Refusal"]

#: Which of a day's limits has been reached.
Over = Literal["learner_requests", "learner_tokens", "everyone_requests", "everyone_tokens"]
PER_DAY: tuple[Over, ...] = (
    *("learner_requests", "learner_tokens"),
    *("everyone_requests", "everyone_tokens"),
)
#: ``settings``: the file cannot be used; ``store``: the counters cannot be reached; ``streams``:
#: the learner's own are running; ``queue``: it is full; ``patience``: the wait was too long.
Reason = Over | Literal["settings", "store", "model", "prompt", "streams", "queue", "patience"]


class Refusal(StreamUnavailable):
    """A model is not asked because of ``reason``; a stream may end with it.

    ``limit`` is the number that was reached, ``opens`` when a day's limit begins anew, ``models``
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
        self.limit = limit
        self.opens = opens
        self.models = models
        self.problems = problems

    def again(self) -> Refusal:
        """Return a copy to keep: without the traceback, which holds all of a script's run."""
        return Refusal(
            self.reason,
            limit=self.limit,
            opens=self.opens,
            models=self.models,
            problems=self.problems,
        )
