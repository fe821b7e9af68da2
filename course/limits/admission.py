"""The server's limits on the pages: who may ask a model now, and the place in the queue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import Connection, connect
from course import connection_panel, progress, script, settings
from course.language import text
from course.limits.ledgers import Ledger, SnowflakeLedger, SqliteLedger
from course.limits.policy import Policy, Reservation, spent
from course.limits.queue import Place, Queue
from course.limits.refusal import Refusal
from streaming import TextStream

__all__ = [
    "admitted",
    "allowed_models",
    "current_policy",
    "enter",
    "ledger",
    "longest_prompt",
    "reserve",
]

#: Of this server process.
QUEUE = Queue()
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
        fresh = [each for each in streams if each.status == "new"]
        reserved = _admit(connection, fresh) if fresh else None
        if reserved is None:
            yield
        else:
            with _counted(fresh, *reserved):
                yield
    finally:
        for each in mine:
            del _shown[id(each)]


@contextmanager
def _counted(
    streams: Sequence[TextStream], reservations: Sequence[Reservation], place: Place
) -> Iterator[None]:
    try:
        yield
    finally:
        # Their place is gone; a stop may have come before they were shown.
        _cancel(streams)
        place.leave()
        for stream, reservation in zip(streams, reservations, strict=True):
            if stream.metrics.total is None:  # it was not asked
                reservation.give_back()
            else:
                reservation.settle(spent(stream, reservation))


def _admit(
    connection: Connection, streams: Sequence[TextStream]
) -> tuple[list[Reservation], Place] | None:
    """Reserve what streams may use, or end them."""
    questions = [
        (each.request.model, each.request.text, each.request.max_tokens) for each in streams
    ]
    try:
        reservations, place = reserve(connection, questions)
    except Refusal as refusal:
        for stream in streams:
            stream.refuse(refusal.again())
        return None
    except BaseException:
        # Streamlit's Stop: the next run must not wait for them again.
        _cancel(streams)
        raise
    for stream, reservation in zip(streams, reservations, strict=True):
        if reservation.max_tokens is not None:
            stream.limit_output(reservation.max_tokens)
    return reservations, place


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
    passed = current_policy(connection)
    reservations: list[Reservation] = []
    try:
        for question in questions:
            reserved = passed.reserve(*question)
            reservations.append(reserved)
        return reservations, enter(passed, shown)
    except BaseException:
        for each in reservations:
            each.give_back()
        raise


def _cancel(streams: Iterable[TextStream]) -> None:
    for each in streams:
        each.cancel()


def enter(passed: Policy, shown: DeltaGenerator | None = None) -> Place:
    """Take a place for a stream, and show meanwhile how many are ahead.

    That appears in ``shown``, or where the page is now.

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

    place = passed.enter(say_place)
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
