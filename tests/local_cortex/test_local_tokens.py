"""The token estimate."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cortex import tokens

ENGLISH = (
    "A generator hands out one value at a time, when it is asked for one, instead of returning "
    "everything at once. That is why the first words of an answer can be on the screen while the "
    "model is still busy with the rest of it."
)
KOREAN = (
    "제너레이터는 값을 한꺼번에 돌려주지 않고, 달라고 할 때마다 하나씩 내줍니다. 그래서 모델이 "
    "나머지를 쓰는 동안에도 답의 첫머리를 화면에 보여 줄 수 있습니다."
)
# Any text that can be in a Python string, with what tokenizers find hard made more frequent.
TEXTS = st.text() | st.text(alphabet="aé\u0301 \n`한ᄒ\u200d👨🇰\ud83d1.", max_size=200)


@given(TEXTS)
def test_the_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(tokens.split(text)) == text


@given(TEXTS)
def test_no_piece_is_empty_and_the_count_is_their_number(text: str) -> None:
    pieces = tokens.split(text)
    assert all(pieces)
    assert tokens.count(text) == len(pieces)


@given(TEXTS)
def test_no_piece_is_longer_than_a_word_part(text: str) -> None:
    assert all(len(piece) <= 8 for piece in tokens.split(text))


def test_english_has_about_four_characters_a_token() -> None:
    assert 3.5 <= len(ENGLISH) / tokens.count(ENGLISH) <= 4.5


def test_hangul_has_one_or_two_syllables_a_token() -> None:
    syllables = sum("가" <= character <= "힣" for character in KOREAN)
    assert 1 <= syllables / tokens.count(KOREAN) <= 2


def test_a_word_takes_its_space_along() -> None:
    assert tokens.split("one two 셋 4") == ["one", " two", " 셋", " 4"]


def test_a_code_fence_is_one_piece() -> None:
    assert tokens.split("```python\nx\n```") == ["```", "python", "\n", "x", "\n", "```"]


def test_a_family_emoji_arrives_in_pieces_as_from_a_model() -> None:
    assert len(tokens.split("👨‍👩‍👧‍👦")) == 7


def test_decomposed_hangul_is_about_a_syllable_a_piece() -> None:
    decomposed = unicodedata.normalize("NFD", "한글")
    assert tokens.split(decomposed) == [decomposed[:3], decomposed[3:]]


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "\n", "\u0301", "word 낱말 "),
        *(pytest.param(unit, marks=pytest.mark.thorough) for unit in ("가", " ", "`", "👨‍👩‍👧‍👦")),
    ],
)
def test_the_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    def seconds(length: int) -> float:
        """Return the processor's time, which other programs don't add to."""
        text = unit * (length // len(unit))
        best = float("inf")
        for _ in range(3):
            started = time.thread_time()
            tokens.split(text)
            best = min(best, time.thread_time() - started)
        return best

    # Ten times the text: quadratic time would be a hundred times as long.
    assert seconds(200_000) < 40 * seconds(20_000)
