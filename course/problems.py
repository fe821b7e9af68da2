"""What is wrong with a lesson, in words that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["LessonError", "Problem", "not_python", "short", "unreadable"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and how to mend it.

    ``line`` counts from 1; 0 means the file as a whole. A ``warning`` fails no check.
    """

    path: Path
    line: int
    what: str
    fix: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{short(self.path)}:{self.line}" if self.line else short(self.path)
        # What is quoted may end in a full stop of its own.
        end = "" if self.fix.endswith("?") else "."
        return f"{place}: {self.what.rstrip('.')}. {self.fix}{end}"


class LessonError(Exception):
    """A lesson cannot be used; ``problems`` says why, and so does the text, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def unreadable(
    path: Path, error: OSError | UnicodeDecodeError, fix: str = "Save it as UTF-8, or make it anew"
) -> Problem:
    """Say that a file cannot be read, and why."""
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    return Problem(path, 0, f"cannot be read ({reason})", fix)


def not_python(path: Path, error: SyntaxError | ValueError) -> Problem:
    """Say that a file is not valid Python, and where."""
    line, said = (error.lineno, error.msg) if isinstance(error, SyntaxError) else (0, str(error))
    return Problem(path, line or 0, f"is not valid Python: {said}", "Correct it")


def short(path: Path) -> str:
    """Name a file from the course's folder on: what an instructor knows it by."""
    for folder in ("lessons", "pages"):
        if folder in path.parts:
            last = len(path.parts) - 1 - path.parts[::-1].index(folder)
            return "/".join(path.parts[last:])
    return path.name
