"""How much a stream holds for a reader who does not come."""

from __future__ import annotations

import queue
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count

from benchmarks.budgets import BUFFER_CHARS, MEGABYTE
from benchmarks.figures import Figure
from benchmarks.overhead import REQUEST, Preset
from streaming import Limits, stream

RUNS = 3
STALL_SECONDS = 1.0
# Where the baseline, which has no limit, is stopped.
ENOUGH = 50 * MEGABYTE
CHECK_EVERY = 1_000


def peak_memory() -> list[Figure]:
    """Bytes that Python allocated, at most, while a source without end meets a stalled reader.

    Read by ``tracemalloc``. The source gives deltas of 5 characters as fast as it can; the reader
    takes one piece and then nothing for 1 s; 3 times. ``Limits(buffer_chars=100_000)``. The
    baseline is an unbounded ``queue.Queue`` that a thread fills from the same source for the same
    second, stopped at 50 MB.
    """
    ours = [_peak(_stream) for _ in range(RUNS)]
    baseline = [_peak(_queue) for _ in range(RUNS)]
    return [
        Figure(
            "Peak memory: a source without end, a stalled reader",
            ours,
            "peak_memory",
            "bytes",
            baseline=baseline,
            against="queue.Queue without a limit",
        )
    ]


def _peak(fill: Callable[[], None]) -> float:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        fill()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def _stream() -> None:
    limits = Limits(buffer_chars=BUFFER_CHARS)
    with stream(Preset(_without_end()), REQUEST, limits=limits) as answer:
        next(answer)
        time.sleep(STALL_SECONDS)


def _queue() -> None:
    waiting: queue.Queue[str] = queue.Queue()
    stop = threading.Event()

    def read() -> None:
        for number, delta in enumerate(_without_end()):
            waiting.put(delta)
            if number % CHECK_EVERY == 0 and (
                stop.is_set() or tracemalloc.get_traced_memory()[0] > ENOUGH
            ):
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    waiting.get()
    time.sleep(STALL_SECONDS)
    stop.set()
    reader.join()


def _without_end() -> Iterator[str]:
    """Yield deltas that are all objects of their own."""
    return (f"{number % 10_000:04d} " for number in count())
