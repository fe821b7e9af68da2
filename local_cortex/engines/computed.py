"""What Cortex functions compute without a model, whichever engine answers.

Embeddings that say how much of their spelling two texts share, in any language, and nothing of what
they mean; personal data found by its form; long texts cut into chunks.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cortex.engines import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The text embedding models of AI_EMBED (docs, November 2026) and how long their vectors are.
DIMENSIONS: Mapping[str, int] = {
    "snowflake-arctic-embed-l-v2.0": 1024,
    "snowflake-arctic-embed-l-v2.0-8k": 1024,
    "nv-embed-qa-4": 1024,
    "multilingual-e5-large": 1024,
    "voyage-multilingual-2": 1024,
    "snowflake-arctic-embed-m-v1.5": 768,
    "snowflake-arctic-embed-m": 768,
    "e5-base-v2": 768,
}
# Of a long text: about the tokens that the smaller models read.
EMBEDDED_CHARACTERS = 4_000
# One syllable already says something, one letter does not.
SIZES = (1, 2, 3, 4)
# Hangul, kana and Chinese characters lie above this one.
FIRST_SYLLABIC = "\u3040"

# In this order: an identity number must not pass for a phone number.
PERSONAL: Mapping[str, re.Pattern[str]] = {
    "EMAIL": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    "NATIONAL_ID": re.compile(r"(?<!\d)(?:\d{6}-[1-4]\d{6}|\d{3}-\d{2}-\d{4})(?!\d)"),
    "PAYMENT_CARD_DATA": re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){3}(?!\d)"),
    "IP_ADDRESS": re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
    "PHONE_NUMBER": re.compile(
        r"(?<!\d)(?:\+\d{1,3}[ -]?)?\(?\d{2,4}\)?[ -]\d{3,4}[ -]\d{4}(?!\d)"
    ),
    "NAME": re.compile(
        r"(?:(?<=[Mm]y name is )|(?<=I am )|(?<=I'm )|(?<=Mr\. )|(?<=Ms\. )|(?<=Mrs\. )"
        r"|(?<=Dr\. ))[A-Z][a-z]+(?: [A-Z][a-z]+)?"
        r"|(?:(?<=이름은 )|(?<=저는 ))[가-힣]{2,4}?(?=입니다|이고|이에요|예요)"
        r"|(?<![가-힣])[가-힣]{3}(?=\s?(?:님|씨)(?![가-힣]))"
    ),
}
# What AI_REDACT may be asked for besides (docs, November 2026); no pattern finds it.
NOT_FOUND = {
    *("DATE_OF_BIRTH", "GENDER", "AGE", "ADDRESS", "PASSPORT", "TAX_IDENTIFIER"),
    "DRIVERS_LICENSE",
}

# Of all chunks of one text: an overlap repeats most of it in each.
MOST_CHARACTERS = 10_000_000
SEPARATORS = ("\n\n", "\n", " ", "")
FORMATS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    # Headers, code blocks and tables, which end a chunk before anything else does.
    "markdown": (*("\n" + "#" * level + " " for level in range(1, 7)), "\n```", "\n|"),
}


def embed(text: str, dimension: int) -> NDArray[np.float32]:
    """Return a unit vector of hashed character n-grams; zeros for an empty text."""
    import numpy as np

    words = unicodedata.normalize("NFC", text[:EMBEDDED_CHARACTERS]).casefold().split()
    joined = f" {' '.join(words)} " if words else ""
    grams = Counter(
        joined[start : start + size]
        for size in SIZES
        for start in range(len(joined) - size + 1)
        if size > 1 or joined[start] >= FIRST_SYLLABIC
    )
    codes = np.array([zlib.crc32(one.encode("utf-8", "surrogatepass")) for one in grams], np.int64)
    # A sign of its own keeps two n-grams that share a place from adding up.
    signs = np.where(codes & 0x80000000, 1.0, -1.0)
    # Long pieces say more than short ones; repeated ones little more than one.
    weights = np.array([len(one) for one in grams]) * (1.0 + np.log([*grams.values()]))
    vector = np.bincount(codes % dimension, signs * weights, dimension).astype(np.float32)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def similarity(left: str, right: str) -> float:
    """Return the cosine similarity of two texts, from -1 to 1."""
    return float(embed(left, 1024) @ embed(right, 1024))


def spans(text: str, categories: Sequence[str] | None) -> list[dict[str, Any]]:
    """Find personal data, of these categories; ``EngineError`` 400 for one that nobody knows."""
    known = PERSONAL.keys() | NOT_FOUND
    wanted = {str(one).upper() for one in categories or known}
    if unknown := sorted(wanted - known):
        raise EngineError(400, f'unsupported category "{unknown[0][:50]}"')
    found: list[dict[str, Any]] = []
    for category, pattern in PERSONAL.items():
        for match in pattern.finditer(text) if category in wanted else ():
            start, end = match.span()
            if all(end <= one["start"] or start >= one["end"] for one in found):
                found.append({"category": category, "start": start, "end": end, "text": match[0]})
    return sorted(found, key=lambda one: one["start"])


def redact(text: str, categories: Sequence[str] | None) -> str:
    """Replace what :func:`spans` finds by its category: ``[EMAIL]``."""
    for one in reversed(spans(text, categories)):
        text = f"{text[: one['start']]}[{one['category']}]{text[one['end'] :]}"
    return text


def split_text(
    text_to_split: str,
    format: str,  # noqa: A002 - documented
    chunk_size: float,
    overlap: float | None = None,
    separators: Sequence[str] | None = None,
) -> list[str]:
    """Cut a text into chunks of at most ``chunk_size`` characters, at the widest separators.

    Each begins with the end of the one before it, as much of it as ``overlap`` allows.
    """
    if format not in FORMATS:
        raise EngineError(400, "format is 'none' or 'markdown'")
    size, shared = int(chunk_size), int(overlap or 0)
    if size < 1 or not 0 <= shared < size:
        raise EngineError(400, "chunk_size is above 0, and overlap is 0 or more and below it")
    text = str(text_to_split)
    if len(text) // (size - shared) * size > MOST_CHARACTERS:
        raise EngineError(400, "overlap is too large for a text of this length")
    return _split(text, size, shared, (*FORMATS[format], *(separators or SEPARATORS)))


def split_markdown(
    text_to_split: str,
    headers_to_split_on: Mapping[str, str],
    chunk_size: float,
    overlap: float | None = None,
) -> list[dict[str, Any]]:
    """Cut a text below each header; each chunk has the headers it stands under, by their names."""
    sections: list[tuple[dict[str, str], list[str]]] = [({}, [])]
    for line in str(text_to_split).split("\n"):
        mark, _, header = line.strip().partition(" ")
        if mark in headers_to_split_on:
            outer = {one: text for one, text in sections[-1][0].items() if len(one) < len(mark)}
            sections.append((outer | {mark: header.strip()}, []))
        else:
            sections[-1][1].append(line)
    return [
        {"chunk": chunk, "headers": {headers_to_split_on[one]: text for one, text in over.items()}}
        for over, lines in sections
        for chunk in split_text("\n".join(lines), "none", chunk_size, overlap)
    ]


def _split(text: str, size: int, overlap: int, separators: Sequence[str]) -> list[str]:
    at = next((at for at, one in enumerate(separators) if one in text), len(separators))
    if at == len(separators):
        return [text]
    # A separator stays with the piece that it begins.
    pieces = re.split(f"(?={re.escape(separators[at])})", text) if separators[at] else list(text)
    chunks: list[str] = []
    short: list[str] = []
    for piece in pieces:
        if len(piece) <= size:
            short.append(piece)
            continue
        chunks += _joined(short, size, overlap)
        short = []
        chunks += _split(piece, size, overlap, separators[at + 1 :])
    return [*chunks, *_joined(short, size, overlap)]


def _joined(pieces: Sequence[str], size: int, overlap: int) -> Iterator[str]:
    window: deque[str] = deque()
    length = 0
    for piece in pieces:
        if length + len(piece) > size:
            yield from filter(None, ["".join(window).strip()])
            while window and (length > overlap or length + len(piece) > size):
                length -= len(window.popleft())
        window.append(piece)
        length += len(piece)
    yield from filter(None, ["".join(window).strip()])
