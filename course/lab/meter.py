"""Measuring what a stretch of a page's script costs: bytes for the browser, CPU time here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

__all__ = ["Meter", "metered"]


@dataclass
class Meter:
    """What was counted; ``sent`` and ``messages`` are ``None`` where Streamlit hides them.

    ``cpu`` and ``seconds`` are of the thread that was measured: its CPU time, and the clock's.
    """

    sent: int | None = None
    messages: int | None = None
    cpu: float = 0.0
    seconds: float = 0.0


@contextmanager
def metered(
    cpu: Callable[[], float] = time.thread_time, clock: Callable[[], float] = time.monotonic
) -> Iterator[Meter]:
    """Count what this thread's script sends and computes until the block is left."""
    meter = Meter()
    began, began_cpu = clock(), cpu()
    with _counting(meter):
        try:
            yield meter
        finally:
            meter.seconds, meter.cpu = clock() - began, cpu() - began_cpu


@contextmanager
def _counting(meter: Meter) -> Iterator[None]:
    # Everything that a script sends passes here, also what other threads of its run send. Read from
    # Streamlit 1.67 (runtime/scriptrunner_utils/script_run_context.py, enqueue): a private field,
    # looked for and not relied on.
    context = get_script_run_ctx(suppress_warning=True)
    send = getattr(context, "_enqueue", None)
    if context is None or not callable(send):
        yield
        return
    meter.sent = meter.messages = 0

    def count(message: ForwardMsg) -> None:
        meter.sent = (meter.sent or 0) + message.ByteSize()
        meter.messages = (meter.messages or 0) + 1
        send(message)

    context._enqueue = count
    try:
        yield
    finally:
        context._enqueue = send
