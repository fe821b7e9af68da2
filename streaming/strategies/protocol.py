"""The one interface that every way of streaming implements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from streaming.request import CompletionRequest

__all__ = ["Abortable", "Ending", "Strategy"]


class Strategy(Protocol):
    """A way to get an answer as a series of deltas.

    A new strategy is a class with these three members, in a file of its own; nothing else changes.
    """

    @property
    def name(self) -> str:
        """What the strategy is called in metrics and logs, such as ``"direct"``."""
        ...

    @property
    def live(self) -> bool:
        """Whether deltas arrive while the model is still writing.

        If not, nobody waits for the model any more once the first delta is there.
        """
        ...

    def open(self, request: CompletionRequest) -> Iterator[str]:
        """Return the deltas of an answer; the request is sent here, or when the first is asked for.

        The iterator may yield ``""`` and ``None``: no text, but a sign of life, such as a model
        gives that thinks before it answers. It is read by one thread at a time, and not always by
        the same. If it has a ``close`` method, the thread that has read it last calls that. See
        also :class:`Abortable` and :class:`Ending`.
        """
        ...


@runtime_checkable
class Abortable(Protocol):
    """A delta iterator whose blocked read can be ended from another thread.

    A generator cannot: closing it while it runs is a ``ValueError``.
    """

    def abort(self) -> None:
        """End a read that is waiting; safe to call from any thread, at any time, twice."""
        ...


@runtime_checkable
class Ending(Protocol):
    """A delta iterator that knows how its answer ended.

    Without one, or with ``None``, a stream's status at its end is ``unknown_end``: that no more
    came is no evidence that nothing is missing.
    """

    finish_reason: str | None
    """In the service's words: ``"stop"``, ``"length"`` where ``max_tokens`` cut the answer..."""
