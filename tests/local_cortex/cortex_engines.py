"""Engines for tests: each misbehaves in one way, and tells when it was started and stopped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable

from local_cortex.engines import Call, Delta, End, Message, Thinking, Usage

# What is waited for takes hundredths of a second, unless the machine is busy.
PATIENCE = 60.0
END = End("stop", Usage(prompt_tokens=1, completion_tokens=2))


class Playing:
    """Plays a list: text is a delta, an exception is raised, and ``None`` waits for ever.

    ``calls`` holds what was asked, ``waiting`` is set when the engine waits for ever, and
    ``stopped`` when an answer ended, however it did.
    """

    name = "playing"

    def __init__(self, *parts: str | Exception | Thinking | End | None) -> None:
        self.parts = parts
        self.calls: list[Call] = []
        self.waiting = threading.Event()
        self.stopped = threading.Event()

    async def stream(self, call: Call) -> AsyncGenerator[Delta | Thinking | End, None]:
        self.calls.append(call)
        try:
            for part in self.parts:
                # As any engine must: a cancellation gets its turn.
                await asyncio.sleep(0)
                if isinstance(part, str):
                    yield Delta(part)
                elif isinstance(part, Thinking | End):
                    yield part
                elif part is None:
                    self.waiting.set()
                    await asyncio.Event().wait()
                else:
                    raise part
        finally:
            self.stopped.set()


def call(prompt: str = "hi", *, model: str = "llama3.1-8b", max_tokens: int = 100) -> Call:
    """Build a call; a test states only what differs."""
    return Call(model=model, messages=(Message("user", prompt),), max_tokens=max_tokens)


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait until a condition holds, and no longer than ``seconds``; tell whether it does."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.002)
    return condition()
