"""What the scripted engine says: from a conversation to the whole text of an answer.

The answers are Markdown files, ``answers/<language>/<topic>.md``, in parts that a comment begins:
``<!-- line -->`` is the answer in one sentence, ``<!-- body -->`` the usual one, and
``<!-- more -->`` follows the body when a long answer is asked for.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import regex

from local_cortex.engines.length import Length
from local_cortex.engines.topics import Language, language_of, last_prompt, topic_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_cortex.engines import Message

__all__ = ["answer", "quote"]

ANSWERS = Path(__file__).with_name("answers")
PART = re.compile(r"^<!-- (\w+) -->\n", re.MULTILINE)

# How much of a prompt is quoted: enough to recognise it by. A cluster has no greatest length of
# its own (marks can be piled up without end), so code points are limited too.
QUOTED_CLUSTERS = 240
QUOTED_CODE_POINTS = 1_000
QUOTED_LINES = 6
# Enough to tell that a prompt is longer than its quote.
READ_CODE_POINTS = 10 * QUOTED_CODE_POINTS
# Control characters, line separators that are not Markdown's, and halves of surrogate pairs,
# which no client could decode.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def answer(messages: Sequence[Message]) -> str:
    """Answer the last user message, as Markdown; the same messages always get the same answer."""
    prompt = last_prompt(messages)
    language = language_of(messages)
    topic = topic_of(prompt)
    if topic is None:
        before, after = _parts(language, "unknown")["body"].split("{prompt}")
        return f"{before}{quote(prompt)}{after}"
    parts = _parts(language, topic)
    return Length.asked_for(prompt).choose(
        line=parts["line"], body=parts["body"], more=parts.get("more", "")
    )


def quote(prompt: str) -> str:
    """Quote a prompt as a Markdown code block that nothing in the prompt can end.

    The fence is longer than any run of backticks inside. A long prompt is shortened by whole
    grapheme clusters, and what cannot be shown is replaced by U+FFFD.
    """
    read = prompt.strip()[:READ_CODE_POINTS]
    text = UNPRINTABLE.sub("\ufffd", read.replace("\r\n", "\n").replace("\r", "\n"))
    kept: list[str] = []
    room = QUOTED_CODE_POINTS
    lines = 1
    for match in islice(regex.finditer(r"\X", text), QUOTED_CLUSTERS):
        cluster = match.group()
        room -= len(cluster)
        lines += cluster == "\n"
        if room < 0 or lines > QUOTED_LINES:
            break
        kept.append(cluster)
    shown = "".join(kept)
    if len(shown) < len(text):
        shown = shown.rstrip() + " …"
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


@cache
def _parts(language: Language, topic: str) -> dict[str, str]:
    """Read one answer file: part name -> its Markdown."""
    text = (ANSWERS / language / f"{topic}.md").read_text(encoding="utf-8")
    pieces = PART.split(text)[1:]
    return {name: part.strip() for name, part in zip(pieces[::2], pieces[1::2], strict=True)}
