"""What can be seen in an exercise's files: their fields and their texts.

Whether its solution passes and each wrong answer is explained is tried by ``try_exercises.py``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from course.commands.checking.wording import text_faults, texts_in
from course.content.lesson import Lesson
from course.content.lesson_blocks import Code
from course.content.parser import EXERCISE, LANGUAGE
from course.content.prose import read
from course.language import LANGUAGES
from course.problems import LessonError, Problem
from course.toml_models import Place, line_of, validated
from local_cortex.faults import FAULTS
from practice import Exercise, ExerciseError, snippet, sources
from practice.exercises import ExerciseFile, Mistake, RightAnswer, read_exercise
from practice.sources import parse_python, read_text

PARTS = ("exercise.toml", "starter.py", "solution.py")
# The first says where to look, the second what is missing there, the third nearly how.
FEWEST_HINTS = 3
# A name or a call alone gives nothing away.
SHORTEST_LEAK = 12
LEAKABLE = ("task", "hints", "checks", "errors")
# Letters; a shorter text may well be the same in Korean.
SHORTEST_COPY = 20
CODE = re.compile(r"(`+)[^`].*?\1(?!`)", re.DOTALL)
BLANK = re.compile(r"\{\w*\}")
# Where a warning stands, what is wrong and how to fix it.
Found = tuple[Place, str, str]


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
        if not path.is_dir() or not EXERCISE.fullmatch(path.name):
            fix = "Put each exercise into a folder like practice/1_first_words/"
            yield Problem(path, 0, "this folder isn't an exercise's", fix)
            continue
        yield from _files(path)


def _files(folder: Path) -> Iterator[Problem]:
    for name in PARTS:
        if not (folder / name).is_file():
            fix = "Write it; lessons/README.md says what goes into it"
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
    all_of_them = [each.parent.name for each in sources.exercise_files(path.parents[2])]
    earlier = all_of_them[: all_of_them.index(path.parent.name)]
    if about.builds_on is not None and about.builds_on not in earlier:
        fix = "Name the folder of an earlier exercise, such as 1_first_words"
        said = f"builds_on names no earlier exercise: {about.builds_on}"
        yield Problem(path, line_of(source, ("builds_on",)), said, fix)
    answers: list[tuple[str, int, RightAnswer]] = [
        ("wrong", *each) for each in enumerate(about.wrong)
    ]
    answers += [("right", *each) for each in enumerate(about.right)]
    for kind, number, answer in answers:
        try:
            exercise.answer_program(answer)
        except ExerciseError as error:
            fix = "Give a text that occurs once"
            yield Problem(path, line_of(source, (kind, number, "id")), str(error), fix)
    if len(about.hints) < FEWEST_HINTS:
        said = f"has {len(about.hints)} hints, and needs {FEWEST_HINTS}"
        fix = "Lead to the solution in small steps"
        yield Problem(path, line_of(source, ("hints", 0, "ko")), said, fix)
    yield from text_faults(path, about)
    yield from _texts(exercise, path, source)
    for place, what, fix in placeholders(about):
        yield Problem(path, line_of(source, place), what, fix, "warning")
    if not about.wrong:
        what = "no wrong answer proves that the checks find anything"
        fix = "Add a [[wrong]] for each mistake that learners make"
        yield Problem(path, 0, what, fix, "warning")


def _texts(exercise: Exercise, path: Path, source: str) -> Iterator[Problem]:
    for place, both in texts_in(exercise.about):
        name = ".".join(map(str, place))
        for language in ("ko", "en"):
            if place[0] in LEAKABLE and (leaked := leaks(both.of(language), exercise)):
                fix = "Say it so that there is something left to find"
                what = f"`{name}` ({language}) gives the solution away: `{leaked}`"
                yield Problem(path, line_of(source, (*place, language)), what, fix)
        if both.ko == both.en and sum(map(str.isalpha, both.en)) >= SHORTEST_COPY:
            what = f"`{name}` is the same in both languages"
            yield Problem(path, line_of(source, place), what, "Translate it", "warning")


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


def programs_of(lesson: Lesson) -> int:
    """Return how many programs are tried for a lesson: none if a file of its exercises is wrong."""
    folders = [path.parent for path in lesson.folder.glob("practice/*/exercise.toml")]
    found = (problem for folder in folders for problem in _files(folder))
    if any(problem.severity == "error" for problem in found):
        return 0
    try:
        abouts = [read_exercise(folder).about for folder in folders]
        tried = sum(2 + len(about.wrong) + len(about.right) for about in abouts)
    except ExerciseError:
        return 0
    return tried + len(snippets(lesson))


def snippets(lesson: Lesson) -> dict[str, tuple[Exercise, bool]]:
    """Return what a lesson lets its learners run, and whether it fails on purpose, by its file."""
    return {
        block.source.partition("#")[0].replace(LANGUAGE, language): (
            snippet(lesson.name, block.source, block.text),
            block.fails,
        )
        for language in LANGUAGES
        for blocks in read(lesson, language).sections.values()
        for block in blocks
        if isinstance(block, Code) and block.run
    }


def placeholders(about: ExerciseFile) -> Iterator[Found]:
    """Yield the blanks in messages that nothing fills in."""
    for place, both in texts_in(about):
        known = ("{line}",) if place[-1] == "say" else ()
        for language in ("ko", "en"):
            plain = CODE.sub("", both.of(language))
            for blank in dict.fromkeys(BLANK.findall(plain)):
                if blank not in known:
                    what = f"nothing is filled in for `{blank}`"
                    fix = f"Known here: {', '.join(known) or 'none'}; write code between backticks"
                    yield (*place, language), what, fix


def unproven(about: ExerciseFile, seen: Collection[tuple[str, str | None]]) -> Iterator[Found]:
    """Yield the mistakes that no wrong answer makes; ``seen`` are those that were recognised.

    An exercise without any wrong answer has a warning of its own.
    """
    tables: list[tuple[Place, str, list[Mistake]]] = [
        (("checks", number, "mistakes"), check.id, check.mistakes)
        for number, check in enumerate(about.checks)
    ]
    tables.append((("errors",), "runs", about.errors))
    for table, check_id, mistakes in tables if about.wrong else ():
        for index, mistake in enumerate(mistakes):
            if (check_id, mistake.id) not in seen:
                what = f"no wrong answer makes the mistake `{mistake.id}`"
                fix = "Add a [[wrong]] that makes it, or remove the mistake"
                yield (*table, index), what, fix
