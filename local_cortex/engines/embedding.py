"""Embeddings without a model: hashed character n-grams, so that alike texts are near.

They say how much of their spelling two texts share, in any language, and nothing of what the texts
mean: "car" is near "cars" and far from "automobile".
"""

from __future__ import annotations

import unicodedata
import zlib
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DIMENSIONS", "embed", "similarity"]

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
READ_CHARACTERS = 4_000
# One syllable already says something, one letter does not.
SIZES = (1, 2, 3, 4)
# Hangul, kana and Chinese characters lie above this one.
FIRST_SYLLABIC = "\u3040"


@lru_cache(maxsize=512)
def embed(text: str, dimension: int) -> NDArray[np.float32]:
    """Return a unit vector; the same text always gets the same one, an empty text zeros."""
    import numpy as np

    words = unicodedata.normalize("NFC", text[:READ_CHARACTERS]).casefold().split()
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
    if length:
        vector /= length
    vector.setflags(write=False)
    return vector


def similarity(left: str, right: str) -> float:
    """Return the cosine similarity of two texts, from -1 to 1."""
    return float(embed(left, 1024) @ embed(right, 1024))
