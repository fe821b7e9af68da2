"""Checks that an exercise keeps its promise: its solution passes, each wrong answer is explained.

What can be seen in the files is seen here; what must be run is run by ``try_exercises.py``, in a
process of its own, as the page would run it.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from course.commands.checking.mistakes import never, placeholders
from course.commands.checking.processes import ProcessFailed, last_line, run_python
from course.commands.checking.wording import text_faults, texts_in
from course.content.lesson import Lesson
from course.problems import LessonError, Problem
from course.toml_models import line_of, validated
from local_cortex.faults import FAULTS
from practice import Exercise, ExerciseError
from practice.exercises import ExerciseFile, read_exercise
from practice.sources import parse_python, read_text

__all__ = ["check_exercises", "exercise_files", "leaks"]

FOLDER = re.compile(r"[1-9][0-9]?_[a-z0-9_]{1,40}")
PARTS = ("exercise.toml", "starter.py", "solution.py")
# For each program that is tried; one takes half a second, and those that sleep a few.
SECONDS = 20.0
# For the clients' imports, Local Cortex, and compiling the sandbox on a machine's first run.
START_SECONDS = 60.0
#: A model that answers quickly, but piece by piece.
QUICKLY = {"COURSE_FIRST_TOKEN": "0.05", "COURSE_TOKENS_PER_SECOND": "400"}
# A name or a call alone gives nothing away.
SHORTEST_LEAK = 12
LEAKABLE = ("task", "hints", "checks", "errors")
# Letters; a shorter text may well be the same in Korean.
SHORTEST_COPY = 20


def exercise_files(lesson: Path) -> Iterator[Problem]:
    """Yield what is wrong with the exercises in a lesson's folder, without running any."""
    folder = lesson / "practice"
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        what = f"cannot be looked into ({error.strerror})"
        yield Problem(folder, 0, what, "Make it a folder that the course may read")
        return
    for path in paths:
        if path.name.startswith((".", "__")):
            continue
        if not path.is_dir() or not FOLDER.fullmatch(path.name):
            fix = "Put each exercise into a folder like practice/1_first_words/"
            yield Problem(path, 0, "this is no exercise's folder", fix)
            continue
        yield from _files(path)


def _files(folder: Path) -> Iterator[Problem]:
    for name in PARTS:
        if not (folder / name).is_file():
            fix = "Write it; lessons/README.md says what belongs into it"
            yield Problem(folder / name, 0, "the exercise has no such file", fix)
            return
    path = folder / "exercise.toml"
    try:
        validated(ExerciseFile, path)
        exercise = read_exercise(folder)
    except LessonError as error:
        yield from error.problems
        return
    except ExerciseError:
        return  # a program that cannot be read: the check of the code says so
    if exercise.starter == exercise.solution:
        fix = "Leave something to do"
        yield Problem(folder / "starter.py", 0, "is the same as solution.py", fix)
    yield from _about(exercise, path)


def _about(exercise: Exercise, path: Path) -> Iterator[Problem]:
    """Yield what is wrong with what ``exercise.toml`` says."""
    about, source = exercise.about, read_text(path)
    for number, scene in enumerate(about.scenes):
        if scene.fault is not None and scene.fault not in FAULTS:
            fix = "`python -m local_cortex faults` lists them"
            said = f"scene {scene.id}: there is no fault model {scene.fault}"
            yield Problem(path, line_of(source, ("scenes", number, "fault")), said, fix)
    for number, wrong in enumerate(about.wrong):
        try:
            exercise.wrong_program(wrong)
        except ExerciseError as error:
            fix = "Give a text that occurs once"
            yield Problem(path, line_of(source, ("wrong", number, "id")), str(error), fix)
    yield from _leaks(exercise, path, source)
    yield from text_faults(path, about)
    yield from _copies(path, about, source)
    for place, what, fix in chain(placeholders(about), never(about)):
        yield Problem(path, line_of(source, place), what, fix, "warning")
    if not about.wrong:
        what = "no wrong answer proves that the checks find anything"
        fix = "Add a [[wrong]] for each mistake that learners make"
        yield Problem(path, 0, what, fix, "warning")


