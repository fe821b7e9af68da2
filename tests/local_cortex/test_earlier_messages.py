"""The script answers prompts about earlier messages from the request, and from nothing else."""

from __future__ import annotations

import itertools

import pytest

from local_cortex.engines import Message
from local_cortex.engines.scripted import answer, refers_to

QUESTIONS = {"en": "What is Snowflake Cortex?", "ko": "Snowflake Cortex가 무엇인가요?"}


def said(*turns: str) -> str:
    """Answer the last of these turns; the user's is the first, and every second one."""
    roles = itertools.cycle(("user", "assistant"))
    return answer([Message(role, text) for role, text in zip(roles, turns, strict=False)])


ANSWERS = {language: said(question) for language, question in QUESTIONS.items()}


@pytest.mark.parametrize(
    ("introduction", "name"),
    [
        ("My name is Mina.", "Mina"),
        ("Hi, my name's Mina Kim and I like snow", "Mina Kim"),
        ("제 이름은 미나입니다.", "미나"),
        ("안녕하세요, 제 이름은 민준이라고 합니다.", "민준"),
        ("내 이름은 지은이야", "지은"),
        ("저는 김철수라고 합니다. 반갑습니다.", "김철수"),
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        *("What is my name?", "Do you remember my name?", "제 이름이 뭐라고 했죠?"),
        *("내 이름 기억해?", "제 이름을 아세요?"),
    ],
)
def test_a_name_is_known_exactly_if_its_message_is_sent_again(
    introduction: str, name: str, question: str
) -> None:
    hello = said(introduction)
    assert name in hello
    assert name in said(introduction, hello, "Explain tokens.", "...", question)
    assert name not in said(question)
    assert name not in said("Explain tokens.", "...", question)


def test_the_last_of_several_names_counts() -> None:
    assert "Jisu" in said("My name is Mina.", "...", "My name is Jisu.", "...", "Who am I?")


@pytest.mark.parametrize("prompt", ["Say that again, please.", "다시 말해 주세요.", "한 번 더"])
def test_the_last_answer_is_said_again(prompt: str) -> None:
    assert said(QUESTIONS["en"], ANSWERS["en"], "Hi", "Hello there.", prompt) == "Hello there."


@pytest.mark.parametrize(
    ("language", "prompt"),
    [("en", "Shorter, please."), ("en", "Make it shorter"), ("ko", "더 짧게 말해 주세요.")],
)
def test_shorter_is_the_first_sentence_of_the_last_answer(language: str, prompt: str) -> None:
    shorter = said(QUESTIONS[language], ANSWERS[language], prompt)
    assert shorter in ANSWERS[language]
    assert 20 < len(shorter) < 200


@pytest.mark.parametrize(
    ("before", "prompt", "after"),
    [
        ("ko", "영어로 번역해 주세요.", "en"),
        ("en", "Translate that into Korean.", "ko"),
        ("en", "한국어로", "ko"),
        ("ko", "Translate that", "en"),
    ],
)
def test_an_answer_of_the_script_is_translated(before: str, prompt: str, after: str) -> None:
    turns = (QUESTIONS[before], ANSWERS[before])
    assert said(*turns, prompt) == ANSWERS[after]
    # Also where something else was asked about the answer in between.
    assert said(*turns, "Shorter", said(*turns, "Shorter"), prompt) == ANSWERS[after]


def test_other_answers_are_not_translated_but_said_to_be_others() -> None:
    assert "can't translate" in said("Tell me a joke.", "Knock, knock.", "Translate that")


def test_why_names_what_it_is_about() -> None:
    assert '"Snow is cold."' in said("Tell me a fact.", "Snow is cold. So is ice.", "Why?")
    assert "눈은 차갑습니다." in said("알려 줘", "눈은 차갑습니다.", "왜요?")


@pytest.mark.parametrize("prompt", ["Shorter", "say that again", "in Korean", "왜요?", "더 짧게"])
def test_without_an_earlier_answer_the_script_says_that_there_is_none(prompt: str) -> None:
    assert "request" in said(prompt) or "요청" in said(prompt)
    assert said(prompt) == said(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        *("Explain quantum computing shorter than usual.", "Why is the sky blue?"),
        *("Translate this poem for my mother", "이 글을 번역해 주세요", "왜 하늘은 파란가요?"),
        *("What is a name in Python?", "이름 짓는 방법을 알려 주세요", "x" * 400),
    ],
)
def test_other_prompts_are_answered_as_without_earlier_messages(prompt: str) -> None:
    assert refers_to(prompt) is None
    assert said(QUESTIONS["en"], ANSWERS["en"], prompt) == said(prompt)


def test_half_a_character_of_an_earlier_answer_is_not_sent_back() -> None:
    assert said("Hi", "half \ud83d", "Say that again") == "half \ufffd"
