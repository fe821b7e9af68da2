"""Every exercise of the lessons accepts its solution and explains a wrong answer.

`make check` tries all wrong answers; CI runs it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from course.exercises.answering import Backend, try_out
from course.settings import AnswerSettings
from practice import CheckResult, Exercise, grade, load_exercises
from practice.exercises import LESSONS
from streaming import CompletionRequest

pytestmark = pytest.mark.usefixtures("runtime")

EXERCISES = [
    exercise
    for day in sorted(folder.name for folder in LESSONS.glob("day_*"))
    for exercise in load_exercises(day)
]


# Seconds between two words. The checks look at when pieces come, and tests' models do not pause.
PACE = 0.005


class Paced(Backend):
    """Answers word by word."""

    def complete(self, request: CompletionRequest, fault: str | None = None) -> Iterator[str]:
        return Words(super().complete(request, fault))

    def chat(self, request: CompletionRequest, fault: str | None = None) -> Iterator[str]:
        return Words(super().chat(request, fault))


class Words:
    """An answer word by word, whose end tells what the answer's own does."""

    def __init__(self, answer: Iterator[str]) -> None:
        self._answer = answer
        self._words = self._read()

    def __getattr__(self, name: str) -> object:
        return getattr(self._answer, name)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._words)

    def _read(self) -> Iterator[str]:
        for delta in self._answer:
            for word in re.findall(r"\S+\s*|\s+", delta):
                time.sleep(PACE)
                yield word


@pytest.fixture(scope="module")
def backend() -> Backend:
    return Paced(AnswerSettings())


def failed(exercise: Exercise, code: str, backend: Backend) -> list[CheckResult]:
    events = try_out(exercise, code, backend)
    return [result for result in grade(exercise, code, events, "en") if not result.passed]


@pytest.mark.parametrize(
    ("edits", "is_attempt"),
    [
        ([], False),
        ([("\n\n", "\n\n\n"), ("import streamlit as st", "import streamlit as st  # mine")], False),
        ([("# Ask for the version, and show it.", "")], False),
        ([("connection", "connexion")], True),
        ([("# Ask for the version, and show it.", "st.success(")], True),
    ],
)
def test_an_attempt_changes_more_than_comments_and_blank_space(
    edits: list[tuple[str, str]], *, is_attempt: bool
) -> None:
    (exercise,) = (each for each in EXERCISES if each.name == "2_show_the_version")
    code = exercise.starter
    for old, new in edits:
        code = code.replace(old, new)
    assert exercise.is_attempt(code) is is_attempt


@pytest.mark.parametrize("exercise", EXERCISES, ids=[each.name for each in EXERCISES])
def test_a_right_and_a_wrong_program_are_told_apart(exercise: Exercise, backend: Backend) -> None:
    wrong = exercise.about.wrong[0]
    programs = (exercise.solution, exercise.answer_program(wrong))
    # Side by side: both wait for their models and their sleeps.
    with ThreadPoolExecutor() as pool:
        right, (first, *_) = pool.map(lambda code: failed(exercise, code, backend), programs)
    assert right == []
    assert (first.id, first.mistake) == (wrong.check, wrong.mistake)
    assert first.message
