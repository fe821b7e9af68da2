"""Embeddings by hashed character n-grams: alike texts are near."""

from __future__ import annotations

import unicodedata

import pytest

from local_cortex.engines.computed import embed, similarity


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("The delivery was late", "Delivery was very late", "I like green tea"),
        ("How do I reset my password?", "I need to reset my password", "Where is my parcel?"),
        ("배송이 늦어요", "배송이 너무 늦었어요", "녹차를 좋아합니다"),
        ("주문 취소하고 싶어요", "주문을 취소해 주세요", "오늘 날씨가 맑네요"),
    ],
)
def test_alike_texts_are_nearer_than_others(text: str, near: str, far: str) -> None:
    assert similarity(text, near) > similarity(text, far) + 0.05


def test_a_vector_has_length_one_and_an_empty_text_has_none() -> None:
    vector = embed("hello", 768)
    assert vector.shape == (768,)
    assert float(vector @ vector) == pytest.approx(1)
    assert not embed("  ", 768).any()


def test_case_spaces_and_the_form_of_hangul_do_not_matter() -> None:
    assert similarity("Hello  World", "hello world") == pytest.approx(1)
    decomposed = unicodedata.normalize("NFD", "배송")
    assert similarity("배송", decomposed) == pytest.approx(1)


def test_a_vector_is_the_same_in_every_process() -> None:
    assert [int(place) for place in embed("눈", 1024).nonzero()[0]] == [406, 562, 659, 770]
