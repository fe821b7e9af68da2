"""How long an answer a prompt asks for, and an answer cut to that length at whole sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Length"]

NUMBERS = {
    "a": 1, "one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6,
}  # fmt: skip
NUMBER = "|".join(sorted(NUMBERS, key=len, reverse=True))

LINE = re.compile(r"\bone[- ]lin(?:e|er)\b|한 ?줄", re.IGNORECASE)
SENTENCES = re.compile(
    rf"\b(?:in )?({NUMBER}|\d{{1,2}})[- ]sentences?\b|({NUMBER}|\d{{1,2}}) ?문장", re.IGNORECASE
)
WORDS = re.compile(r"(\d{1,5})[- ]?words?\b|(\d{1,5}) ?(?:단어|낱말)", re.IGNORECASE)
CHARACTERS = re.compile(r"(\d{1,5}) ?(?:characters?\b|(?:글자|자)(?![리릿]))", re.IGNORECASE)
LONG = re.compile(
    r"\b(?:in (?:more )?(?:detail|depth)|detailed|thorough(?:ly)?|at length|essay)\b"
    r"|(?<!how )\blong(?:er)?\b|자세|상세|길게|긴 |구체적|깊이 있|장문",
    re.IGNORECASE,
)
SHORT = re.compile(r"\b(?:briefly|in short|short|concise(?:ly)?)\b|간단히|간략|짧게", re.IGNORECASE)
# What "briefly" means here: a paragraph or two.
SHORT_WORDS = 75
# "In 300 words" is a rough wish: this much more is still about 300 words.
TOLERANCE = 1.1
# Korean has no colon to announce a list with, but a short sentence: "세 가지입니다."
LONGEST_KOREAN_LEAD = 30

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
# A block that is not running text: a heading, list, table, quotation or code.
STRUCTURE = re.compile(r"#|[-*+] |\d+\. |\||>|```")


@dataclass(frozen=True, slots=True)
class Length:
    """A wish for length: at most one field is set, and with none the usual length is meant."""

    sentences: int | None = None
    words: int | None = None
    characters: int | None = None
    long: bool = False

    @classmethod
    def asked_for(cls, prompt: str) -> Length:
        """Read the wish out of a prompt, Korean or English."""
        if LINE.search(prompt):
            return cls(sentences=1)
        if match := SENTENCES.search(prompt):
            given = (match[1] or match[2]).lower()
            return cls(sentences=max(1, NUMBERS.get(given) or int(given)))
        if match := WORDS.search(prompt):
            return cls(words=int(match[1] or match[2]))
        if match := CHARACTERS.search(prompt):
            return cls(characters=int(match[1]))
        if LONG.search(prompt):
            return cls(long=True)
        return cls(words=SHORT_WORDS) if SHORT.search(prompt) else cls()

    def choose(self, line: str, body: str, more: str) -> str:
        """Make an answer of this length.

        ``line`` is the answer in one sentence and can close a longer one; ``body`` is the usual
        answer; ``more`` may follow it. The shortest answer is ``line``, the longest everything.
        """
        everything = f"{body}\n\n{more}".strip()
        if self.sentences is not None:
            prose = [one for one in _blocks(everything) if not STRUCTURE.match(one)]
            blocks = [SENTENCE_END.split(one) for one in prose if not _announces(one)]
            sentences = [sentence for block in blocks for sentence in block]
            return " ".join([*sentences[: self.sentences - 1], line])
        if self.words is not None:
            return _fit(everything, line, self.words * TOLERANCE, lambda text: len(text.split()))
        if self.characters is not None:
            return _fit(everything, line, self.characters * TOLERANCE, len)
        return everything if self.long else body


def _fit(text: str, line: str, budget: float, size: Callable[[str], int]) -> str:
    """Keep whole blocks, then whole sentences, then ``line``, as far as ``budget`` goes."""

    def fitting(parts: list[str]) -> list[str]:
        nonlocal budget
        kept: list[str] = []
        for part in parts:
            if size(part) > budget:
                break
            budget -= size(part)
            kept.append(part)
        return kept

    blocks = _blocks(text)
    kept = fitting(blocks)
    if len(kept) == len(blocks):
        return text
    cut = blocks[len(kept)]
    if sentences := fitting([] if STRUCTURE.match(cut) else SENTENCE_END.split(cut)):
        kept.append(" ".join(sentences))
    # Drop a heading or lead-in whose list or table was cut.
    while kept and (kept[-1].startswith("#") or _announces(kept[-1])):
        budget += size(kept.pop())
    if not kept or size(line) <= budget:
        kept.append(line)
    return "\n\n".join(kept)


def _announces(block: str) -> bool:
    """Whether a block only leads to the list, table or code that follows it."""
    short = len(block) <= LONGEST_KOREAN_LEAD and len(SENTENCE_END.split(block)) == 1
    return short or block.endswith(":")


def _blocks(text: str) -> list[str]:
    """Split Markdown at its blank lines, except inside a code fence."""
    blocks: list[list[str]] = [[]]
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if line or fenced:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(block) for block in blocks if block]
