"""Whether the exercises keep what they promise: the solution passes, each wrong answer is told why.

What can be seen in the files is seen here; what must be run is run by ``try_exercises.py``, in a
process of its own, as the page would run it.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from course.checking.processes import run_python
from course.lesson import Lesson
from course.problems import LessonError, Problem
from course.tables import validated
from local_cortex.faults import FAULTS
from practice import Exercise, ExerciseError
from practice.exercises import Both, ExerciseFile, read_exercise

__all__ = ["check_exercises", "exercise_files", "leaks"]

FOLDER = re.compile(r"[1-9][0-9]?_[a-z0-9_]{1,40}")
PARTS = ("exercise.toml", "starter.py", "solution.py")
# For each program that is tried; one takes half a second, and those that sleep a few.
SECONDS = 20.0
#: A model that answers quickly, but piece by piece.
QUICKLY = {"COURSE_FIRST_TOKEN": "0.05", "COURSE_TOKENS_PER_SECOND": "400"}
# A name or a call alone gives nothing away.
SHORTEST_LEAK = 12


def exercise_files(lesson: Lesson) -> Iterator[Problem]:
    """Yield what is wrong with the files of a lesson's exercises, without running any."""
    folder = lesson.folder / "practice"
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
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
    except ExerciseError as error:
        yield Problem(
            path, 0, f"a file of the exercise cannot be read: {error}", "Save it as UTF-8"
        )
        return
    if exercise.starter == exercise.solution:
        fix = "Leave something to do"
        yield Problem(folder / "starter.py", 0, "is the same as solution.py", fix)
    for scene in exercise.about.scenes:
        if scene.fault is not None and scene.fault not in FAULTS:
            fix = "`python -m local_cortex faults` lists them"
            said = f"scene {scene.id}: there is no fault model {scene.fault}"
            yield Problem(path, _line(path, f'"{scene.fault}"'), said, fix)
    for wrong in exercise.about.wrong:
        try:
            exercise.wrong_program(wrong)
        except ExerciseError as error:
            fix = "Give a text that occurs once"
            yield Problem(path, _wrong_line(path, wrong.id), str(error), fix)
    yield from _leaks(exercise, path)


def _leaks(exercise: Exercise, path: Path) -> Iterator[Problem]:
    about = exercise.about
    said: list[tuple[str, Both]] = [("a hint", hint) for hint in about.hints]
    said += [("the task", about.task)]
    for check in about.checks:
        said += [(f"check {check.id}", check.title), (f"check {check.id}", check.otherwise)]
        said += [(f"mistake {mistake.id}", mistake.say) for mistake in check.mistakes]
    said += [(f"error {mistake.id}", mistake.say) for mistake in about.errors]
    for what, text in said:
        for language in ("ko", "en"):
            if found := leaks(text.of(language), exercise):
                fix = "Say it so that there is something left to find"
                shown = f"{what} ({language}) gives the solution away: `{found}`"
                yield Problem(path, _line(path, text.of(language)[:30]), shown, fix)


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


def _statements(code: str) -> set[str]:
    """Return a program's simple statements, and the expressions that they and headers hold."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return set()  # that it is no Python has been said
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            found.add(ast.unparse(node))
        if isinstance(node, ast.Call | ast.Subscript | ast.Yield | ast.For):
            head = node if not isinstance(node, ast.For) else node.iter
            found.add(ast.unparse(head))
        if isinstance(node, ast.FunctionDef):
            found.update(ast.unparse(each) for each in node.decorator_list)
    return found


def _line(path: Path, text: str) -> int:
    """Return the line in which a text stands, or 0."""
    lines = path.read_text("utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 0)


def _wrong_line(path: Path, name: str) -> int:
    """Return the line in which a wrong answer's id stands: a mistake may have the same."""
    source = path.read_text("utf-8")
    wrong = re.compile(rf"\[\[wrong\]\]\s*id\s*=\s*[\"']{re.escape(name)}[\"']")
    found = wrong.search(source)
    return source[: found.end()].count("\n") + 1 if found else _line(path, f'"{name}"')


def check_exercises(lessons: Sequence[Lesson], root: Path) -> Iterator[Problem]:
    """Try every exercise: solution, starter and wrong answers, in both languages."""
    count = 0
    named = []
    for lesson in lessons:
        folders = [path.parent for path in lesson.folder.glob("practice/*/exercise.toml")]
        if not folders or any(problem for folder in folders for problem in _files(folder)):
            continue
        named.append(lesson.name)
        count += sum(2 + len(read_exercise(folder).about.wrong) for folder in folders)
    if not named:
        return
    command = ["-m", "course.checking.try_exercises", str(root / "lessons"), *named]
    with TemporaryDirectory() as data:
        environment = {**QUICKLY, "COURSE_CONNECTION": "local", "COURSE_DATA": data}
        try:
            done = run_python(command, root, environment, 60.0 + SECONDS * count)
        except subprocess.TimeoutExpired:
            what = "the exercises are not tried in time"
            yield Problem(root / "lessons", 0, what, "Look for a solution that sleeps long")
            return
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        what = f"the exercises cannot be tried: {last[0]}"
        yield Problem(root / "lessons", 0, what, "See `make test`")
        return
    for file, wrong, what, fix, severity in json.loads(done.stdout.splitlines()[-1]):
        path = Path(file)
        yield Problem(path, _wrong_line(path, wrong) if wrong else 0, what, fix, severity)