def _copies(path: Path, about: ExerciseFile, source: str) -> Iterator[Problem]:
    for place, both in texts_in(about):
        if both.ko == both.en and sum(map(str.isalpha, both.en)) >= SHORTEST_COPY:
            what = f"`{'.'.join(map(str, place))}` is the same in both languages"
            yield Problem(path, line_of(source, place), what, "Translate it", "warning")


def _leaks(exercise: Exercise, path: Path, source: str) -> Iterator[Problem]:
    for place, text in texts_in(exercise.about):
        for language in ("ko", "en"):
            if place[0] in LEAKABLE and (found := leaks(text.of(language), exercise)):
                fix = "Say it so that there is something left to find"
                name = ".".join(map(str, place))
                shown = f"`{name}` ({language}) gives the solution away: `{found}`"
                yield Problem(path, line_of(source, (*place, language)), shown, fix)


def leaks(text: str, exercise: Exercise) -> str:
    """Return the part of the solution that a text gives away: a statement, or a value of one."""
    known = _statements(exercise.starter)
    plain = _squeezed(text)
    for statement in sorted(_statements(exercise.solution) - known, key=len, reverse=True):
        squeezed = _squeezed(statement)
        if len(squeezed) >= SHORTEST_LEAK and squeezed in plain:
            return statement
    return ""


def _squeezed(text: str) -> str:
    """Return a text without what is a matter of taste in code: blanks, and the kind of quotes."""
    return "".join(text.split()).replace('"', "'")


@lru_cache(maxsize=64)
def _statements(code: str) -> frozenset[str]:
    """Return a program's simple statements, and the expressions that they and headers hold."""
    try:
        tree = parse_python(code)
    except SyntaxError:
        return frozenset()  # that it is no Python has been said
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            found.add(ast.unparse(node))
        if isinstance(node, ast.Call | ast.Subscript | ast.Yield | ast.For):
            head = node if not isinstance(node, ast.For) else node.iter
            found.add(ast.unparse(head))
        if isinstance(node, ast.FunctionDef):
            found.update(ast.unparse(each) for each in node.decorator_list)
    return frozenset(found)


def check_exercises(lessons: Sequence[Lesson], root: Path) -> list[Problem]:
    """Try all exercises in one process: solutions, starters and wrong answers, in both languages.

    An exercise whose files are wrong is not tried, nor are the others of its lesson.

    Raises:
        ProcessFailed: they ended the process, or never end.
    """
    counts = {lesson.name: count for lesson in lessons if (count := _programs(lesson))}
    if not counts:
        return []
    # Only the look at one lesson is reported.
    where = lessons[0].folder / "practice"
    command = ["-m", "course.commands.checking.try_exercises", str(root / "lessons"), *counts]
    with TemporaryDirectory() as data:
        environment = {**QUICKLY, "COURSE_CONNECTION": "local", "COURSE_DATA": data}
        seconds = START_SECONDS + SECONDS * sum(counts.values())
        try:
            done = run_python(command, root, environment, seconds)
        except subprocess.TimeoutExpired:
            what = "the exercises are not tried in time"
            fix = "Look for a solution that sleeps long"
            raise ProcessFailed(Problem(where, 0, what, fix)) from None
    if done.returncode:
        what = f"the exercises cannot be tried: {last_line(done)}"
        raise ProcessFailed(Problem(where, 0, what, "See `make test`"))
    return [
        Problem(Path(file), _line(Path(file), place), what, fix, severity)
        for file, place, what, fix, severity in json.loads(done.stdout.splitlines()[-1])
    ]


def _programs(lesson: Lesson) -> int:
    """Return how many programs are tried for a lesson: none if a file of its exercises is wrong."""
    folders = [path.parent for path in lesson.folder.glob("practice/*/exercise.toml")]
    found = (problem for folder in folders for problem in _files(folder))
    if any(problem.severity == "error" for problem in found):
        return 0
    try:
        return sum(2 + len(read_exercise(folder).about.wrong) for folder in folders)
    except ExerciseError:
        return 0


def _line(path: Path, place: Sequence[str | int]) -> int:
    return line_of(read_text(path), tuple(place)) if place else 0
