"""What the tests of strategies against Local Cortex ask, and how they wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from streaming import CompletionRequest

PROMPT = "Explain quantum computing in simple terms."
# Generous: what is waited for takes hundredths of a second.
SECONDS = 60.0


def ask(prompt: str = PROMPT, **fields: object) -> CompletionRequest:
    return CompletionRequest.model_validate({"model": "llama3.1-8b", "prompt": prompt, **fields})


def wait_for(condition: Callable[[], bool], *, seconds: float = SECONDS) -> None:
    """Wait until ``condition()`` holds."""
    deadline = time.monotonic() + seconds
    checked = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        checked.wait(0.005)
