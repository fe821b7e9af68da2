"""Which of the course's own prompts a prompt is, and in which language to answer it.

Prompts are recognised by their words, not by their exact text, so a learner can vary them. What is
not recognised is for the script to be honest about; a wrong answer would be worse than none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_cortex.engines import Message

__all__ = ["Language", "language_of", "last_prompt", "topic_of"]

Language = Literal["en", "ko"]

# A prompt longer than this is somebody's own text, whatever words happen to be in it.
LONGEST_PROMPT = 300


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


# Tasks on a text of the learner's own: no answer written in advance can do them.
OWN_TASK = _words(r"translat | summar[iy] | proofread | rewrite | 번역 | 요약 | 교정 | 고쳐")

STREAMING = (
    r"stream | generator | \byield | typewriter | 스트리[밍밈] | 스트림 | 제너레이터 | 타자기"
)
SNOW = r"snow | winter | stream | word | 눈[이을에의은과\s] | 눈송이 | 겨울 | 스트리밍 | 문장"

# Forms of an answer: what names the form, and the subjects that the script has in that form. A
# form without any subject ("write a haiku") is answered too.
FORMS = tuple(
    (topic, _words(form), _words(subject))
    for topic, form, subject in (
        (
            "reverse",
            r"revers | 뒤집",
            r"string | text | emoji | 문자열 | 글자 | 글을 | 이모지 | 텍스트",
        ),
        (
            "code",
            r"(?:write|show|give|make|create)\b .* \b(?:code|function|script|example|program)\b"
            r"| (?:코드|함수|예제|프로그램) .* (?:작성|만들|짜|써|보여)",
            r"fibonacci | generator | 피보나치 | 제너레이터",
        ),
        ("haiku", r"haiku | 하이쿠", SNOW),
        ("poem", r"\bpoem | \bverses?\b | (?<![가-힣\d])시(?=[를\s]|$)", SNOW),
        (
            "table",
            r"\btable\b | (?<![가-힣])표(?=[를로\s]|$)",
            STREAMING + r"| method\ [12] | 방법\ ?[12] | 방식",
        ),
        ("list", r"\blist\b | \btips?\b | 목록 | 팁", r"prompt | 프롬프트"),
    )
)
# What may stand around a form without being a subject.
FILLER = _words(
    r"\b(?:please|can|could|you|write|show|give|make|create|me|an?|one|some|short|simple|small|nice"
    r"|python|markdown|in)\b"
    r"| 파이썬 | 마크다운 | 짧은 | 간단한 | 하나 | 한\ ?(?:편|수|개) | 작성 | 만들어 | 써 | 지어"
    r"| 짜 | 적어 | 보여 | 부탁 | 주세요 | 주십시오 | 줘 | 해 | 합니다 | 드립니다 | 드려요 | 좀"
    r"| [을를로만으]"
)

# Subjects, in the order in which they are tried: all patterns of one must be found.
SUBJECTS = tuple(
    (topic, tuple(_words(part) for part in parts))
    for topic, parts in (
        (
            "emoji",
            (
                r"emoji | grapheme | combining | 이모지 | 자소 | \u200d | [\U0001f1e6-\U0001f1ff]"
                r"| 글자.*깨[지져진]",
            ),
        ),
        (
            "quantum",
            (
                r"\bquantum\b (?!\ (?:mechanic|physic|field|gravit|theor|of\b)) | \bqubit"
                r"| 양자\ ?(?:컴퓨|계산|비트|알고리즘|얽힘|중첩) | 큐비트",
            ),
        ),
        (
            "token",
            (
                r"what(?:'s|\ is|\ are)\ (?:an?\ )?(?:(?:llm|language\ model|cortex)\ )?tokens?\b"
                r"| explain\ (?:what\ )?(?:an?\ )?tokens?\b | 토큰(?:이란|은|이|을|에\ 대해)\b",
            ),
        ),
        ("streaming", (STREAMING,)),
        (
            "cortex",
            (
                r"cortex | snowflake | 코텍스 | 코어텍스 | 스노우플레이크 | 스노플레이크",
                r"what | explain | describe | tell | introduc"
                r"| 무엇 | 뭐 | 뭔 | 설명 | 소개 | 알려 | 란\?",
            ),
        ),
        (
            "list",
            (
                r"prompt | 프롬프트",
                r"\bhow\b | better | good | \bways?\b | 방법 | 가지 | 좋은 | 잘\ ?쓰 | 잘\ ?쓸",
            ),
        ),
        (
            "greeting",
            (
                r"^\W*(?:hi|hello|hey|good\ (?:morning|afternoon|evening))"
                r"(?:\ (?:there|everyone|cortex|llama|claude))?\W*$"
                r"| ^\W*(?:안녕|반갑|반가)\S{0,8}\W*$"
                r"| who\ are\ you | (?:what|which)\ model\ (?:are|is)\ (?:you|this)"
                r"| 누구(?:세요|야|니|신가|입니까|예요|인가) | (?:무슨|어떤)\ 모델(?:이|인)",
            ),
        ),
    )
)

# "Answer in Korean" in its usual forms, as a person or a system message would put it.
ASKED_FOR: tuple[tuple[Language, re.Pattern[str]], ...] = (
    ("ko", _words(r"\b(?:in|into|use|speak|only)\ korean\b | 한국어로 | 한국말로 | 우리말로")),
    ("en", _words(r"\b(?:in|into|use|speak|only)\ english\b | 영어로")),
)
# Where such a wish stands in a long message: at its beginning or its end.
EDGE = 10_000
HANGUL = re.compile(r"[가-힣\u1100-\u11ff\u3131-\u318e]")


def topic_of(prompt: str) -> str | None:
    """Name the topic of one of the course's own prompts; ``None`` for any other prompt."""
    prompt = prompt.strip()
    if len(prompt) > LONGEST_PROMPT or OWN_TASK.search(prompt):
        return None
    for topic, form, subject in FORMS:
        if form.search(prompt):
            rest = FILLER.sub(" ", form.sub(" ", prompt))
            # The subject may stand inside what names the form: "write a generator function".
            if subject.search(prompt) or not re.search(r"\w", rest):
                return topic
    for topic, parts in SUBJECTS:
        if all(part.search(prompt) for part in parts):
            return topic
    return None


def last_prompt(messages: Sequence[Message]) -> str:
    """Give the text of the last user message, or ``""``."""
    return next((turn.content for turn in reversed(messages) if turn.role == "user"), "")


def language_of(messages: Sequence[Message]) -> Language:
    """Choose the language: the one asked for, else the one of the last user message.

    A request in the last user message counts before one in a system message.
    """
    prompt = _edges(last_prompt(messages))
    systems = (_edges(turn.content) for turn in reversed(messages) if turn.role == "system")
    for text in (prompt, *systems):
        for language, asked in ASKED_FOR:
            if asked.search(text):
                return language
    return "ko" if HANGUL.search(prompt) else "en"


def _edges(text: str) -> str:
    return text if len(text) <= 2 * EDGE else f"{text[:EDGE]} {text[-EDGE:]}"
