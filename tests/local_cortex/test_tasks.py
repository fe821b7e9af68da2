"""The scripted rules behind the AI functions, in Korean and English."""

from __future__ import annotations

from typing import Any

import pytest

from local_cortex.engines import EngineError
from local_cortex.engines.tasks import RULES, mood


def run(name: str, given: dict[str, Any]) -> Any:
    return RULES[name](given)


def labels(*names: str) -> list[dict[str, str]]:
    return [{"label": name} for name in names]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The food was great", "positive"),
        ("Not good at all", "negative"),
        ("Not good, and that is all that there is to say about it after a week", "negative"),
        ("no problem, thanks", "positive"),
        ("Great food but slow service", "mixed"),
        ("It is Tuesday", "neutral"),
        ("정말 빠르고 친절해요", "positive"),
        ("안 좋아요", "negative"),
        ("불친절하고 늦었어요", "negative"),
        ("별로 추천하지 않아요", "negative"),
        ("문제 없어요", "positive"),
        ("오늘은 화요일입니다", "neutral"),
    ],
)
def test_a_negation_turns_the_mood_around(text: str, expected: str) -> None:
    assert mood(text) == expected


@pytest.mark.parametrize(
    ("text", "names", "chosen"),
    [
        ("I was travelling to Korea", ("cooking", "travel"), "travel"),
        ("배송이 너무 늦었어요", ("품질", "배송"), "배송"),
        ("two deliveries were late", ("taste", "delivery"), "delivery"),
        ("nothing in common", ("cooking", "travel"), "cooking"),
        ("배송이 너무 늦었어요", ("긍정", "부정"), "부정"),
    ],
)
def test_the_label_that_shares_most_words_is_chosen(
    text: str, names: tuple[str, ...], chosen: str
) -> None:
    assert run("classify", {"text": text, "labels": labels(*names)}) == [chosen]


def test_descriptions_and_examples_speak_for_a_label() -> None:
    described = [{"label": "a"}, {"label": "b", "description": "pasta and other food"}]
    assert run("classify", {"text": "tasty pasta", "labels": described}) == ["b"]
    examples = [{"input": "where is my parcel", "labels": ["b"]}]
    given = {"text": "where is the parcel", "labels": labels("a", "b"), "examples": examples}
    assert run("classify", given) == ["b"]
    far = [{"input": "pasta with tomatoes", "labels": ["b"]}]
    assert run("classify", {**given, "text": "my parcel is late", "examples": far}) == ["a"]
    unknown = [{"input": given["text"], "labels": ["c"]}]
    assert run("classify", {**given, "examples": unknown, "multi": True}) == []


def test_several_labels_are_those_that_share_a_word() -> None:
    given = {"text": "price and delivery", "labels": labels("price", "delivery", "taste")}
    assert run("classify", given | {"multi": True}) == ["price", "delivery"]
    assert run("classify", {"text": "x", "labels": labels("price"), "multi": True}) == []


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("Is this review positive?", "I loved it", True),
        ("Is this review positive? It broke", "", False),
        ("이 리뷰는 긍정적인가요? 별로였어요", "", False),
        ("Is {0} about shipping?", "shipping took long", True),
        ("배송에 대한 내용인가요?", "배송이 늦어요", True),
        ("배송에 대한 내용이 아닌가요?", "배송이 늦어요", False),
        ("Does it mention 'full refund'?", "I want a refund", False),
    ],
)
def test_a_question_goes_by_mood_quotations_or_words(
    question: str, text: str, answer: bool
) -> None:
    assert run("decide", {"question": question, "text": text}) is answer


def test_a_question_without_a_text_has_no_answer() -> None:
    with pytest.raises(EngineError, match="only compares a text with a question"):
        run("decide", {"question": "Is Canada in North America?", "text": ""})


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("name: Kim, city: Seoul", "Which city?", "Seoul"),
        ("이름: 김철수\n취미: 등산, 독서", "List: 취미는 무엇인가요?", ["등산", "독서"]),
        ("Write to kim@example.com.", "What is the email?", "kim@example.com"),
        ("It opened on 2026-11-28.", "When did it open?", "2026-11-28"),
        ("가격은 12,000원입니다", "가격은 얼마인가요?", "12,000원"),
        ("Kim lives in Seoul. It rains.", "Where does Kim live?", "Kim lives in Seoul."),
        ("It rains.", "Who is the boss?", None),
    ],
)
def test_an_answer_is_in_the_text_or_is_null(text: str, question: str, answer: Any) -> None:
    assert run("extract", {"text": text, "questions": {"a": question}}) == {"a": answer}


def test_an_aggregate_counts_and_says_that_it_only_counts() -> None:
    texts = ["배송이 빨라요. 좋아요", "배송이 늦었어요"]
    said = run("aggregate", {"texts": texts, "task": "불만을 요약해 주세요"})
    assert said.splitlines() == [
        "스크립트 엔진은 “불만을 요약해 주세요” 지시를 수행하지 못하고 집계만 합니다.",
        "텍스트 2건: 긍정 1, 부정 1, 혼합 0, 중립 0.",
        "자주 나온 단어: 배송.",
        "첫 문장: 배송이 빨라요. / 배송이 늦었어요",
    ]


def test_a_translation_that_is_not_known_says_so() -> None:
    given = {"text": "I am here", "source": "en", "target": "ko"}
    assert run("translate", given) == "[번역 안 됨: 스크립트 엔진, en → ko] I am here"
    assert run("translate", given | {"text": "감사합니다", "source": "", "target": "en"}) == (
        "Thank you"
    )
    with pytest.raises(EngineError, match='unsupported language "tlh"'):
        run("translate", given | {"target": "tlh"})


@pytest.mark.parametrize("text", ["\n" * 50_000, "a." * 50_000, "a: b, " * 20_000, "not " * 20_000])
def test_a_long_text_is_read_at_its_beginning(text: str) -> None:
    run("sentiment", {"text": text, "categories": ["food"]})
    run("extract", {"text": text, "questions": {"a": "When is the food ready?"}})
    run("summarize", {"text": text})
