"""Clusters: no piece of text ends inside a character."""

from __future__ import annotations

import unicodedata
from itertools import accumulate
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from streaming.clusters import MAX_HELD, SURROGATE, Clusters

FAMILY = "👨‍👩‍👧‍👦"
NASTY = [
    "🇰🇷🇺🇸🇯🇵",
    FAMILY,
    "e\u0301a\u0308",
    "1️⃣",
    "👍🏽",
    unicodedata.normalize("NFD", "한글입니다"),
    "\r\n",
]


def pieces_of(deltas: list[str], size: int = 1) -> list[str]:
    clusters = Clusters()
    pieces = []
    for delta in deltas:
        clusters.feed(delta)
        while clusters.ready:
            pieces.append(clusters.take(size))
    clusters.finish()
    while clusters.ready:
        pieces.append(clusters.take(size))
    return pieces


def ends(parts: list[str]) -> set[int]:
    """Return where the parts of a text end."""
    return set(accumulate(map(len, parts)))


def break_test() -> list[list[str]]:
    """Return the clusters of each example in Unicode's GraphemeBreakTest.txt."""
    examples = []
    for line in Path(__file__).with_name("GraphemeBreakTest.txt").read_text("utf-8").splitlines():
        parts = line.partition("#")[0].replace("×", " ").strip("÷ \t").split("÷")
        if parts != [""]:
            examples.append(
                ["".join(chr(int(code, 16)) for code in part.split()) for part in parts]
            )
    return examples


@pytest.mark.parametrize("text", NASTY)
def test_text_fed_one_code_point_at_a_time_comes_out_in_whole_clusters(text: str) -> None:
    assert pieces_of(list(text)) == regex.findall(r"\X", text)


@given(st.text(alphabet=st.sampled_from("".join(NASTY) + "ab \n"), max_size=60), st.data())
def test_no_chunking_tears_a_cluster(text: str, data: st.DataObject) -> None:
    deltas = []
    rest = text
    while rest:
        size = data.draw(st.integers(1, 7))
        deltas.append(rest[:size])
        rest = rest[size:]
    assert "".join(pieces_of(deltas)) == text
    longest = max(map(len, regex.findall(r"\X", text)), default=0)
    if longest <= MAX_HELD:
        assert ends(pieces_of(deltas)) <= ends(regex.findall(r"\X", text))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_unicodes_own_examples_are_not_torn(size: int) -> None:
    torn = []
    for clusters in break_test():
        text = "".join(clusters)
        deltas = [text[start : start + size] for start in range(0, len(text), size)]
        whole = SURROGATE.sub("\ufffd", text)
        pieces = pieces_of(deltas)
        assert "".join(pieces) == whole
        if not ends(pieces) <= ends(clusters):
            torn.append(text)
    assert torn == []


def test_only_the_last_cluster_is_held_back() -> None:
    clusters = Clusters()
    clusters.feed("Hello")
    assert clusters.take(100) == "Hell"


def test_a_surrogate_pair_split_over_two_deltas_becomes_one_emoji() -> None:
    assert pieces_of(["a\ud83d", "\ude00b"]) == ["a", "😀", "b"]


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    pieces = pieces_of(["a\ud83d", "b", "\ude00"])
    assert "".join(pieces) == "a\ufffdb\ufffd"
    assert "".join(pieces).encode("utf-8")


def test_a_run_of_marks_without_end_is_not_held_back_for_ever() -> None:
    clusters = Clusters()
    for _ in range(10):
        clusters.feed("\u0301" * 20)
    assert clusters.ready > 0


def test_a_piece_holds_the_fewest_clusters_with_so_many_code_points() -> None:
    clusters = Clusters()
    clusters.feed(f"ab{FAMILY}cd")
    assert clusters.take(3) == f"ab{FAMILY}"


def test_what_is_held_back_can_be_seen() -> None:
    clusters = Clusters()
    clusters.feed("ab")
    assert (clusters.held, clusters.take(1)) == ("b", "a")
    clusters.feed("\N{MAN}\N{ZERO WIDTH JOINER}")
    assert clusters.held == "\N{MAN}\N{ZERO WIDTH JOINER}"
    clusters.finish()
    assert clusters.held == ""
