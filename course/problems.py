"""What is wrong with one of the course's files: where, what, and how to fix it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from practice.sources import SourceError

LOG = logging.getLogger(__name__)

#: What one message quotes of a file, in characters.
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and how to fix it.

    ``line`` counts from 1; 0 means the file as a whole. A ``warning`` fails no check.
    """

    path: Path
    line: int
    what: str
    fix: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{short(self.path)}:{self.line}" if self.line else short(self.path)
        return f"{place}: {_ended(self.what)} {_ended(self.fix)}"


class LessonError(Exception):
    """A file cannot be used; ``problems`` says why, and so does the text, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def problem_of(error: SourceError) -> Problem:
    return Problem(error.path, error.line, error.what, error.fix)


def to_json(problems: Iterable[Problem]) -> str:
    """Return problems for another process, which reads them with ``from_json``."""
    return json.dumps(
        [(str(each.path), each.line, each.what, each.fix, each.severity) for each in problems]
    )


def from_json(text: str) -> list[Problem]:
    return [Problem(Path(path), *rest) for path, *rest in json.loads(text)]


@contextmanager
def reading() -> Iterator[None]:
    """Raise a ``LessonError`` where ``practice.sources`` cannot use a file."""
    try:
        yield
    except SourceError as error:
        raise LessonError([problem_of(error)]) from error


def places(problems: Iterable[Problem]) -> str:
    """Return where problems are, as Markdown: each file once, with its lines."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        lines = found.setdefault(short(problem.path), [])
        if problem.line:
            lines.append(str(problem.line))
    return "; ".join(
        f"`{file}`" + (f" ({', '.join(lines)})" if lines else "") for file, lines in found.items()
    )


@lru_cache(maxsize=1024)
def log_once(what: str, problems: tuple[Problem, ...]) -> None:
    """Log problems, once in a process and not for every visitor."""
    LOG.error("%s:\n%s", what, "\n".join(map(str, problems)))


def short(path: Path) -> str:
    """Return a file's path from the course's folder on."""
    begins = [at for at, part in enumerate(path.parts) if part in ("lessons", "pages")]
    return _plain("/".join(path.parts[begins[-1] :]) if begins else path.name)


def _ended(text: str) -> str:
    """Return a sentence that ends once: a quotation may end in a mark of its own."""
    shown = _plain(text).rstrip(".")
    return shown if shown.endswith("?") else f"{shown}."


def _plain(text: str) -> str:
    """Return a text that any terminal and page can show; files may be named, and hold, anything."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return "".join(each if each.isprintable() else "\ufffd" for each in shown)
