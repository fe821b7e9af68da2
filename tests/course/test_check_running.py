"""What `make check` finds by running a course: its programs, exercises, charts and pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from course import ROOT
from course.commands import check
from course.commands.checking import running
from course.commands.checking.drawing import Drawing
from course.commands.checking.lesson_files import check_files
from course.commands.checking.running import (
    ProcessFailed,
    draw_charts,
    draw_pages,
    kill_all,
    run_examples,
    run_programs,
    run_python,
    together,
)
from course.content.lesson import Lesson, load
from course.problems import Problem
from tests.copies import copy_of_the_course
from tests.course.making import META, in_section, loaded, make_lesson

DAYS = ("day_01_connect", "day_02_hello_cortex")
SPOILT, RIGHT = "day_41_spoilt", "day_42_right"
#: How the demo of a new day begins.
BEGIN = "    prompt ="
#: What the page of the day that is right also does.
PRINTS = 'print("[]")'
DEMO = """\
    if st.button("Fall"):
        raise KeyError("fall")
    if st.chat_input("Say"):
        raise KeyError("said")
"""


# One process for several commands, of which each imports for a second. Two days fit into one.
COMMANDS = """\
import contextlib, io, json, os, sys
os.cpu_count = lambda: 1
from course.__main__ import main
done = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            code = main(words)
    done.append((code, out.getvalue(), errors.getvalue()))
print(json.dumps(done))
"""


class Done(NamedTuple):
    """How a command of the course ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def run_course(root: Path, *commands: Sequence[str]) -> list[Done]:
    """Run commands one after another in the course at ``root``."""
    process = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", COMMANDS, json.dumps(commands)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert (process.returncode, process.stderr) == (0, "")
    return [Done(*each) for each in json.loads(process.stdout)]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def changed(path: Path, old: str, new: str) -> Iterator[None]:
    before = path.read_text("utf-8")
    change(path, old, new)
    yield
    path.write_text(before, encoding="utf-8")


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


