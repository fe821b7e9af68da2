"""The one place where the lab's calls of a model begin, and what each way of streaming is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import streamlit as st

from connection import Connection
from course.connection_panel import relayed
from course.lab.wire_record import Watched, WireRecord
from course.limits import admission as limits_panel
from course.limits.refusal import Refusal
from local_cortex import models, speed
from streaming import (
    CompletionRequest,
    DirectStrategy,
    Limits,
    Pace,
    SimulatedStrategy,
    Strategy,
    TextStream,
    stream,
)

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = [
    "LIMITS",
    "MODEL",
    "PACES",
    "Settings",
    "Way",
    "can_set_speed",
    "let_in",
    "let_in_programs",
    "model_name",
    "open_stream",
    "open_watched",
]

#: direct: method 1 as it comes; custom: method 2; ours: method 1 through the course's pipeline.
Way = Literal["direct", "custom", "ours"]

MODEL = models.DEFAULTS[0]
#: The relay waits two minutes for a model that has to be loaded. Method 2 may type on after that.
LIMITS = Limits(first_chunk=130.0, total=300.0, buffer_chars=20_000)
# More than the script's longest answer, and a bound of what a run costs on an account.
MAX_TOKENS = 1_500
# The wire is looked at for its first events only, and slowly enough to be followed by eye.
WATCHED_TOKENS = 60
WATCHED_SPEED = 8.0
SPLIT_EMOJI = "fault-split-emoji"
#: Name -> how fast ours shows text: as even as the course does it, in larger steps, like a
#: typewriter, or as it comes.
PACES: Mapping[str, Pace] = {
    "smooth": Pace(),
    "calm": Pace(tick=0.125),
    "typewriter": Pace.typewriter(60),
    "off": Pace.off(),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run compares.

    Args:
        ways: which ways of streaming.
        question: what all of them ask.
        tokens_per_second: the speed asked of Local Cortex's script; ``None`` for its own.
        chunk_size: characters in a slice of method 2.
        delay: seconds between two of its slices.
        pace: the name of our pace, one of ``PACES``.
        name: the model's.
    """

    ways: tuple[Way, ...]
    question: str
    tokens_per_second: float | None = None
    chunk_size: int = 5
    delay: float = 0.05
    pace: str = "smooth"
    name: str = MODEL

    @property
    def model(self) -> str:
        """The model's name, as it is sent."""
        if self.tokens_per_second is None:
            return self.name
        return speed.with_speed(self.name, self.tokens_per_second)


def can_set_speed(connection: Connection) -> bool:
    """Tell whether it is a script that answers, by any name: no other speed can be chosen."""
    script = connection.kind == "local" and not relayed()
    return script and limits_panel.allowed_models() is None


def model_name() -> str:
    """Return which model is asked: the usual one, or the first that this server allows."""
    allowed = limits_panel.allowed_models()
    return MODEL if not allowed or MODEL in allowed else allowed[0]


@contextmanager
def let_in(connection: Connection, *streams: TextStream) -> Iterator[None]:
    """Let streams pass this server's gate before they are started in here.

    Raises:
        Refusal: none of them may be.
    """
    with limits_panel.admitted(connection, *streams):
        for each in streams:
            if isinstance(each.error, Refusal):
                raise each.error.again()
        yield


@contextmanager
def let_in_programs(connection: Connection, model: str, prompts: Sequence[str]) -> Iterator[None]:
    """Let programs pass the gate that ask a model these prompts, all of them or none.

    What they use is not known, so what was set aside for them stays counted.

    Raises:
        Refusal: they must not ask.
    """
    gate = limits_panel.gate(connection)
    reservations = []
    try:
        for prompt in prompts:
            reserved = gate.reserve(model, prompt)
            reservations.append(reserved)
        place = limits_panel.enter(gate, st.empty())
    except BaseException:
        for each in reservations:
            each.give_back()
        raise
    try:
        yield
    finally:
        place.leave()


def open_stream(session: Session, way: Way, settings: Settings) -> TextStream:
    """Return a stream of this way; the request is sent at its first ``next``."""
    request = CompletionRequest(
        model=settings.model, prompt=settings.question, max_tokens=MAX_TOKENS
    )
    strategy: Strategy = DirectStrategy(session)
    if way == "custom":
        strategy = SimulatedStrategy(
            DirectStrategy(session).open, chunk_size=settings.chunk_size, delay=settings.delay
        )
    pace = PACES[settings.pace] if way == "ours" else Pace.off()
    return stream(strategy, request, pace=pace, limits=LIMITS)


def open_watched(
    session: Session, name: str, question: str, record: WireRecord, *, local: bool
) -> TextStream:
    """Return a stream through the course's pipeline that notes in ``record`` what passes.

    On Local Cortex (``local``) the model is one that also tears an emoji.
    """
    model = speed.with_speed(SPLIT_EMOJI, WATCHED_SPEED) if local else name
    request = CompletionRequest(model=model, prompt=question, max_tokens=WATCHED_TOKENS)
    strategy = Watched(DirectStrategy(session, tap=record.tap), record)
    return stream(strategy, request, limits=LIMITS)
