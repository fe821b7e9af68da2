"""The server's limits on the pages: the gate before a model, and the place in line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import Connection, connect
from course import connection_panel, settings
from course.language import text
from course.limits.ledger import Ledger
from course.limits.policy import Gate, Reservation, spent
from course.limits.queue import Line, Place
from course.limits.refusal import Refusal
from course.limits.sqlite_ledger import SqliteLedger
from course.progress import panel as progress_panel
from course.progress.database import default_path
from streaming import TextStream

__all__ = [
    "admitted",
    "allowed_models",
    "enter",
    "gate",
    "ledger",
    "longest_prompt",
]

#: Of this server process.
LINE = Line()
# The ids of streams that a run of a page is showing or waiting with, and something that is this
# run's own. Streamlit begins a rerun before the run that it interrupts has ended.
_shown: dict[int, object] = {}


def gate(connection: Connection) -> Gate:
    """Return the gate for whoever is learning in this session.

    Raises:
        Refusal: the settings cannot be used.
    """
    try:
        found = settings.read()
    except settings.SettingsError as error:
        raise Refusal("settings", problems=error.problems) from error
    return Gate(
        found,
        progress_panel.learner().id,
        local=connection.kind == "local",
        ledger=partial(ledger, connection.kind),
        line=LINE,
    )


def ledger(kind: str) -> Ledger:
    """Return where a kind of connection keeps its counters: beside the progress."""
    if kind == "snowflake":
        from course.limits.snowflake_ledger import SnowflakeLedger

        return SnowflakeLedger(lambda: connect().session)
    return SqliteLedger(default_path())


@contextmanager
def admitted(connection: Connection, *streams: TextStream) -> Iterator[None]:
    """Let streams pass the gate before they are started in here, and count them when they end.

    Several are all let in or none, and have one place together: they would wait for each other.
    Those that must not be asked have ended with a ``Refusal`` by then. One that was started before,
    or has ended, is nobody's business here.
    """
    me = object()
    mine = [each for each in streams if _shown.setdefault(id(each), me) is me]
    try:
        if len(mine) < len(streams):
            # A run that this one interrupts has not noticed yet; a rerun ends its streams.
            _cancel(streams)
        fresh = [each for each in streams if each.status == "new"]
        let_in = _let_in(connection, fresh) if fresh else None
        if let_in is None:
            yield
        else:
            with _counted(fresh, *let_in):
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
        # They have no place any more; an order to stop may have come before they were shown.
        _cancel(streams)
        place.leave()
        for stream, reservation in zip(streams, reservations, strict=True):
            if stream.metrics.total is None:
                # Nor was it asked.
                reservation.give_back()
            else:
                reservation.settle(spent(stream, reservation))


def _let_in(
    connection: Connection, streams: Sequence[TextStream]
) -> tuple[list[Reservation], Place] | None:
    """Let streams pass the gate, or end them."""
    reservations: list[Reservation] = []
    try:
        passed = gate(connection)
        try:
            for request in (each.request for each in streams):
                reserved = passed.reserve(request.model, request.text, request.max_tokens)
                reservations.append(reserved)
            place = enter(passed)
        except BaseException:
            # They were not asked.
            for each in reservations:
                each.give_back()
            raise
    except Refusal as refusal:
        for stream in streams:
            stream.refuse(refusal.again())
        return None
    except BaseException:
        # Streamlit's Stop: the next run is not to wait for them anew.
        _cancel(streams)
        raise
    for stream, reservation in zip(streams, reservations, strict=True):
        if reservation.max_tokens is not None:
            stream.limit_output(reservation.max_tokens)
    return reservations, place


def _cancel(streams: Iterable[TextStream]) -> None:
    for each in streams:
        each.cancel()


def enter(gate: Gate, shown: DeltaGenerator | None = None) -> Place:
    """Take a place for a stream, and show how many are ahead while it is waited for.

    That is shown in ``shown``, or where the page is now.

    Raises:
        Refusal: there is none.
    """
    last = -1

    def say_place(ahead: int) -> None:
        nonlocal last, shown
        # Reading the session state is where Streamlit lets a waiting script be stopped.
        _ = "limits" in st.session_state
        if ahead != last:
            last = ahead
            # Not before: where nobody waits, a message to each page would only cost.
            shown = shown or st.empty()
            shown.info(text("limits.waiting", ahead=ahead), icon=":material/group:")

    place = gate.enter(say_place)
    try:
        if shown is not None and last >= 0:
            shown.empty()
    except BaseException:
        # An order to stop, which any message to the page may bring.
        place.leave()
        raise
    return place


def longest_prompt(most: int) -> int:
    """Return how many characters a prompt may have: ``most``, unless the server says less."""
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
        return None  # nothing is asked then, and the page says so
    local = connect(connection_panel.preferred()).kind == "local"
    return limits if limits.local or not local else None
