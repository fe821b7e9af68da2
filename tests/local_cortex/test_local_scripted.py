"""The scripted engine: its pace, and what it says."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import json
import math
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from local_cortex import tokens
from local_cortex.engines import (
    Begin,
    Call,
    Delta,
    End,
    Message,
    Tool,
    ToolPiece,
    Usage,
    scripted,
)
from local_cortex.engines.scripted import ScriptedEngine, language_of, topic_of

COURSE_PROMPT = "Explain quantum computing in simple terms."
FAMILY = "👨‍👩‍👧‍👦"
ANSWERS = sorted(scripted.ANSWERS.glob("*/*.md"))
HANGUL = re.compile("[가-힣]")


def user(prompt: str) -> tuple[Message, ...]:
    return (Message("user", prompt),)


def answer(prompt: str) -> str:
    return scripted.answer(user(prompt))


def call(prompt: str = COURSE_PROMPT, **more: Any) -> Call:
    return Call(**{"model": "llama3.1-8b", "messages": user(prompt), "max_tokens": 4096, **more})


class FakeTime:
    """A clock that only sleeping moves, plus ``grain`` seconds too many each time."""

    def __init__(self, grain: float = 0.0) -> None:
        self.now = 1_000.0
        self.grain = grain
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds > 0:
            self.now += seconds + self.grain

    def engine(self, **pace: float) -> ScriptedEngine:
        return ScriptedEngine(**pace, sleep=self.sleep, clock=self.clock)


def events_of(engine: ScriptedEngine, asked: Call) -> list[Delta | End]:
    async def collect() -> list[Delta | End]:
        begin, *events = [event async for event in engine.stream(asked)]
        assert isinstance(begin, Begin)
        return [event for event in events if isinstance(event, Delta | End)]

    return asyncio.run(collect())


def text_of(events: list[Delta | End]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


# The engine


def test_the_deltas_are_the_answer_and_one_end_follows() -> None:
    events = events_of(FakeTime().engine(), call())
    assert text_of(events) == answer(COURSE_PROMPT)
    assert [type(event) for event in events[:-1]] == [Delta] * (len(events) - 1)
    assert isinstance(events[-1], End)
    assert events[-1].finish_reason == "stop"


def test_the_same_call_gives_the_same_events() -> None:
    assert events_of(FakeTime().engine(), call()) == events_of(FakeTime().engine(), call())


def test_an_answer_has_the_form_of_a_schema_in_the_prompt() -> None:
    form = (
        "Here is the output schema:\n```\n"
        '{"properties": {"light": {"enum": ["Low", "High"]}}, "required": ["light"]}\n```'
    )
    asked = (Message("system", form), *user("A plant for a High shelf"))
    events = events_of(FakeTime().engine(), Call("llama3.1-8b", asked, 100))
    assert json.loads(text_of(events)) == {"light": "High"}


def test_usage_counts_every_message_and_the_deltas() -> None:
    messages = (Message("system", "Be brief."), *user(COURSE_PROMPT))
    events = events_of(FakeTime().engine(), call(messages=messages))
    prompt = tokens.count("Be brief.") + tokens.count(COURSE_PROMPT)
    assert events[-1] == End("stop", Usage(prompt, len(events) - 1))


def test_an_answer_ends_at_max_tokens_and_says_so() -> None:
    events = events_of(FakeTime().engine(), call(max_tokens=5))
    assert len(events) == 6
    assert answer(COURSE_PROMPT).startswith(text_of(events))
    end = events[-1]
    assert isinstance(end, End)
    assert (end.finish_reason, end.usage.completion_tokens) == ("length", 5)


def test_a_limit_that_the_answer_just_fits_is_no_cut() -> None:
    whole = tokens.count(answer(COURSE_PROMPT))
    end = events_of(FakeTime().engine(), call(max_tokens=whole))[-1]
    assert isinstance(end, End)
    assert end.finish_reason == "stop"


def test_each_token_is_due_on_the_schedule() -> None:
    time = FakeTime()
    arrived: list[float] = []

    async def watch() -> None:
        engine = time.engine(first_token=0.4, tokens_per_second=40.0)
        events = engine.stream(call(max_tokens=5))
        arrived.extend(
            [round(time.now - 1_000.0, 6) async for event in events if isinstance(event, Delta)]
        )

    asyncio.run(watch())
    assert arrived == [0.4, 0.425, 0.45, 0.475, 0.5]


def test_a_clock_that_sleeps_too_long_each_time_does_not_add_up() -> None:
    time = FakeTime(grain=0.01)
    events_of(time.engine(first_token=0.4, tokens_per_second=40.0), call(max_tokens=101))
    assert 2.9 <= time.now - 1_000.0 <= 2.92, "0.4 s and a hundred gaps of 25 ms"


def test_a_consumer_that_was_busy_gets_what_is_due_at_once() -> None:
    time = FakeTime()

    async def be_slow() -> None:
        async for event in time.engine(first_token=0.0, tokens_per_second=10.0).stream(
            call(max_tokens=20)
        ):
            if isinstance(event, Delta) and time.now < 1_001.0:
                time.now += 1.0

    asyncio.run(be_slow())
    assert time.slept[1:11] == [0.0] * 10
    assert time.now == pytest.approx(1_000.0 + 1.9), "the end of the answer is not later"


def test_the_first_token_waits_from_the_first_request_not_from_the_call() -> None:
    time = FakeTime()

    async def come_late() -> float:
        events = time.engine(first_token=0.4).stream(call())
        time.now += 5.0
        started = time.now
        assert isinstance(await anext(events), Begin)
        await anext(events)
        await events.aclose()
        return time.now - started

    assert asyncio.run(come_late()) == pytest.approx(0.4)


# Recognition


@pytest.mark.parametrize(
    ("topic", "prompts"),
    [
        (
            "quantum",
            [
                COURSE_PROMPT,
                "양자 컴퓨팅을 쉽게 설명해 주세요.",
                "큐비트가 뭔가요?",
                "what's a qubit?",
            ],
        ),
        (
            "streaming",
            [
                "How does st.write_stream work?",
                "st.write_stream은 어떻게 동작하나요?",
                "yield가 뭐예요?",
                "Explain Python generators with code",
                "스트리밍이 왜 필요한가요?",
            ],
        ),
        ("cortex", ["What is Snowflake Cortex?", "Snowflake Cortex가 무엇인가요?"]),
        ("token", ["What is a token?", "토큰이란 무엇인가요?"]),
        ("greeting", ["Hello", "hi!", "안녕하세요", "안녕하세요?", "Who are you?", "너는 누구니?"]),
        ("haiku", ["Write a haiku about snow.", "하이쿠를 지어 주세요"]),
        ("poem", ["Write a short poem", "눈에 관한 시를 한 편 써 주세요.", "짧은 시 한 편 써 줘"]),
        ("list", ["Give me a list", "프롬프트를 잘 쓰는 방법을 알려 주세요", "Tips for prompts?"]),
        (
            "code",
            [
                "Write a Python function.",
                "Write a Python generator function",
                "파이썬으로 피보나치 함수를 작성해 줘",
            ],
        ),
        ("reverse", ["Write a function that reverses a string", "문자열을 뒤집는 함수를 짜 줘"]),
        (
            "emoji",
            ["Why does a family emoji break while streaming?", "이모지가 왜 깨지나요?", FAMILY],
        ),
        ("table", ["Compare the two streaming methods in a table", "표를 하나 만들어 주세요"]),
    ],
)
def test_the_courses_prompts_are_recognised_by_their_words(topic: str, prompts: list[str]) -> None:
    assert {prompt: topic_of(prompt) for prompt in prompts} == dict.fromkeys(prompts, topic)


@pytest.mark.parametrize(
    "prompt",
    [
        "What is the capital of France?",
        "대한민국의 수도는 어디인가요?",
        "What is quantum mechanics?",
        "Write a haiku about my cat",
        "List the planets",
        "Compare llama and mistral in a table",
        "Write a Python function that parses ISO dates",
        "Translate 'quantum computer' into French",
        "이 글을 요약해 주세요: 스트리밍은 …",
        "Hello, can you help me with my taxes?",
        "목표로 하는 것은 무엇인가요?",
        "",
    ],
)
def test_a_prompt_that_the_script_cannot_answer_is_not_recognised(prompt: str) -> None:
    assert topic_of(prompt) is None


def test_a_long_text_is_not_recognised_by_a_word_in_it() -> None:
    assert topic_of("quantum " * 100) is None


# Language


@pytest.mark.parametrize(
    ("system", "prompt", "language"),
    [
        ("", COURSE_PROMPT, "en"),
        ("", "양자 컴퓨팅이란?", "ko"),
        ("", unicodedata.normalize("NFD", "양자 컴퓨팅이란?"), "ko"),
        ("Answer in Korean.", COURSE_PROMPT, "ko"),
        ("영어로 답하세요.", "양자 컴퓨팅이란?", "en"),
        ("Answer in Korean.", "Explain quantum computing in English.", "en"),
        ("", "Explain quantum computing in Korean.", "ko"),
        ("You are helpful.", COURSE_PROMPT, "en"),
    ],
)
def test_the_answer_is_in_the_language_asked_for_or_used(
    system: str, prompt: str, language: str
) -> None:
    messages = (Message("system", system), Message("user", prompt))
    assert language_of(messages) == language
    said = scripted.answer(messages)
    assert bool(HANGUL.search(said.replace(prompt, ""))) == (language == "ko")


def test_the_last_user_message_is_answered() -> None:
    messages = (
        Message("user", "안녕하세요"),
        Message("assistant", "안녕하세요!"),
        Message("user", COURSE_PROMPT),
    )
    assert scripted.answer(messages) == answer(COURSE_PROMPT)


# Length


@pytest.mark.parametrize(
    ("prompt", "sentences"),
    [
        (COURSE_PROMPT, None),
        ("in one sentence", 1),
        ("in a single sentence", 1),
        ("한 문장으로", 1),
        ("한 줄로", 1),
        ("in three sentences", 3),
        ("3문장으로", 3),
        ("in detail", math.inf),
        ("자세히 알려 주세요", math.inf),
        ("길게 써 주세요", math.inf),
        ("How long does it take?", None),
        ("짧게", 3),
    ],
)
def test_a_wish_for_length_is_read(prompt: str, sentences: float | None) -> None:
    assert scripted.sentences_asked_for(prompt) == sentences


@pytest.mark.parametrize("subject", ["양자 컴퓨팅을", "스트리밍을", "Snowflake Cortex를"])
def test_one_sentence_is_one_line_with_one_full_stop(subject: str) -> None:
    said = answer(f"{subject} 한 문장으로 설명해 주세요.")
    assert "\n" not in said
    assert said.endswith("니다.")
    assert said.count("니다.") == 1


def test_three_sentences_are_three() -> None:
    said = answer("Explain quantum computing in three sentences.")
    assert len(re.split(r"(?<=[.!?]) ", said)) == 3


def test_the_usual_answer_has_a_few_hundred_words_and_a_long_one_more() -> None:
    usual = answer(COURSE_PROMPT)
    long = answer("Explain quantum computing in detail.")
    assert 150 <= len(usual.split()) <= 300
    assert 450 <= len(long.split()) <= 700
    assert long.startswith(usual)


# The answers


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_answer_is_there_in_both_languages_with_the_same_parts(path: Path) -> None:
    other = path.parent.with_name("ko" if path.parent.name == "en" else "en") / path.name
    markers = re.compile(r"^<!-- (\w+) -->$", re.MULTILINE)
    parts = markers.findall(path.read_text(encoding="utf-8"))
    assert parts == markers.findall(other.read_text(encoding="utf-8"))
    assert parts in (["body"], ["line", "body"], ["line", "body", "more"])


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_python_in_an_answer_runs_and_prints_what_its_comments_say(path: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        ast.parse(block)
        if "session=" in block:
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block, path.name, "exec"), {})
        promised = re.findall(r"print\(.*\)  # (.*)$", block, re.MULTILINE)
        lines = printed.getvalue().splitlines()
        for line, comment in zip(lines, promised, strict=False):
            assert comment == line or comment.startswith(f"{line}: ")


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_code_fences_and_tables_in_an_answer_are_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("```") % 2 == 0
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_the_answers_have_every_kind_of_markdown_that_the_lessons_show() -> None:
    said = answer("Explain quantum computing in detail.")
    for sign in ("\n### ", "\n1. ", "\n- ", "\n| ", "\n```python\n", "**", "🌊"):
        assert sign in said


@pytest.mark.parametrize("prompt", ["Show a family emoji", "가족 이모지를 보여 주세요"])
def test_the_emoji_answer_has_what_is_torn_by_careless_cuts(prompt: str) -> None:
    said = answer(prompt)
    assert FAMILY in said
    assert "🇰🇷" in said
    assert "e\u0301" in said
    assert unicodedata.normalize("NFD", "한") in said
    pieces = [said[start : start + 5] for start in range(0, len(said), 5)]
    assert sum((len(regex.findall(r"\X", piece)) for piece in pieces), 0) > len(
        regex.findall(r"\X", said)
    )


# Any other prompt


@pytest.mark.parametrize(
    ("prompt", "words"), [("What is the capital of France?", 150), ("프랑스의 수도는?", 140)]
)
def test_any_other_prompt_gets_an_honest_answer_with_the_way_to_a_model(
    prompt: str, words: int
) -> None:
    said = answer(prompt)
    assert scripted.quote(prompt) in said
    assert "**script**" in said or "**대본**" in said
    for needed in (
        "COURSE_RELAY_URL",
        "http://127.0.0.1:11434/v1",
        "llama.cpp",
        "vLLM",
        ".streamlit/secrets.toml",
        "[connections.snowflake]",
    ):
        assert needed in said
    assert words <= len(said.split()) <= 250


@pytest.mark.parametrize("prompt", ["What is the capital of France?", "프랑스의 수도는?"])
def test_every_prompt_that_it_suggests_has_an_answer(prompt: str) -> None:
    suggested = re.findall(r"^- `(.*)`$", answer(prompt), re.MULTILINE)
    assert len(suggested) == 5
    assert None not in [topic_of(each) for each in suggested]


@given(st.text() | st.text(alphabet="`~ \n\r\t\u2028#>|*<\ud83d👨\u200da", max_size=400))
def test_no_prompt_breaks_out_of_its_quotation(prompt: str) -> None:
    first, *inside, last = scripted.quote(prompt).split("\n")
    fence = first.removesuffix("text")
    assert set(fence) == {"`"}
    assert last == fence
    # CommonMark: the fence is closed by a line of at least as many backticks, indented or not.
    closing = re.compile(rf"\s*`{{{len(fence)},}}\s*")
    assert not any(closing.fullmatch(line) for line in inside)
    assert not re.search(r"[\r\u2028\u2029\x85]", "".join(inside)), "no other ends of lines"
    "\n".join(inside).encode()  # which half of a surrogate pair would make impossible


@given(st.text(max_size=2_000))
def test_a_quotation_is_never_long(prompt: str) -> None:
    inside = scripted.quote(prompt).split("\n")[1:-1]
    assert len(inside) <= 6
    assert len("\n".join(inside)) <= 1_002


def test_a_short_prompt_is_quoted_whole() -> None:
    assert scripted.quote("  한 줄\n두 줄  ") == "```text\n한 줄\n두 줄\n```"


@pytest.mark.parametrize(
    ("whole", "one_more"),
    [
        ("a" * 240, "a" * 241),
        ("\n".join("abcdef"), "\n".join("abcdefg")),
        (f"{'e' + chr(0x301) * 999}", f"{'e' + chr(0x301) * 998}ab"),
    ],
)
def test_a_quotation_has_a_longest_length(whole: str, one_more: str) -> None:
    assert scripted.quote(whole) == f"```text\n{whole}\n```"
    assert scripted.quote(one_more) == f"```text\n{one_more[:-1].rstrip()} …\n```"


@pytest.mark.parametrize(
    ("korean", "english", "number"),
    [
        *(("한", "one", 1), ("두", "two", 2), ("세", "three", 3), ("네", "four", 4)),
        *(("다섯", "five", 5), ("여섯", "six", 6), ("12", "12", 12), ("한", "a", 1)),
        ("한", "single", 1),
    ],
)
def test_a_number_of_sentences_is_read_in_words(korean: str, english: str, number: int) -> None:
    assert scripted.sentences_asked_for(f"{korean} 문장으로") == number
    assert scripted.sentences_asked_for(f"In {english} sentences.") == number


def test_a_task_waits_as_long_as_a_first_token_does() -> None:
    time = FakeTime()
    asyncio.run(time.engine(first_token=0.4).task("score", {"text": "good"}))
    assert round(time.now - 1_000.0, 6) == 0.4


def test_where_no_tool_fits_the_one_that_is_required_is_the_first() -> None:
    tools = (Tool("get_weather", ""), Tool("look_up", ""), Tool("add", ""))
    asked = call("Write a poem.", tools=tools, tool_choice="required")

    async def called() -> list[str]:
        events = [event async for event in FakeTime().engine().stream(asked)]
        return [one.name for one in events if isinstance(one, ToolPiece) and one.name]

    assert asyncio.run(called()) == ["get_weather"]


def test_a_long_prompt_is_cut_between_characters_that_a_reader_sees() -> None:
    quoted = scripted.quote(FAMILY * 500).split("\n")[1]
    assert quoted.removesuffix(" …").replace(FAMILY, "") == ""
    assert 100 <= quoted.count(FAMILY) <= 240
    assert quoted.endswith(" …")


def test_marks_piled_up_without_end_do_not_make_a_long_quotation() -> None:
    assert scripted.quote("ok e" + "\u0301" * 100_000).split("\n")[1] == "ok …"


def test_the_usage_of_a_long_prompt_is_estimated_from_its_beginning() -> None:
    prompt = "snow falls. " * 10_000
    end = events_of(FakeTime().engine(), call(prompt))[-1]
    assert isinstance(end, End)
    assert end.usage.prompt_tokens == pytest.approx(tokens.count(prompt), rel=0.01)