# Whatever needs a course of its own takes long.
@pytest.fixture(scope="module", params=[pytest.param("", marks=pytest.mark.thorough)])
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course without a lesson."""
    root = copy_of_the_course(tmp_path_factory.mktemp("course"))
    for path in (*(root / "lessons").glob("day_*"), *(root / "pages").glob("day_*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return root


@pytest.fixture(scope="module")
def course(empty: Path) -> Path:
    """A course of two new days."""
    names = (SPOILT, RIGHT)
    words = [name.split("_") for name in names]
    commands = [("new-day", day, title.title()) for _, day, title in words]
    for name, made in zip(names, run_course(empty, *commands), strict=True):
        assert made.returncode == 0, made.stderr
        assert f"lessons/{name}/ko.md:3: still to be written" in made.stdout
    return empty


@pytest.fixture(scope="module")
def spoilt(course: Path) -> Path:
    """That course, of which one day is spoilt in each way that running shows."""
    folder = course / "lessons" / SPOILT
    page = course / "pages" / f"{SPOILT}.py"
    change(page, BEGIN, DEMO + BEGIN)
    change(page, "from connection", "import streamlit as st\n\nfrom connection")
    append(page, "\nst.write(none)\n")
    step = folder / "steps" / "step_1_title.py"
    step.write_text("import streamlit as st\n\nif st.button('Go'):\n    st.write(none)\n")
    append(folder / "practice" / "1_first_try" / "solution.py", '{}["key"]\n')
    append(course / "pages" / f"{RIGHT}.py", f"\n\n{PRINTS}\n")
    return course


@pytest.fixture(scope="module")
def checked(spoilt: Path) -> Done:
    """What the command says of both days."""
    (done,) = run_course(spoilt, ("check",))
    return done


def test_a_course_with_an_error_fails_the_check_in_plain_words(
    checked: Done,
) -> None:
    assert (checked.returncode, checked.stderr) == (1, "")


def test_a_new_day_beside_a_spoilt_one_has_no_errors_and_is_told_what_is_left(
    checked: Done,
) -> None:
    said = [row for row in checked.stdout.splitlines() if RIGHT in row]
    assert f"warning: lessons/{RIGHT}/en.md:3: still to be written" in "\n".join(said)
    assert [row for row in said if "still to be written" not in row] == []


def test_what_fails_on_a_page_is_named_with_its_line_and_what_was_done(
    spoilt: Path, checked: Done
) -> None:
    line = len((spoilt / "pages" / f"{SPOILT}.py").read_text("utf-8").splitlines())
    pressed = "when a message is sent; when 'Fall' is pressed"
    ways = f"ko, through Home; ko, cold; {pressed}; en, through Home; en, cold"
    fails = f"error: pages/{SPOILT}.py:{line}: fails ({ways}): NameError: name 'none'"
    assert fails in checked.stdout, checked.stdout
    assert "fails (when 'Fall' is pressed): KeyError: 'fall'" in checked.stdout
    assert "fails (when a message is sent): KeyError: 'said'" in checked.stdout


def demo() -> None:
    import streamlit as st

    from course.content.draw import BROKEN

    st.title("A demo")
    word = st.selectbox("Word", ["a", "b"], format_func=str.upper)
    way = st.radio("Way", [1, 2], format_func=str)
    on = st.checkbox("Long"), st.toggle("Fast")
    if st.button("Try"):
        BROKEN.error("%s %s %s %s", word, way, *on)


def test_a_demo_is_tried_with_each_option_of_each_widget() -> None:
    drawing = Drawing(StringIO())
    drawing.try_demo(AppTest.from_function(demo).run(), "", "ko")
    assert [said for _, _, said in drawing.found] == [
        "a 1 False False",
        "b 1 False False",
        "b 2 False False",
        "b 2 True False",
        "b 2 True True",
    ]


def test_an_assembled_program_that_fails_is_found(
    checked: Done,
) -> None:
    said = f"error: lessons/{SPOILT}/steps: day41.py, the steps put together, fails: "
    assert (
        f"{said}`st.write(none)`, when 'Go' is pressed: name 'none' is not defined"
        in checked.stdout
    )


def test_a_solution_that_fails_is_found(checked: Done) -> None:
    said = f"error: lessons/{SPOILT}/practice/1_first_try/solution.py: fails check runs (ko, en)"
    assert said in checked.stdout


def test_the_commands_refuse_a_day_that_is_taken_or_not_there(course: Path) -> None:
    again, noted, unknown = run_course(
        course,
        ("new-day", "42", "Caching"),
        ("translated", "42", "en"),
        ("translated", "43", "en"),
    )
    assert (again.returncode, again.stdout) == (2, "")
    assert "is day 42 already" in again.stderr
    assert noted.stdout == f"lessons/{RIGHT}/translated.toml: en is recorded as up to date.\n"
    assert unknown.returncode == 2


@pytest.fixture
def two_days(tmp_path: Path) -> list[Lesson]:
    other = META.replace("day = 7", "day = 8").replace("caching", "other")
    return [loaded(tmp_path), loaded(tmp_path, meta=other, name="day_08_other")]


def test_days_whose_process_succeeds_are_looked_at_once(two_days: list[Lesson]) -> None:
    asked: list[list[int]] = []

    def look(lessons: Sequence[Lesson]) -> list[Problem]:
        asked.append([each.meta.day for each in lessons])
        return []

    assert together(look, two_days) == []
    assert together(look, []) == []
    assert asked == [[7, 8]]


def test_days_whose_process_fails_get_a_process_each_and_the_fault_keeps_its_day(
    two_days: list[Lesson],
) -> None:
    def look(lessons: Sequence[Lesson]) -> list[Problem]:
        problems = [Problem(each.folder, 0, f"{len(lessons)}", "") for each in lessons]
        if any(each.meta.day == 7 for each in lessons):
            raise ProcessFailed(problems[0])
        return problems

    assert [(each.path, each.what) for each in together(look, two_days)] == [
        (two_days[0].folder, "1"),
        (two_days[1].folder, "1"),
    ]


@pytest.mark.parametrize("processors", [1, 2, 3])
def test_every_day_is_looked_at_once_however_many_processors_there_are(
    two_days: list[Lesson], processors: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looked: list[tuple[str, int]] = []
    looks = ("check_exercises", "draw_charts", "draw_pages", "run_programs")

    def look(name: str, lessons: Sequence[Lesson], root: Path) -> list[Problem]:
        looked.extend((name, each.meta.day) for each in lessons)
        return []

    for name in looks:
        monkeypatch.setattr(check, name, partial(look, name))
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert [problem for job in check._jobs(two_days, tmp_path) for problem in job()] == []
    assert sorted(looked) == [(name, day) for name in looks for day in (7, 8)]


def test_a_page_that_ends_the_process_is_named(spoilt: Path) -> None:
    with (
        changed(spoilt / "pages" / f"{RIGHT}.py", PRINTS, "__import__('os')._exit(0)"),
        pytest.raises(ProcessFailed) as failed,
    ):
        draw_pages([load(spoilt / "lessons" / RIGHT)], spoilt)
    assert f"pages/{RIGHT}.py: the page cannot be drawn: " in str(failed.value)


def test_a_page_that_never_ends_is_named(spoilt: Path) -> None:
    drawing = spoilt / "course" / "commands" / "checking" / "drawing.py"
    with (
        changed(drawing, "SECONDS = 60", "SECONDS = 10"),
        changed(spoilt / "pages" / f"{RIGHT}.py", PRINTS, "__import__('time').sleep(600)"),
        pytest.raises(ProcessFailed) as failed,
    ):
        draw_pages([load(spoilt / "lessons" / RIGHT)], spoilt)
    said = f"pages/{RIGHT}.py: fails (ko, through Home): it does not end within 10 s"
    assert said in str(failed.value)


@pytest.mark.thorough
def test_a_chart_that_fails_is_found(tmp_path: Path) -> None:
    chart = '```altair file=figures/curve.py caption="A."\nx: y\n```'
    folder = make_lesson(tmp_path, prose=in_section("theory", chart))
    (folder / "figures").mkdir()
    (folder / "figures" / "curve.py").write_text("def chart(labels):\n    return labels['z']\n")
    ko, en = draw_charts([load(folder)], ROOT)
    assert "ko.md:7: the chart curve.py fails: KeyError: 'z'" in str(ko)
    assert "en.md:7: the chart curve.py fails: KeyError: 'z'" in str(en)


def test_an_example_must_print_what_the_prose_shows(tmp_path: Path) -> None:
    lesson = loaded(tmp_path, prose=in_section("theory", "```text\n1\n```"))
    example = lesson.folder / "steps" / "example_one.py"
    example.write_text("print(1)\n")
    assert run_examples(lesson) == []
    example.write_text("print(2)\n")
    ko, en = run_examples(lesson)
    assert "ko.md: does not show what steps/example_one.py prints" in str(ko)
    assert "en.md: does not show what steps/example_one.py prints" in str(en)
    example.write_text("1 / 0\n")
    assert "fails: ZeroDivisionError" in str(run_examples(lesson)[0])


def test_a_step_that_cannot_be_read_ends_no_check(tmp_path: Path) -> None:
    lesson = loaded(tmp_path)
    (lesson.folder / "steps" / "step_2_more.py").write_bytes(b'x = "\xff"')
    assert run_programs([lesson], tmp_path) == []
    said = list(map(str, dict.fromkeys(check_files(tmp_path))))
    assert len([each for each in said if "`steps/step_2_more.py` cannot be read" in each]) == 1


@pytest.mark.thorough
def test_a_program_that_never_ends_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl", reason="file locks of this kind are Unix's")
    held = tmp_path / "held"
    grandchild = (
        f"import fcntl, time; file = open({str(held)!r}, 'w'); fcntl.flock(file, fcntl.LOCK_EX)\n"
        "while True: time.sleep(1)"
    )
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    with pytest.raises(subprocess.TimeoutExpired):
        run_python(["-c", child], tmp_path, {}, 3)
    # The lock is free once nobody lives who has it.
    with held.open() as file:
        waiting = threading.Thread(target=fcntl.flock, args=(file, fcntl.LOCK_EX), daemon=True)
        waiting.start()
        waiting.join(60)
        assert not waiting.is_alive()


@pytest.mark.thorough
def test_this_courses_files_have_no_errors() -> None:
    assert [str(each) for each in check_files() if each.severity == "error"] == []


def test_after_ctrl_c_no_lesson_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_over", threading.Event())
    begun: list[str] = []

    def look(lessons: Sequence[Lesson]) -> list[Problem]:
        begun.extend(lesson.name for lesson in lessons)
        kill_all()
        run_python(["-c", "print(1)"], ROOT, {}, 60.0)
        raise AssertionError("a process was started")

    found = together(look, [load(ROOT / "lessons" / name) for name in DAYS])
    assert found == []
    assert begun == [*DAYS, *DAYS]
