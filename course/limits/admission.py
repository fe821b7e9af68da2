"""The server's limits on the pages: who may ask a model now, and what a page says if not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import Connection, connect
from course import connection_panel, progress, script, settings
from course.language import text
from course.limits.ledgers import Ledger, Over, SnowflakeLedger, SqliteLedger
from course.limits.policy import Policy, Refusal, Reservation, StreamQueue, spent
from course.problems import Problem, log_once, places
from course.settings import AnswerSettings
from streaming import Place, TextStream

__all__ = [
    "admitted",
    "allowed_models",
    "current_policy",
    "enter",
    "ledger",
    "longest_prompt",
    "reserve",
    "say_if_unusable",
    "say_refusal",
]

#: Of this server process.
QUEUE = StreamQueue()
# The ids of streams that a page's run shows or waits with, and an object of that run. Streamlit
# begins a rerun before the run that it interrupts has ended.
_shown: dict[int, object] = {}


def current_policy(connection: Connection) -> Policy:
    """Return the policy for this session's learner.

    Raises:
        Refusal: the settings cannot be used.
    """
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


@contextmanager
def admitted(connection: Connection, *streams: TextStream) -> Iterator[None]:
    """Admit streams before they start in here, and count them when they end.

    All or none are admitted, on one place: on several they would wait for each other. Those that
    must not ask have ended with a ``Refusal`` by then. A stream that has started is left alone.
    """
    me = object()
    mine = [each for each in streams if _shown.setdefault(id(each), me) is me]
    try:
        if len(mine) < len(streams):
            # A run that this one interrupts has not noticed yet; a rerun ends its streams.
            _cancel(streams)
        with _let_in(connection, [each for each in streams if each.status == "new"]):
            yield
    finally:
        for each in mine:
            del _shown[id(each)]


@contextmanager
def _let_in(connection: Connection, streams: Sequence[TextStream]) -> Iterator[None]:
    if not streams:
        yield
        return
    asked = [(each.request.model, each.request.text, each.request.max_tokens) for each in streams]
    reservations: list[Reservation] = []
    place: Place | None = None
    try:
        try:
            reservations, place = reserve(connection, asked)
        except Refusal as refusal:
            for stream in streams:
                stream.refuse(refusal.again())
        for stream, reservation in zip(streams, reservations, strict=False):
            if reservation.max_tokens is not None:
                stream.limit_output(reservation.max_tokens)
        yield
    finally:
        # Their place is gone, or Streamlit's Stop came before they were shown.
        _cancel(streams)
        if place is not None:
            place.leave()
        for stream, reservation in zip(streams, reservations, strict=False):
            if stream.metrics.total is None:  # it was not asked
                reservation.give_back()
            else:
                reservation.settle(spent(stream, reservation))


def reserve(
    connection: Connection,
    questions: Iterable[tuple[str, str, int | None]],
    shown: DeltaGenerator | None = None,
) -> tuple[list[Reservation], Place]:
    """Count questions of (model, prompt, tokens at most), all or none, and take one place for them.

    ``shown`` is where a wait for the place is shown, see ``enter``.

    Raises:
        Refusal: they must not be asked.
    """
    policy = current_policy(connection)
    reservations: list[Reservation] = []
    try:
        for question in questions:
            reservations.append(policy.reserve(*question))  # noqa: PERF401 - each is given back
        return reservations, enter(policy, shown)
    except BaseException:
        for each in reservations:
            each.give_back()
        raise


def _cancel(streams: Iterable[TextStream]) -> None:
    for each in streams:
        each.cancel()


def enter(policy: Policy, shown: DeltaGenerator | None = None) -> Place:
    """Take a place for a stream; say meanwhile, in ``shown`` or here, how many are ahead.

    Raises:
        Refusal: there is none.
    """
    last = -1

    def say_place(ahead: int) -> None:
        nonlocal last, shown
        script.allow_stop()
        if ahead != last:
            last = ahead
            # Only now: without a wait, a message to each page would be wasted.
            shown = shown or st.empty()
            shown.info(text("limits.waiting", ahead=ahead), icon=":material/group:")

    place = policy.enter(say_place)
    try:
        if shown is not None and last >= 0:
            shown.empty()
    except BaseException:
        # A stop, which any message to the page may bring.
        place.leave()
        raise
    return place


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
    """Say why no model was asked, when to ask again, and what to do meanwhile."""
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
    if isinstance(named, str):
        with suppress(ZoneInfoNotFoundError, OSError, ValueError):  # it may send anything
            return ZoneInfo(named).key
    with suppress(settings.SettingsError):
        return settings.read().limits.timezone
    return "UTC"


def say_if_unusable() -> None:
    """Say beside a demo that the settings cannot be used, so no model can be asked."""
    try:
        settings.read()
    except settings.SettingsError as error:
        _say_unusable(error.problems)


def _say_unusable(problems: tuple[Problem, ...]) -> None:
    log_once("The settings cannot be used, so no model is asked", problems)
    st.error(text("limits.settings", where=places(problems)), icon=":material/build:")
