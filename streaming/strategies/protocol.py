"""The one interface that every way of streaming implements, and what helps to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from streaming.deltas import Delta
from streaming.request import CompletionRequest

__all__ = ["Strategy", "Wrapped"]

D = TypeVar("D", bound=Delta)


class Strategy(Protocol):
    """A way to get an answer as a series of deltas.

    A new strategy is a class with these three members, in its own file. Its constructor takes what
    it needs, such as a client; the options of a question are in the request.
    """

    @property
    def name(self) -> str:
        """The strategy's name in metrics and logs, such as ``"direct"``."""
        ...

    @property
    def live(self) -> bool:
        """Whether deltas arrive while the model is still writing.

        If not, the whole answer exists before the first delta, so only ``total`` limits the wait
        for it, and not ``first_chunk``.
        """
        ...

    def open(self, request: CompletionRequest) -> Iterator[Delta]:
        """Return an answer's deltas; send the request here, or when the first one is asked for.

        Joined, the strings are the answer. A strategy may join or split those of its client, but
        must not drop or change text; ``stream()`` puts whole characters together. ``""`` and
        ``None`` are no text but a sign of life, for instance from a model that is thinking. So are
        the events of ``streaming.deltas``, which code that only wants text never sees.

        One thread reads the iterator, and closes it if it has a ``close`` method. If it has a
        ``finish_reason``, which is in the service's words, the answer has ended with it; without
        one, or with ``None``, the stream ends as ``unknown_end``: an end of the deltas doesn't
        prove that nothing is missing. If it has a true ``buffered``, what comes while nobody reads
        waits, as in a socket, so several deltas may be read at once. If it has an ``abort`` method,
        any thread calls that to end a read that is waiting, at any time, more than once. (A
        generator can't have one: closing it while it runs is a ``ValueError``.)

        Raises:
            Exception: any, here or from the iterator. ``stream()`` keeps a ``StreamError`` as it is
                and turns any other into one. Before the first text or event (thinking doesn't
                count), it then asks again, if the error is retryable, and asks the fallback; after
                that it ends the stream.
        """
        ...


class Wrapped(Generic[D]):
    """What a strategy around another returns: its own ``deltas``, made by reading an ``answer``.

    ``finish_reason``, ``abort`` and ``close`` are that answer's; a generator alone would lose them.
    """

    def __init__(self, answer: Iterable[Delta], deltas: Iterator[D]) -> None:
        self._answer, self._deltas = answer, deltas

    def __iter__(self) -> Iterator[D]:
        return self._deltas

    def __next__(self) -> D:
        return next(self._deltas)

    @property
    def finish_reason(self) -> str | None:
        return getattr(self._answer, "finish_reason", None)

    def abort(self) -> None:
        getattr(self._answer, "abort", lambda: None)()

    def close(self) -> None:
        getattr(self._answer, "close", lambda: None)()
