"""Every prompt that the course offers has an answer in the script, in the prompt's own language."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest

from course import LESSONS, ROOT
from course.language import LANGUAGES, Language, texts
from local_cortex.engines import Message
from local_cortex.engines.scripted import ANSWERS, answer, language_of, refers_to, topic_of

#: What draws a field with a preset, or asks a model, and where each has its prompt.
FIELDS = ("text_input", "text_area", "chat_input", "prompt")
ASKS = ("Complete", "complete", "ai_complete")
NAMES = ("prompt", "question")
PROGRAMS = (
    *sorted((ROOT / "pages").glob("*.py")),
    *sorted((ROOT / "course" / "templates").glob("**/*.py.txt")),
    *sorted(LESSONS.glob("day_*/steps/*.py")),
    *sorted(LESSONS.glob("day_*/practice/*/*.py")),
)
PRESETS = "short", "medium", "long", "emoji", "breaking"


def literal(node: ast.AST | None) -> Iterator[str]:
    """Yield texts that are written out: one, those of a list, or both of ``in_language``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.List):
        for item in node.elts:
            yield from literal(item)
    elif isinstance(node, ast.Call):
        for each in node.keywords:
            if each.arg in LANGUAGES:
                yield from literal(each.value)


def prompts_of(source: str) -> Iterator[str]:
    """Yield what a program asks a model, or offers its user to ask."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            if any(getattr(target, "id", "") in NAMES for target in node.targets):
                yield from literal(node.value)
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in (*FIELDS, *ASKS) and len(node.args) > 1:
                yield from literal(node.args[1])
            for each in node.keywords:
                if each.arg in ("prompt", "suggestions") or (
                    each.arg == "value" and called in FIELDS
                ):
                    yield from literal(each.value)


def of_programs() -> Iterator[tuple[str, str]]:
    for path in PROGRAMS:
        for prompt in prompts_of(path.read_text("utf-8")):
            yield prompt, str(path.relative_to(ROOT))


def of_exercises() -> Iterator[tuple[str, str]]:
    for path in sorted(LESSONS.glob("day_*/practice/*/exercise.toml")):
        for scene in tomllib.loads(path.read_text("utf-8"))["scenes"]:
            for label, value in scene.get("inputs", {}).items():
                if "prompt" in label.lower():
                    yield value, f"{path.parent.name}, scene {scene['id']}"
            for message in scene.get("say", ()):
                yield message, f"{path.parent.name}, scene {scene['id']}"


def of_the_lab() -> Iterator[tuple[str, str]]:
    for language in LANGUAGES:
        for name in PRESETS:
            yield texts(language)[f"lab.question.{name}"].format(number="0a1b2c"), f"lab, {name}"


def of_answers() -> Iterator[tuple[str, str]]:
    """Yield what an answer suggests to ask: each stands in a list, alone."""
    for path in sorted(ANSWERS.glob("*/*.md")):
        for prompt in re.findall(r"^- `([^`]+[.?])`$", path.read_text("utf-8"), re.MULTILINE):
            yield prompt, f"the answer {path.parent.name}/{path.name}"


ALL = (*of_programs(), *of_exercises(), *of_the_lab(), *of_answers())
OFFERED = sorted({each for each in ALL if each[0].strip()})


@pytest.mark.parametrize(("prompt", "where"), OFFERED)
def test_the_script_knows_every_prompt_that_the_course_offers(prompt: str, where: str) -> None:
    assert topic_of(prompt) or refers_to(prompt), where


def test_prompts_of_every_kind_are_found() -> None:
    places = " ".join(where for _, where in OFFERED)
    kinds = (
        "pages/",
        "templates/",
        "steps/",
        "starter.py",
        "lab,",
        "the answer ko",
        "the answer en",
    )
    assert [kind for kind in kinds if kind not in places] == []


@pytest.mark.parametrize(
    ("prompt", "language", "begins"),
    [
        ("한 문장으로 인사해 주세요.", "ko", "안녕하세요"),
        ("Say hello in one sentence.", "en", "Hello"),
    ],
)
def test_hello_is_answered_with_a_greeting_in_its_language(
    prompt: str, language: Language, begins: str
) -> None:
    messages = [Message("user", prompt)]
    assert language_of(messages) == language
    assert topic_of(prompt) == "greeting"
    greeting = answer(messages)
    assert greeting.startswith(begins)
    # As one sentence is asked for: at the script's pace it is there in a second or two.
    assert len(greeting) < 160


@pytest.mark.parametrize(
    "prompt",
    [
        "Say hello to my boss in a formal e-mail",
        "인사말 카드에 넣을 축하 문구를 지어 줘",
        "인사 평가서를 번역해 주세요",
    ],
)
def test_a_greeting_for_somebody_else_is_no_prompt_of_the_course(prompt: str) -> None:
    assert topic_of(prompt) is None
