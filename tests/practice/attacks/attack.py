"""The attacks: programs that mean harm, and how their runs have to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from practice import RunLimits

__all__ = ["LONG_CPU", "LONG_SILENCE", "SHORT_CPU", "Attack", "attacks"]

HEADING = re.compile(r"^=== (?P<name>.+) -> (?P<ends>.+)$", re.MULTILINE)
# The interpreter's own start takes 0.2 s of this.
SHORT_CPU = 0.8
SHORT_SILENCE = 0.5
# On a very busy machine a program that computes looks like a silent one, and takes more processor
# time until it is refused for what it does.
LONG_SILENCE = 30
LONG_CPU = 20


@dataclass(frozen=True)
class Attack:
    """A program, and how its run may end.

    ``name`` is its family, a colon and what sets it apart.
    """

    name: str
    code: str
    ends: tuple[str, ...]

    @property
    def family(self) -> str:
        return self.name.partition(":")[0]

    @property
    def limits(self) -> RunLimits:
        """The real limits, but a short one for the time limit that is sure to end the run."""
        if self.ends == ("silence",):
            return RunLimits(silence=SHORT_SILENCE)
        if self.ends == ("cpu",):
            return RunLimits(cpu=SHORT_CPU, silence=LONG_SILENCE)
        if "cpu" in self.ends:
            return RunLimits(silence=LONG_SILENCE)
        return RunLimits(cpu=LONG_CPU, silence=LONG_SILENCE)


# Programs that no text file can hold, or none should.
GENERATED = {
    "exhausting": [
        Attack("too much code: a megabyte", "x = 1\n" * 180_000, ("code",)),
        Attack("too deep code: brackets", "x = " + "(" * 5_000 + ")" * 5_000, ("no_recursion@0",)),
        Attack("too deep code: minus signs", "x = " + "-" * 19_000 + "1", ("no_recursion@0",)),
    ],
    "deceiving": [
        Attack("no text: half a character in the code", "x = '\ud83d'", ("UnicodeEncodeError@0",)),
        Attack("controls: NUL in the code", "x = 1\0", ("SyntaxError@0",)),
        Attack("no Python: a huge integer", "x = " + "9" * 10_000, ("SyntaxError@1",)),
    ],
}


def attacks(name: str) -> list[object]:
    """Return the attacks of ``name.txt``; each family's first runs in `make test`."""
    families: set[str] = set()
    parameters: list[object] = []
    for attack in (*_written(name), *GENERATED.get(name, ())):
        marks = [pytest.mark.thorough] if attack.family in families else []
        families.add(attack.family)
        parameters.append(pytest.param(attack, id=attack.name, marks=marks))
    return parameters


def _written(name: str) -> Iterator[Attack]:
    text = Path(__file__).with_name(f"{name}.txt").read_text("utf-8")
    _, *parts = HEADING.split(text)
    for title, ends, code in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        yield Attack(title, code.strip("\n"), tuple(ends.split(" | ")))
