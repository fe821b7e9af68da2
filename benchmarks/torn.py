"""How often a reader sees half a character."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import regex

from benchmarks.figures import Figure
from streaming import Pace
from tests.browser.server import ROOT
from tests.streaming.fakes import make_stream

CONFORMANCE = ROOT / "tests" / "streaming" / "GraphemeBreakTest.txt"
SEED = 3
CUTS = 100_000
CLUSTERS_IN_A_TEXT = 24
CUTS_IN_A_TEXT = 20
SLICE = 5
CLUSTER = regex.compile(r"\X")
LONE_SURROGATE = regex.compile(r"[\ud800-\udfff]")
#: What texts are made of: each a cluster, or the beginning of one that its neighbour goes on.
ATOMS = [
    *("a", "Z", " ", ". ", "\r\n", "\n", "é", "e\u0301", "o\u0302\u0323", "한", "글"),
    *("\u1112\u1161\u11ab", "\u1100\u1161", "\u1112", "\u1161", "\u11a8"),
    *("👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "👩🏻‍🔬", "❤️", "1️⃣", "🇰🇷", "🇺🇸", "🇰", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
    *("क्षि", "நி", "ก็", "\u200d", "\ufe0f", "\u0301", "🏽", "\u0600"),
]


def torn_clusters() -> list[Figure]:
    r"""How many pieces end where no grapheme cluster does.

    Through the whole stream with ``Pace.off()`` on an injected clock. First every example of
    Unicode's GraphemeBreakTest.txt, one code point a delta, against the boundaries that the file
    names. Then random texts of emoji families, flags, Jamo, combining marks and Indic syllables,
    cut at 100,000 random places, against the boundaries of ``regex``'s ``\X`` on the whole text.
    The baseline slices the same texts into 5 code points, as the handout's method 2 does.
    """
    return [_figure(*_conformance()), _figure(*_fuzz())]


def _figure(label: str, ours: int, theirs: int, note: str) -> Figure:
    against = f"slices of {SLICE} code points"
    return Figure(label, [ours], "torn_clusters", "count", note, [theirs], against)


def _conformance() -> tuple[str, int, int, str]:
    ours = theirs = 0
    version, examples = _examples(CONFORMANCE)
    for clusters in examples:
        text, boundaries = "".join(clusters), _ends(clusters)
        ours += _torn(_streamed(text), boundaries)
        theirs += _torn(_sliced(text), boundaries)
    label = f"Torn characters: Unicode {version}'s own {len(examples)} examples"
    return label, ours, theirs, "one code point a delta"


def _fuzz() -> tuple[str, int, int, str]:
    rng = random.Random(SEED)
    ours = theirs = boundaries_seen = 0
    for _ in range(CUTS // CUTS_IN_A_TEXT):
        text = "".join(rng.choices(ATOMS, k=CLUSTERS_IN_A_TEXT))
        cuts = sorted(rng.choices(range(len(text) + 1), k=CUTS_IN_A_TEXT))
        deltas = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
        boundaries = _ends(CLUSTER.findall(text))
        pieces = _streamed(deltas)
        boundaries_seen += len(pieces)
        ours += _torn(pieces, boundaries)
        theirs += _torn(_sliced(text), boundaries)
    return f"Torn characters: {CUTS:,} random cuts", ours, theirs, f"{boundaries_seen:,} pieces"


def _examples(path: Path) -> tuple[str, list[list[str]]]:
    """Return the version of the test file and the clusters of each example in it."""
    head, *lines = path.read_text("utf-8").splitlines()
    examples = []
    for line in lines:
        parts = line.partition("#")[0].replace("×", " ").strip("÷ \t").split("÷")
        if parts != [""]:
            clusters = ["".join(chr(int(code, 16)) for code in part.split()) for part in parts]
            examples.append(clusters)
    return head.removeprefix("# GraphemeBreakTest-").removesuffix(".txt"), examples


def _streamed(deltas: Iterable[str]) -> list[str]:
    arrivals = [(0.001 * number, delta) for number, delta in enumerate(deltas)]
    stream, _, _ = make_stream(arrivals, pace=Pace.off())
    return list(stream)


def _sliced(text: str) -> list[str]:
    return [text[start : start + SLICE] for start in range(0, len(text), SLICE)]


def _ends(parts: Iterable[str]) -> set[int]:
    return set(accumulate(map(len, parts)))


def _torn(pieces: Sequence[str], boundaries: set[int]) -> int:
    return len(_ends(pieces) - boundaries)
