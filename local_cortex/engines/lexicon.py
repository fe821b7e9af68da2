"""Words, sentences and mood of a text in Korean or English: what the scripted rules go by.

Everything here is a plain comparison of letters; nothing knows what a word means.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

__all__ = [
    "DATA",
    "READ_CHARACTERS",
    "clauses",
    "is_korean",
    "mood",
    "mood_counts",
    "sentences",
    "shared",
    "words",
]

Mood = Literal["positive", "negative", "neutral", "mixed"]

# Of one text: rules share the interpreter with the server, so none may take long.
READ_CHARACTERS = 8_000
# How much of a word's letter pairs another one must have to count as the same word.
ALIKE = 0.6
# Different words of one text that are compared.
MOST_WORDS = 400

WORD = re.compile(r"[^\W_]+(?:['’][a-z]+)?")
HANGUL = re.compile(r"[가-힣]")
SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")
CLAUSE = re.compile(
    r"[\n.!?。,;]+|\bbut\b|\bhowever\b|(?<=지만)|(?<=는데)|(?<=은데)|(?<=[으]나)(?=\s)"
)
# What stands behind a Korean noun, the longest first.
PARTICLE = re.compile(
    r"(?<=[가-힣])(?:에서는|에게서|으로|에서|에게|까지|부터|이랑|처럼|보다|한테|입니다|인가요|이에요|예요"
    r"|은|는|이|가|을|를|의|에|로|와|과|도|만|요)$"
)


#: What ``tasks.toml`` holds.
DATA = tomllib.loads(Path(__file__).with_name("tasks.toml").read_text("utf-8"))
STOP, GOOD, BAD = (
    frozenset(DATA["words"][name].split()) for name in ("say_nothing", "good", "bad")
)
# Longest first, so that 불친절 is not taken for 친절; English words whole, Korean ones by stem.
_MOODS = dict.fromkeys(GOOD, 1) | dict.fromkeys(BAD, -1)
MOOD = re.compile(
    "|".join(
        word if HANGUL.match(word) else rf"\b{word}\b"
        for word in sorted(_MOODS, key=len, reverse=True)
    )
)
# Up to two words may stand between a negation and the word that it negates.
NEGATED_BEFORE = re.compile(
    r"(?:\b(?:not|no|never|hardly|without|cannot)|n['’]t)(?:\s+\w+){0,2}\s*$|(?<![가-힣])(?:안|못)\s*$"
)
NEGATED_AFTER = re.compile(r"^[가-힣]{0,3}지\s?(?:도\s?)?(?:않|못|는\s?않)|^[가-힣]{0,2}\s?없")


def is_korean(text: str) -> bool:
    """Return whether to answer a text in Korean."""
    return HANGUL.search(text) is not None


def folded(text: str) -> str:
    """Return the beginning of a text as it is compared: NFC, without case."""
    return unicodedata.normalize("NFC", text[:READ_CHARACTERS]).casefold()


def words(text: str) -> list[str]:
    """List the words that say something, without Korean particles, each once."""
    found = (PARTICLE.sub("", word) for word in WORD.findall(folded(text)))
    return [word for word in dict.fromkeys(found) if word not in STOP][:MOST_WORDS]


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; a line is at least one."""
    return [one.strip() for one in SENTENCE_END.split(text[:READ_CHARACTERS]) if one.strip()]


def clauses(text: str) -> list[str]:
    """Cut a text where its mood may turn: at commas, "but", -지만."""
    return [one.strip() for one in CLAUSE.split(text[:READ_CHARACTERS]) if one and one.strip()]


@lru_cache(maxsize=4_096)
def _pairs(word: str) -> frozenset[str]:
    return frozenset(word[at : at + 2] for at in range(max(1, len(word) - 1)))


def alike(word: str, other: str) -> bool:
    """Tell whether ``other`` has most of ``word``'s letter pairs: travel and travelling."""
    pairs = _pairs(word)
    return len(pairs & _pairs(other)) >= ALIKE * len(pairs)


def shared(wanted: Iterable[str], present: Sequence[str]) -> int:
    """Count the words of ``wanted`` that ``present`` has too, or one alike."""
    known = set(present)
    return sum(word in known or any(alike(word, other) for other in present) for word in wanted)


def mood_counts(text: str) -> tuple[int, int]:
    """Count the good and the bad words of a text; a negation turns one around."""
    read = folded(text)
    good = bad = 0
    for match in MOOD.finditer(read):
        value = _MOODS[match[0]]
        before = read[max(0, match.start() - 40) : match.start()]
        if NEGATED_BEFORE.search(before) or NEGATED_AFTER.match(read[match.end() :][:12]):
            value = -value
        good += value > 0
        bad += value < 0
    return good, bad


def mood(text: str) -> Mood:
    """Name the mood of a text."""
    match mood_counts(text):
        case (0, 0):
            return "neutral"
        case (_, 0):
            return "positive"
        case (0, _):
            return "negative"
        case _:
            return "mixed"
