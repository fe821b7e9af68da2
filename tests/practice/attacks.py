"""The attacks of ``attacks.txt``, and those that no text file can hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ATTACKS", "Attack"]

HEADING = re.compile(r"^=== (?P<name>.+) -> (?P<ends>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Attack:
    """A program, and how its run is to end: in one of several ways."""

    name: str
    code: str
    ends: tuple[str, ...]


def _written() -> list[Attack]:
    text = Path(__file__).with_name("attacks.txt").read_text("utf-8")
    _, *parts = HEADING.split(text)
    return [
        Attack(name, code.strip("\n"), tuple(ends.split(" | ")))
        for name, ends, code in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


ATTACKS = [
    *_written(),
    Attack("code: brackets in brackets", "x = " + "(" * 5_000 + ")" * 5_000, ("no_recursion@0",)),
    Attack("code: minus minus minus", "x = " + "-" * 19_000 + "1", ("no_recursion@0",)),
    Attack("code: a megabyte", "x = 1\n" * 180_000, ("code",)),
    Attack("code: NUL", "x = 1\0", ("SyntaxError@0",)),
    Attack("code: half a character", "x = '\ud83d'", ("UnicodeEncodeError@0",)),
    Attack("code: a huge integer", "x = " + "9" * 10_000, ("SyntaxError@1",)),
]
