"""Long texts cut into chunks for embeddings: at the widest separator that leaves them short enough.

The chunks of a text are as long as they may be, and each begins with the end of the one before it,
as much of it as ``overlap`` allows.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local_cortex.engines import EngineError

__all__ = ["split_markdown", "split_text"]

# Of all chunks of one text: an overlap repeats most of it in each.
MOST_CHARACTERS = 10_000_000
SEPARATORS = ("\n\n", "\n", " ", "")
FORMATS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    # Headers, code blocks and tables, which end a chunk before anything else does.
    "markdown": (*("\n" + "#" * level + " " for level in range(1, 7)), "\n```", "\n|"),
}


def split_text(
    text_to_split: str,
    format: str,  # noqa: A002 - documented
    chunk_size: float,
    overlap: float | None = None,
    separators: Sequence[str] | None = None,
) -> list[str]:
    """Return the chunks of a text, each of at most ``chunk_size`` characters.

    Raises:
        EngineError: 400, an unknown format, or sizes that cannot be.
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
    """Return the chunks below each header, with the headers they stand under by their names.

    Raises:
        EngineError: 400, see :func:`split_text`.
    """
    chunks: list[dict[str, Any]] = []
    headers: dict[str, str] = {}
    lines: list[str] = []

    def end() -> None:
        for chunk in split_text("\n".join(lines), "none", chunk_size, overlap):
            named = {headers_to_split_on[mark]: text for mark, text in headers.items()}
            chunks.append({"chunk": chunk, "headers": named})
        lines.clear()

    for line in str(text_to_split).split("\n"):
        mark, _, header = line.strip().partition(" ")
        if mark not in headers_to_split_on:
            lines.append(line)
            continue
        end()
        headers = {one: text for one, text in headers.items() if len(one) < len(mark)}
        headers[mark] = header.strip()
    end()
    return chunks


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
    for piece in [*pieces, None]:
        if window and (piece is None or length + len(piece) > size):
            chunk = "".join(window).strip()
            if chunk:
                yield chunk
            while window and piece is not None and (length > overlap or length + len(piece) > size):
                length -= len(window.popleft())
        if piece is not None:
            window.append(piece)
            length += len(piece)
