"""Why no model is asked, a limit of this server or its settings, and what the page says then."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from course import settings
from course.language import text
from course.problems import Problem, places
from course.settings import AnswerSettings
from streaming import StreamUnavailable

__all__ = ["PER_DAY", "Over", "Reason", "Refusal", "say_if_unusable", "say_refusal"]

#: Which of a day's limits has been reached.
Over = Literal["learner_requests", "learner_tokens", "everyone_requests", "everyone_tokens"]
PER_DAY: tuple[Over, ...] = get_args(Over)
#: ``settings``: the file cannot be used; ``store``: the counters cannot be reached; ``streams``:
#: the learner's own are running; ``queue``: it is full; ``patience``: the wait was too long.
Reason = Over | Literal["settings", "store", "model", "prompt", "streams", "queue", "patience"]

LOG = logging.getLogger(__name__)


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


def say_refusal(refusal: Refusal, *, of_exercise: bool = False) -> None:
    """Say why no model was asked, when to ask again, and what to do meanwhile."""
    if refusal.reason == "settings":
        _say_unusable(refusal.problems)
        return
    models = ", ".join(f"`{name}`" for name in refusal.models)
    said = [text("limits.practice")] if of_exercise else []
    said.append(text(f"limits.{refusal.reason}", limit=refusal.limit, models=models))
    if refusal.opens is not None:
        said.append(_when(refusal.opens, datetime.now(UTC)))
    if refusal.reason in (*PER_DAY, "store"):
        said.append(text("limits.meanwhile"))
        if not of_exercise and _exercises_are_free():
            said[-1] += f" {text('limits.exercises')}"
    st.warning("\n\n".join(said), icon=":material/hourglass:")


def _exercises_are_free() -> bool:
    """Tell whether programs are answered by Local Cortex, and that is not limited."""
    try:
        return not (settings.read().limits.local or AnswerSettings.from_environment().account)
    except settings.SettingsError:
        return False


def _when(opens: datetime, now: datetime) -> str:
    """Say when a day's limit starts again, by the reader's clock."""
    if opens <= now:
        return text("limits.open_again")
    zone = _readers_zone()
    # Rounded up, so that a reader who comes back then is not too early.
    hours, minutes = divmod(math.ceil((opens - now).total_seconds() / 60), 60)
    wait = text("limits.hours" if hours else "limits.minutes", hours=hours, minutes=minutes)
    time = f"{opens.astimezone(ZoneInfo(zone)):%H:%M}"
    return text("limits.opens", time=time, zone=zone, wait=wait)


def _readers_zone() -> str:
    """Return the zone of the reader's browser, or that of the counters."""
    named = st.context.timezone
    try:
        return ZoneInfo(named).key if isinstance(named, str) else _servers_zone()
    except (ZoneInfoNotFoundError, OSError, ValueError):  # the browser may send anything
        return _servers_zone()


def _servers_zone() -> str:
    try:
        return settings.read().limits.timezone
    except settings.SettingsError:
        return "UTC"


def say_if_unusable() -> None:
    """Say beside a demo that the settings cannot be used, so no model can be asked."""
    try:
        settings.read()
    except settings.SettingsError as error:
        _say_unusable(error.problems)


def _say_unusable(problems: tuple[Problem, ...]) -> None:
    _log_once(problems)
    st.error(text("limits.settings", where=places(problems)), icon=":material/build:")


@lru_cache(maxsize=8)
def _log_once(problems: tuple[Problem, ...]) -> None:
    said = "\n".join(map(str, problems))
    LOG.error("The settings cannot be used, so no model is asked:\n%s", said)
