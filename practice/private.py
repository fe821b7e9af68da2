"""A folder that nobody else can write to."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
from pathlib import Path

__all__ = ["is_ours", "private_folder"]

LOG = logging.getLogger(__name__)

# Removed when the process ends.
_temporary: list[tempfile.TemporaryDirectory[str]] = []


def private_folder(folder: Path) -> Path:
    """Return the folder if nobody else can write there, else one that ends with the process."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_dir() and is_ours(folder) and os.access(folder, os.W_OK):
            return folder
    LOG.warning("%s is not private or cannot be written: compiling for this process only", folder)
    temporary = tempfile.TemporaryDirectory(prefix="course-practice-")
    _temporary.append(temporary)
    return Path(temporary.name)


def is_ours(path: Path) -> bool:
    """Whether it is no link, belongs to whoever runs this, and nobody else can write to it."""
    if os.name != "posix":
        return True
    found = path.stat(follow_symlinks=False)
    return (
        not stat.S_ISLNK(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & 0o022
    )
