"""What runs in the process of a Local Cortex of its own; ``parent.py`` starts it."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

__all__ = ["REPORTED", "main"]

#: Errors that name a setting and its fix; they are shown to the user who asked for a session.
REPORTED = frozenset({"ModelTableError", "SettingsError", "StartError"})
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
        # The model table is read by the import.
        from local_cortex.choice import settings_from_environment
        from local_cortex.server import LocalCortex

        settings = settings_from_environment()
        cortex = LocalCortex.start(secret=secret, settings=settings)
    except Exception as error:
        if type(error).__name__ not in REPORTED:
            raise
        json.dump({"error": type(error).__name__, "text": str(error)}, report)
        report.close()
        os._exit(2)
    _end_first()
    _bound_memory(settings.memory)
    print(json.dumps({"port": cortex.port, "engine": cortex.engine}), file=report, flush=True)
    sys.stdin.buffer.read()
    # Not sys.exit: it would wait for threads, and one that computes a statement may never end.
    os._exit(0)


def _end_first() -> None:
    """Have Linux end this process with its parent, and before it where memory runs out.

    Elsewhere the end of standard input does the first, which takes Python; it may be stuck in a
    statement, and the kernel isn't.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    # Others don't need it, and it takes a hundredth of a second.
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _bound_memory(megabytes: int) -> None:
    """Let a statement that needs too much memory fail alone, where the system can see to that.

    DuckDB counts its tables but not the texts that a function builds. An allocation that the kernel
    refuses is an error of that statement; elsewhere the parent ends the process.
    """
    if sys.platform != "linux":
        return
    import resource

    # Short of what the parent allows, so that it is the statement that ends.
    most = megabytes * 900_000
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


if __name__ == "__main__":
    main()
