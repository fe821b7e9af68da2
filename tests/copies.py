"""A copy of the course that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

from course import ROOT

__all__ = ["copy_of_the_course"]

# What the course needs in order to run.
FOLDERS = (
    "pages",
    "lessons",
    "course",
    "streaming",
    "local_cortex",
    "practice",
    "account",
    ".streamlit",
)
FILES = ("Home.py", "connection.py", "pyproject.toml")


def copy_of_the_course(folder: Path) -> Path:
    """Copy what runs into ``folder``, and return the copy's root."""
    root = folder / "course_copy"
    for name in FOLDERS:
        unwanted = shutil.ignore_patterns("__pycache__", "secrets.toml")
        shutil.copytree(ROOT / name, root / name, ignore=unwanted)
    for name in FILES:
        shutil.copy(ROOT / name, root)
    return root
