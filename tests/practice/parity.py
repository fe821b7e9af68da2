"""What is compared when a program is run both ways, in the sandbox and for real."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from practice.events import Failed

__all__ = ["Error", "Outcome", "Program", "cleaned", "normal"]


@dataclass(frozen=True)
class Program:
    """A program to run both ways.

    Args:
        title: what it shows, in a sentence.
        code: the program.
        inputs: what its widgets are set to, by their labels.
        inside: whether there is an active session and there are no secrets, as in Snowflake.
    """

    title: str
    code: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    inside: bool = False


class Error(NamedTuple):
    """The type of an error, with its module, and what it says."""

    type: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What became of a program.

    Args:
        printed: all that it printed.
        drawn: the elements that it leaves on the page, each with its kind and its text.
        error: what ended it.
        said: the same in other words: with what Python suggests, which Streamlit does not show.
        failed: all that the sandbox told of the error.
    """

    printed: str
    drawn: tuple[tuple[str, str], ...]
    error: Error | None = None
    said: Error | None = None
    failed: Failed | None = field(default=None, compare=False)

    def in_the_words_of(self, other: Outcome) -> Outcome:
        """Return what is to be compared with another outcome."""
        error = self.said if other.error == self.said else self.error
        return replace(self, error=error, said=other.said)


# What is different each time, and the places that are not the program's business.
NORMAL = [
    (r"https://[\w.:]+(/sf)?/api/", "https://HOST/api/"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"0x[0-9a-f]+", "0x0"),
    (r" \(Request ID: \w+\)", ""),
    (r"(cannot import name '\w+' from '[\w.]+') \([^)]+\)", r"\1"),
    # Python suggests no name of a module in a package: it looks into the package. The sandbox does.
    (r"(cannot import name '\w+' from 'snowflake\.[\w.]+')\. Did you mean: '\w+'\?", r"\1"),
    (r"(?:/[\w./-]+/\.streamlit/secrets\.toml(?:, )?)+", ".streamlit/secrets.toml"),
    # What a place on the page says of itself is Streamlit's inside.
    (
        r"(DeltaGenerator|ExpanderContainer)\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)",
        r"\1()",
    ),
]


def normal(text: str) -> str:
    """Return a text without what is different each time."""
    for pattern, instead in NORMAL:
        text = re.sub(pattern, instead, text)
    # A set's order: which ways to log in need no user.
    ways = re.search(r"authenticator is one of ([A-Z_, ]+)\.", text)
    if ways:
        text = text.replace(ways[1], ", ".join(sorted(ways[1].split(", "))))
    return text


def cleaned(text: object) -> str:
    """Return a text as Streamlit shows it, without what is different each time."""
    return normal(textwrap.dedent(str(text)).strip())
