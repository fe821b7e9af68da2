"""Files that somebody has spoilt: reading them ends in a problem with its file, never otherwise.

Each format gets thirty files in the suite, the same in each run. `make fuzz` gives each format a
minute, with other files in each run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from course import ROOT
from course import settings as course_settings
from course.commands.checking import lesson_files
from course.content import glossary, lesson, prose, translations
from course.content import lesson as catalog
from course.content.lesson import Lesson, program
from course.language import LANGUAGES
from course.problems import LessonError
from course.progress.facts import ImportProblem
from course.progress.transfer import parse
from local_cortex import models
from local_cortex.environment import ModelTableError
from practice import ExerciseError, load_exercises
from practice.sources import SourceError, read_text
from tests.course.making import META, make_lesson

SECONDS = float(os.environ.get("COURSE_FUZZ_SECONDS", "0"))
EXAMPLES = 30
thorough = pytest.mark.thorough
OTHER = "day_08_other"
#: What breaks readers, in any of the formats.
HOSTILE = [
    *("\x00", "\x1b", "\ufeff", "\r", "\u2028", "\x0c", "\x85", "\ud7ff", "\U0010ffff", "\u200b"),
    *("[" * 5000, "]" * 300, "{" * 5000, "(" * 500, "((((", "[[", "]]", "{", "}", "[", "]"),
    *('"""', "'''", '"', "'", "\\", "\\u0000", "\\ud800", "#", "=", " = ", ".", ",", "\n", "\n\n"),
    *("9" * 5000, "0x" + "f" * 6000, "1e400", "-nan", "inf", "0001-01-01T00:00:00+99:99"),
    *("9999-12-31T23:59:60Z", "07:32:00", "true", "-1", "0", "1_0", "0.5", "10" + "0" * 21),
    *("a." * 120 + "a = 1\n", "[x.y]\nz = 1\n[x]\ny.w = 2\n", "a = 1\na = 2\n", "[[title]]\n"),
    *("x = " + "-" * 20000 + "1\n", "not " * 5000 + "x\n", "x = " + "1+" * 5000 + "1\n"),
    *("lambda: " * 300, "if a:\n" + " " * 90, "return 1\n", "f'{", "match x:\n", "x" + ".y" * 2000),
    *("[a](https://)", "[a]()", "[a](#)", "[a](https://[)"),
    *("[a](javascript:alert(1))", "[a](term:)",),
    *("[a][b]", "[a]: b\n", "![a](b)", "<b>", "<!--", "&amp;", ":material/none:"),
    *("*" * 300, "`" * 9,),
    *("> [!QUESTION] {#q}\n", "> [!NOTE]\n", "> [!", "- [x] ", "## A {#a}\n"),
    *("{#theory}", "| a |\n",),
    *("```python file=steps/step_1_cache.py\n```\n", "```mermaid caption=\"a\"\n"),
    *("```\n", "    x\n",),
    *("```altair file=figures/../lesson.toml caption=\"a\"\nx: y\n```\n"),
    *("# region: slow\n", "-->\n",),
    *(">" * 3000 + " a\n", "- " * 500 + "a\n", "![" * 1000, "{line}", "{lien}"),
    *("____", "$$", "TODO",),
]  # fmt: skip
VALUES = [
    *("1", "-1", "0", "1.5", "inf", "nan", "true", '""', '" "', '"a"', "[]", "[[]]", "[1]", '[""]'),
    *("{}", "{ a = 1 }", "[{}]", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "10" + "0" * 21),
    *('[["a"]]', '[["a", "b", "c"]]', '{ ko = "a" }', '"\\u0000"', '"\\u001b"'),
    *('"a\\nb"', "'''\na'''",),
    *('{ called = "st.nothing" }', "{ no = { no = { no = {} } } }"),
    *('{ code = "((" }', "{ any = [] }",),
    *('{ called = "Complete", with = { prompt = { contains = 1 } } }'),
    *('{ error = "*", times = 1 }',),
    *('{ code = "x = ' + "-" * 9000 + '1" }', '{ called = "st.*", with = { body = 1979-05-27 } }'),
    *("[0x" + "f" * 6000 + "]", "{ with = { a = 0x" + "f" * 6000 + " } }"),
    *('"' + "x" * 70000 + '"', "0x" + "f" * 6000, '"https://"', '"https://[::1"'),
    *('":material/no:"',),
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, sources: list[str]) -> bytes:
    """A file of the course, a few of whose places have been changed."""
    text = draw(st.sampled_from(sources))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 20, 200])))
        what = draw(
            st.sampled_from(["insert", "insert", "delete", "double", "splice", "value", "any"])
        )
        if what == "insert":
            text = text[:start] + draw(st.sampled_from(HOSTILE)) + text[start:]
        elif what == "delete":
            text = text[:start] + text[end:]
        elif what == "double":
            text = text[:end] + text[start:end] + text[end:]
        elif what == "splice":
            other = draw(st.sampled_from(sources))
            at = draw(st.integers(0, len(other)))
            text = text[:start] + other[at : at + 200] + text[end:]
        elif what == "any":
            text = text[:start] + draw(st.text(max_size=20)) + text[end:]
        else:
            rows = text.split("\n")
            keys = [number for number, row in enumerate(rows) if " = " in row]
            if keys:
                number = draw(st.sampled_from(keys))
                name = rows[number].partition(" = ")[0]
                rows[number] = f"{name} = {draw(st.sampled_from(VALUES))}"
            text = "\n".join(rows)
    return text.encode("utf-8", "surrogatepass")


