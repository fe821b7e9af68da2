"""Programs that tests run as a learner would, in an environment that knows nothing of anybody."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def command_line(*words: str, options: tuple[str, ...] = ("--first-token", "0")) -> list[str]:
    """Return the command that runs ``words`` against a Local Cortex of its own."""
    return [sys.executable, "-m", "local_cortex", "run", *options, "--", *words]


def variables(home: Path, **more: str) -> dict[str, str]:
    """Return an environment with an empty home, in which the script answers quickly."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    quick = {"COURSE_TOKENS_PER_SECOND": "10000"}
    return {**kept, **quick, "HOME": str(home), "PYTHONPATH": str(ROOT), **more}
