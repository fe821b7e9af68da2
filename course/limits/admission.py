"""The server's limits on the pages: who may ask a model now, and what a page says if not."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from connection import Connection, connect
from course import connection_panel, progress, settings
from course.language import text
from course.limits.ledgers import Ledger, Over, SnowflakeLedger, SqliteLedger
from course.limits.policy import Policy, Refusal, Reservation, StreamQueue
from course.problems import Problem, log_once, places
from course.settings import AnswerSettings
from streaming import CallEnd, CompletionRequest

#: Of this server process.
QUEUE = StreamQueue()


def current_policy(connection: Connection) -> Policy:
    """Return the policy for this session's learner; raise ``Refusal`` if the settings are wrong."""
    try:
        found = settings.read()
    except settings.SettingsError as error:
        raise Refusal("settings", problems=error.problems) from error
    return Policy(
        found,
        progress.learner().id,
        local=connection.kind == "local",
        ledger=partial(ledger, connection.kind),
        queue=QUEUE,
    )


def ledger(kind: str) -> Ledger:
    """Return where a kind of connection keeps its counters: beside the progress."""
    if kind == "snowflake":
        return SnowflakeLedger(lambda: connect().session)
    return SqliteLedger(progress.default_path())


def ask(connection: Connection, requests: Sequence[CompletionRequest]) -> Admission:
    """Decide about questions that are asked together, and count them; or raise ``Refusal``."""
    return Admission(current_policy(connection), requests)


class Admission:
    """Questions that may be asked once there is a place for them: one, or they'd wait for another.

    ``requests`` are what to ask: their answers may be shorter than was asked for. Call ``over`` for
    each of them, or ``cancel``. Any thread may call any method.
    """

    def __init__(self, policy: Policy, requests: Sequence[CompletionRequest]) -> None:
        self._entry = policy.entry()
        self._open: dict[int, Reservation] = {}
        self._lock = threading.Lock()
        #: Whether it waits for its place.
        self.running = True
        limited = []
        try:
            for number, each in enumerate(requests):
                found = policy.reserve(each.model, each.text, each.max_tokens)
                self._open[number] = found
                limited.append(each.model_copy(update={"max_tokens": found.max_tokens}))
        except BaseException:
            self.cancel()
            raise
        self.requests = tuple(limited)

    def wait(self, seconds: float) -> int | None:
        """Wait ``seconds``; return how many are ahead, ``None`` once in; or raise ``Refusal``."""
        try:
            ahead = self._entry.wait(seconds)
        except Refusal:
            self.cancel()
            raise
        with self._lock:
            if not self.running:
                return None if self._open else 1
            self.running = ahead is not None
        return ahead

    def over(self, number: int, text: str, end: CallEnd, *, live: bool = True) -> None:
        """Count the answer to one of the questions; after the last the place is given back."""
        with self._lock:
            reservation = self._open.pop(number, None)
            last = not self._open
        # The place first: the next learner should not wait for the disk.
        if last:
            self._entry.leave()
        if reservation is not None:
            reservation.ended(text, end, live=live)

    def cancel(self) -> None:
        """Ask none of those that are not over."""
        with self._lock:
            left, self._open = list(self._open.values()), {}
            self.running = False
        self._entry.leave()
        for each in left:
            each.give_back()


def longest_prompt(most: int) -> int:
    """Return how many characters a prompt may have: ``most``, or the server's limit if lower."""
    limits = _limits_in_force()
    return min(most, limits.prompt_characters or most) if limits else most


def allowed_models() -> tuple[str, ...] | None:
    """Return the models that may be asked; ``None`` if all of them may."""
    limits = _limits_in_force()
    return limits.models if limits else None


def _limits_in_force() -> settings.Limits | None:
    """Return what bounds the answers of this page's connection, if anything does."""
    try:
        limits = settings.read().limits
    except settings.SettingsError:
        return None  # no model is asked then, and the page says so
    local = connect(connection_panel.preferred()).kind == "local"
    return limits if limits.local or not local else None


def say_refusal(refusal: Refusal, *, of_exercise: bool = False) -> None:
    """Show why no model was asked, when to ask again, and what to do meanwhile."""
    if refusal.reason == "settings":
        _say_unusable(refusal.problems)
        return
    models = ", ".join(f"`{name}`" for name in refusal.models)
    said = [text("limits.practice")] if of_exercise else []
    said.append(text(f"limits.{refusal.reason}", limit=refusal.limit, models=models))
    if refusal.opens is not None:
        said.append(_when(refusal.opens, datetime.now(UTC)))
    if refusal.reason in (*get_args(Over), "store"):
        said.append(text("limits.meanwhile"))
        with suppress(settings.SettingsError):
            # Else Local Cortex answers programs, without a limit.
            limited = settings.read().limits.local or AnswerSettings.from_environment().account
            if not of_exercise and not limited:
                said[-1] += f" {text('limits.exercises')}"
    st.warning("\n\n".join(said), icon=":material/hourglass:")


def _when(opens: datetime, now: datetime) -> str:
    """Return when a day's limit starts again, by the reader's clock."""
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
    if isinstance(named, str):
        with suppress(ZoneInfoNotFoundError, OSError, ValueError):  # it may send anything
            return ZoneInfo(named).key
    with suppress(settings.SettingsError):
        return settings.read().limits.timezone
    return "UTC"


def say_if_unusable() -> None:
    """Show beside a demo that the settings cannot be used, so no model can be asked."""
    try:
        settings.read()
    except settings.SettingsError as error:
        _say_unusable(error.problems)


def _say_unusable(problems: tuple[Problem, ...]) -> None:
    log_once("The settings cannot be used, so no model is asked", problems)
    st.error(text("limits.settings", where=places(problems)), icon=":material/build:")
