r"""What ``import regex`` gives a program: the standard library's ``re``, and ``\X``.

The real one is a C extension, which cannot be loaded here. A text becomes one letter for each code
point, by its class, and then one dot for each cluster of letters: a pattern of ``\X`` finds dots.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from types import ModuleType

from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

# Unicode Standard Annex 29, table 1c, in the letters of practice/sandbox/character_classes.py. V
# and T stand for Hangul letters, H and h for its syllables without and with a final.
AFTER = "[ezs]"
HANGUL = "L*(?:HV*|V+|h)T*|L+|T+"
CORE = f"(?:{HANGUL}|ii|x(?:e*zx)*|[^crn])"
CLUSTER = f"rn|[crn]|p*+(?:{CORE}{AFTER}*+)|p++{AFTER}*+"
# A pattern of nothing else can be looked for among the clusters.
ONLY_CLUSTERS = re.compile(r"(?:\\X|[()+*?]|\{\d*,?\d*\})+")
SYLLABLES = range(0xAC00, 0xD7A4)
FINALS = 28


class Pattern:
    r"""A pattern with ``\X`` in it."""

    __module__ = "regex"

    def __init__(self, pattern: str) -> None:
        if not ONLY_CLUSTERS.fullmatch(pattern):
            raise NotHere("regex", pattern)
        self.pattern = pattern
        self._dots = re.compile(pattern.replace("\\X", r"\."))

    def finditer(self, text: str) -> Iterator[Match]:
        places = [0, *(each.end() for each in re.finditer(CLUSTER, _letters(text)))]
        for found in self._dots.finditer("." * (len(places) - 1)):
            yield Match(text, found, places)

    def findall(self, text: str) -> list[Any]:
        count = self._dots.groups
        found = (match.groups() if count else (match[0],) for match in self.finditer(text))
        return [each if len(each) > 1 else each[0] for each in found]

    def __getattr__(self, name: str) -> Any:
        if hasattr(re.Pattern, name):
            raise NotHere("regex", f"{name}({self.pattern!r}, ...)")
        raise AttributeError(f"'_regex.Pattern' object has no attribute '{name}'")


class Match:
    """Where a pattern was found: the real one's groups and places."""

    __module__ = "regex"

    def __init__(self, text: str, found: re.Match[str], places: list[int]) -> None:
        self.string, self._found, self._places = text, found, places

    def span(self, number: int = 0) -> tuple[int, int]:
        first, last = self._found.span(number)
        return self._places[first], self._places[last]

    def start(self, number: int = 0) -> int:
        return self.span(number)[0]

    def end(self, number: int = 0) -> int:
        return self.span(number)[1]

    def group(self, number: int = 0) -> str:
        start, end = self.span(number)
        return self.string[start:end]

    __getitem__ = group

    def groups(self) -> tuple[str, ...]:
        return tuple(map(self.group, range(1, self._found.re.groups + 1)))


def _letters(text: str) -> str:
    if not isinstance(text, str):
        raise TypeError("expected string or buffer")
    # Its table takes a millisecond to load, and most programs need none.
    from practice.guest.carried.regex_classes import CLASSES, STARTS

    def letter(character: str) -> str:
        if (point := ord(character)) in SYLLABLES:
            return "h" if (point - SYLLABLES.start) % FINALS else "H"
        found: str = CLASSES[bisect_right(STARTS, character) - 1]
        return found

    return "".join(map(letter, text))


def _either(name: str) -> Callable[..., Any]:
    r"""Return the function of ``re``, which takes patterns with ``\X``, too."""
    usual = getattr(re, name)

    def function(pattern: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(pattern, str) and "\\X" in pattern:
            pattern = Pattern(pattern)
        if not isinstance(pattern, Pattern):
            return usual(pattern, *args, **kwargs)
        return pattern if name == "compile" else getattr(pattern, name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "regex"
    return function


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    functions = {name: _either(name) for name in re.__all__ if name in FUNCTIONS}
    others = {name: getattr(re, name) for name in re.__all__ if name not in functions}
    return {"regex": Partial("regex", "regex", ELSEWHERE, **functions, **others)}


FUNCTIONS = (
    *("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"),
)
# What only the real one has.
ELSEWHERE = ("Regex", "cache_all", "splititer", "subf", "subfn", "template")
