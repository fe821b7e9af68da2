"""Which rows of a search service fit a query: BM25 and spelling, merged by their ranks.

Both know how words are written and nothing of what they mean. BM25 is written out: libraries for it
bring tokenizers that have no Korean, and without those they are the one formula below.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from local_cortex.engines.computed import EMBEDDED_CHARACTERS, embed

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A run of Hangul, kana or Chinese characters, or any other word.
_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7a3]+|(?:(?![\u3040-\u9fff\uac00-\ud7a3])[^\W_])+")
_FIRST_SYLLABIC = "\u3040"
# How soon a repeated word stops counting, and how much long texts are held back: the usual values.
K1, B = 1.2, 0.75
# Of reciprocal rank fusion, from the paper that introduced it (Cormack and others, 2009).
RRF = 60


class Hit(NamedTuple):
    """A row's number, its BM25 score and the cosine of its vector with the query's."""

    row: int
    text_match: float
    cosine_similarity: float


def terms(text: str) -> Iterator[str]:
    """Yield words, and of Korean every two neighbouring syllables: endings stay outside."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if word[0] < _FIRST_SYLLABIC or len(word) == 1:
            yield word
        else:
            yield from map("".join, pairwise(word))


class Index:
    """The texts of one search service at one moment; ``check`` is called for every text."""

    def __init__(self, texts: Sequence[str], dimension: int, check: Callable[[], None]) -> None:
        postings: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        lengths = np.zeros(len(texts))
        self._dimension = dimension
        self._vectors = np.zeros((len(texts), dimension), np.float32)
        for row, text in enumerate(texts):
            check()
            self._vectors[row] = embed(text, dimension)
            counts = Counter(terms(text))
            lengths[row] = counts.total()
            for term, count in counts.items():
                postings[term].append((row, count))
        # What length does to a row's counts.
        self._weights = K1 * (1 - B + B * lengths / max(lengths.mean() if len(texts) else 0, 1))
        self._postings = {term: np.array(found).T for term, found in postings.items()}
        self._count = len(texts)

    def best(self, query: str, allowed: Sequence[int], limit: int) -> list[Hit]:
        """Return the best of the allowed rows; rows in which nothing fits come last."""
        query = query[:EMBEDDED_CHARACTERS]
        matches, cosines = self._bm25(query), self._vectors @ embed(query, self._dimension)
        rows = np.array(allowed, np.int64)
        fused = np.zeros(self._count)
        for scores in (matches, cosines):
            fitting = rows[scores[rows] > 0]
            order = fitting[np.argsort(-scores[fitting], kind="stable")]
            fused[order] += 1 / (RRF + 1 + np.arange(len(order)))
        best = rows[np.argsort(-fused[rows], kind="stable")][:limit]
        return [Hit(int(row), float(matches[row]), float(cosines[row])) for row in best]

    def _bm25(self, query: str) -> NDArray[np.float64]:
        scores, count = np.zeros(self._count), self._count
        for term in set(terms(query)) & self._postings.keys():
            rows, found = self._postings[term]
            rarity = np.log1p((count - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += rarity * found * (K1 + 1) / (found + self._weights[rows])
        return scores
