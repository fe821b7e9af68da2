"""What runs in the process of a Local Cortex of its own; ``parent.py`` starts it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from local_cortex.environment import ModelTableError, Settings, SettingsError, StartError

# Of Linux's prctl(2).
PR_SET_PDEATHSIG = 1


def main() -> NoReturn:
    """Serve until the parent closes our standard input, which its end does, too."""
    secret = sys.stdin.buffer.readline().decode().strip()
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Keep what a library prints out of the report.
    with suppress(OSError):
        os.dup2(2, 1)
    try:
        # The import reads the model table.
        from local_cortex.server import LocalCortex

        settings = Settings.from_environment(os.environ)
        cortex = LocalCortex.start(secret=secret, settings=settings)
    except (ModelTableError, SettingsError, StartError) as error:
        json.dump({"error": type(error).__name__, "text": str(error)}, report)
        report.close()
        os._exit(2)
    _end_first()
    with bounded_memory(settings.memory):
        print(json.dumps({"port": cortex.port, "engine": cortex.engine}), file=report, flush=True)
        sys.stdin.buffer.read()
        # Not sys.exit: it would wait for threads, and one that computes a statement may never end.
        os._exit(0)


def _end_first() -> None:
    """Have Linux end this process with its parent, even if Python is stuck in a statement."""
    if sys.platform != "linux":
        return
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    # Others don't need it, and it takes a hundredth of a second.
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def bounded_memory(megabytes: int) -> Iterator[None]:
    """Let a statement fail alone, on Linux, at nine tenths of this: DuckDB counts no texts."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 900_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


if __name__ == "__main__":
    main()
