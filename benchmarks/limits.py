"""Whether a stream's limits hold while the source is silent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import in_fresh_process
from streaming import CompletionRequest, Limits, StreamTimeout, stream

RUNS = 5
LIMIT_SECONDS = 0.5


class Silent:
    """A strategy whose source never gives a delta, and cannot be aborted."""

    name = "silent"
    live = True

    def __init__(self) -> None:
        self.released = threading.Event()

    def open(self, request: CompletionRequest) -> Iterator[str]:  # noqa: ARG002 - never answered
        self.released.wait()
        return iter(())


def limit_accuracy() -> list[Figure]:
    """How late ``Limits(first_chunk=0.5)`` ends a stream whose source never gives a delta.

    Seconds from the first ``next()`` to ``StreamTimeout``, less 0.5. 5 times each, for a source in
    this process that cannot be aborted, and for a socket: the real client on a Local Cortex that
    is silent for 60 s. The baseline for that is the client's own ``timeout=0.5``, from its call on,
    with a model that is silent for 3 s: the client looks at its clock only when something arrives,
    and a silence without end would never end it.
    """
    values = [_seconds_to_timeout() - LIMIT_SECONDS for _ in range(RUNS)]
    ours, theirs = json.loads(in_fresh_process("timeouts").strip().splitlines()[-1])
    if not ours:
        raise NotMeasured("the limit ended nothing")
    return [
        Figure("A limit of 500 ms on a silent source: off by", values, "limit_accuracy"),
        Figure(
            "A limit of 500 ms on a silent socket: off by",
            [seconds - LIMIT_SECONDS for seconds in ours],
            "limit_accuracy",
            baseline=[seconds - LIMIT_SECONDS for seconds in theirs],
            against="the client's own, silent for 3 s" if theirs else "the client's own: never",
        ),
    ]


def _seconds_to_timeout() -> float:
    silent = Silent()
    request = CompletionRequest(model="llama3.1-8b", prompt="Hello")
    answer = stream(silent, request, limits=Limits(first_chunk=LIMIT_SECONDS))
    began = time.perf_counter()
    try:
        next(answer)
    except StreamTimeout:
        return time.perf_counter() - began
    finally:
        silent.released.set()
    raise NotMeasured("the limit ended nothing")