def sources_of(*patterns: str) -> list[str]:
    found = [path.read_text("utf-8") for each in patterns for path in sorted(ROOT.glob(each))]
    assert found
    return found


def fuzz(check: Callable[[bytes], None], sources: list[str]) -> None:
    """Check spoilt files, and some that are only bytes: for a minute, or thirty."""
    content = st.one_of(spoilt(sources), spoilt(sources), spoilt(sources), st.binary(max_size=300))
    batch = settings(
        max_examples=EXAMPLES,
        derandomize=not SECONDS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # A file of 20,000 minus signs takes minutes to make smaller; it is shown as it is.
        phases=(Phase.generate,),
    )(given(content)(check))
    ends = time.monotonic() + SECONDS
    batch()
    while time.monotonic() < ends:
        batch()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of two days; only the first is spoilt."""
    folder = make_lesson(tmp_path)
    (folder / "practice").mkdir()
    right = ROOT / "lessons" / "day_02_hello_cortex" / "practice" / "1_bound_prompt"
    (folder / "practice" / right.name).symlink_to(right)
    other = META.replace("day = 7", "day = 8").replace("caching", "other")
    translations.record(lesson.load(make_lesson(tmp_path, meta=other, name=OTHER)), "en")
    # A process for each file, and it reads nothing but Python.
    monkeypatch.setattr(lesson_files, "_format", lambda *_: iter(()))
    return tmp_path


turns = count(1)


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    # What is read again is what has changed.
    os.utime(path, ns=(next(turns), next(turns) * 1_000_000))


def assert_named(root: Path, path: Path) -> None:
    """Check the course: what is wrong has a name, and the other day goes on."""
    entries = {entry.name: entry for entry in catalog.entries(root / "lessons")}
    assert isinstance(entries[OTHER], Lesson)
    day = entries["day_07_caching"]
    if isinstance(day, Lesson):
        for language in LANGUAGES:
            with_problems(partial(prose.sections, day, language))
        with_problems(lambda: program(day))
        with_problems(lambda: translations.stale(day, "en"))
    with_problems(lambda: glossary.load(root / "lessons"))
    problems = list(lesson_files.check_files(root))
    assert [str(each) for each in problems if OTHER in str(each.path)] == []
    if raised(lambda: read_text(path), SourceError):
        assert [each for each in problems if each.severity == "error"]


def with_problems(read: Callable[[], object]) -> None:
    """Read something; if it fails, then with problems that a terminal can show."""
    error = raised(read, LessonError)
    for problem in getattr(error, "problems", ()):
        assert problem.what
        assert str(problem).isprintable()


def raised(read: Callable[[], object], kind: type[Exception]) -> Exception | None:
    """Read something, and return what it raises; anything else than ``kind`` fails the test."""
    try:
        read()
    except kind as error:
        return error
    return None


@pytest.mark.parametrize(
    ("name", "patterns"),
    [
        ("lessons/day_07_caching/lesson.toml", ["lessons/*/lesson.toml"]),
        pytest.param(
            "lessons/day_07_caching/translated.toml", ["lessons/*/translated.toml"], marks=thorough
        ),
        ("lessons/glossary.toml", ["lessons/glossary.toml"]),
        pytest.param(
            "lessons/day_07_caching/en.md", ["lessons/*/en.md", "lessons/*/ko.md"], marks=thorough
        ),
        pytest.param(
            "lessons/day_07_caching/steps/step_1_cache.py", ["lessons/*/steps/*.py"], marks=thorough
        ),
        pytest.param("pages/day_07_caching.py", ["pages/*.py"], marks=thorough),
    ],
)
def test_a_spoilt_file_of_a_day_is_named_and_the_other_day_goes_on(
    root: Path, name: str, patterns: list[str]
) -> None:
    def check(content: bytes) -> None:
        write(root / name, content)
        assert_named(root, root / name)

    fuzz(check, sources_of(*patterns))


@pytest.fixture
def exercise(root: Path) -> Path:
    """A folder of an exercise that may be spoilt."""
    folder = root / "lessons" / "day_07_caching" / "practice" / "1_bound_prompt"
    files_in = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    folder.unlink()
    folder.mkdir()
    for name, content in files_in.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", ["exercise.toml", pytest.param("solution.py", marks=thorough)])
def test_a_spoilt_exercise_is_named_and_the_other_day_goes_on(exercise: Path, name: str) -> None:
    root = exercise.parents[3]

    def check(content: bytes) -> None:
        write(exercise / name, content)
        error = raised(lambda: load_exercises("day_07_caching", root / "lessons"), ExerciseError)
        if error is not None:
            assert name in str(error)
            assert [each for each in lesson_files.check_files(root) if each.severity == "error"]
        assert_named(root, exercise / name)

    fuzz(check, sources_of(f"lessons/*/practice/*/{name}"))


def test_spoilt_settings_are_named_and_no_day_falls(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / "course.toml"
    monkeypatch.delenv(course_settings.VARIABLE, raising=False)
    source = (ROOT / "course.toml").read_text("utf-8")
    # Everything is off in it: here it is on.
    rows = [row.removeprefix("# ") if " = " in row[:30] else row for row in source.split("\n")]

    def check(content: bytes) -> None:
        write(path, content)
        error = raised(lambda: course_settings.read(root), course_settings.SettingsError)
        if error is not None:
            assert str(error).startswith("course.toml")
            said = [
                each.path for each in lesson_files.check_files(root) if each.severity == "error"
            ]
            assert path in said
        assert len(catalog.lessons(root / "lessons")) == 2

    fuzz(check, [source, "\n".join(rows)])


def test_a_spoilt_model_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"

    def check(content: bytes) -> None:
        write(path, content)
        error = raised(lambda: models.load(path), ModelTableError)
        assert error is None or str(error).startswith(str(path))

    fuzz(check, sources_of("local_cortex/models.toml"))


EXPORT = """{"course": "cortex-streaming-course", "version": 1, "facts": [
{"lesson": "day_01_connect", "kind": "read", "item": "",
 "value": "yes", "at": "2026-11-01T10:00:00Z"},
{"lesson": "day_02_hello_cortex", "kind": "tried", "item": "exercise:1_bound_prompt",
 "value": "x = 1", "at": "2026-11-02T10:00:00+09:00"}]}
"""


def test_a_spoilt_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.json"

    def check(content: bytes) -> None:
        write(path, content)
        # Both are ValueErrors, but a plain one is neither.
        error = raised(lambda: parse(read_text(path, 5_000_000)), ValueError)
        assert error is None or isinstance(error, ImportProblem | SourceError)

    fuzz(check, [EXPORT])
