"""What `make check` says of exercises that do not keep what they promise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.checking.exercises import exercise_files
from course.checking.try_exercises import main as try_exercises
from practice.exercises import LESSONS

DAY = "day_01_connect"
EXERCISE = "1_both_places"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Day 1's exercise, which is right."""
    shutil.copytree(LESSONS / DAY, tmp_path / DAY)
    return tmp_path / DAY / "practice" / EXERCISE


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def lines(folder: Path) -> list[str]:
    return (folder / "exercise.toml").read_text("utf-8").splitlines()


def seen(folder: Path) -> list[str]:
    return [str(each) for each in exercise_files(folder.parent.parent)]


def tried(folder: Path) -> list[str]:
    rows = try_exercises(folder.parent.parent.parent, [DAY])
    return [f"{Path(file).name}: {what}" for file, _, what, _, _ in rows]


def test_an_exercise_that_is_right_is_passed_over_in_silence(folder: Path) -> None:
    assert seen(folder) == []
    assert tried(folder) == []


def test_what_lies_among_the_exercises_and_is_none_is_named(folder: Path) -> None:
    (folder.parent / "notes.md").write_text("x", encoding="utf-8")
    (said,) = seen(folder)
    assert said.startswith("notes.md: ")
    assert "this is no exercise's folder" in said


@pytest.mark.parametrize("name", ["exercise.toml", "starter.py", "solution.py"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (said,) = seen(folder)
    assert name in said
    assert "no such file" in said


def test_a_field_that_does_not_exist_is_named_with_its_line_and_what_was_meant(
    folder: Path,
) -> None:
    change(folder, "exercise.toml", "inside_snowflake = true", "inside_snowflak = true")
    (said,) = seen(folder)
    assert "inside_snowflak" in said
    assert "inside_snowflake" in said.replace("inside_snowflak`", "")


def test_a_wrong_answer_of_a_check_that_does_not_exist_is_named(folder: Path) -> None:
    change(folder, "exercise.toml", 'check = "exception"', 'check = "excepton"')
    (said,) = seen(folder)
    line = lines(folder).index('check = "excepton"') + 1
    assert f"exercise.toml:{line}: wrong answer `bare_except`: there is no check `excepton`" in said


def test_an_edit_of_a_text_that_is_not_there_is_named(folder: Path) -> None:
    change(folder, "exercise.toml", 'edits = [[".collect()", ""]', 'edits = [[".fetch()", ""]')
    (said,) = seen(folder)
    assert "'.fetch()' occurs 0 times in solution.py" in said


def test_a_hint_that_holds_a_statement_of_the_solution_is_an_error(folder: Path) -> None:
    given = 'Write `rows = session.sql(\\"SELECT CURRENT_VERSION()\\").collect()`.'
    change(folder, "exercise.toml", "That exception is imported from", f"{given} It is from")
    assert any("gives the solution away" in said for said in seen(folder))


def test_a_starter_that_is_the_solution_leaves_nothing_to_do(folder: Path) -> None:
    shutil.copy(folder / "solution.py", folder / "starter.py")
    assert any("is the same as solution.py" in said for said in seen(folder))
    assert any("passes all checks as it is" in said for said in tried(folder))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('called = "st.success" }', 'called = "st.sucess" }', "did you mean `st.success`?"),
        ('{ contains = "{value}",', '{ contain = "{value}",', "did you mean `contains`?"),
        ("with = { query =", "with = { qery =", "did you mean `query`?"),
        ('called = "st.info"', 'called = "st.write"', "is told as what it draws with"),
        ("inside_snowflake = true", 'fault = "fault-foo"', "there is no fault model fault-foo"),
        ("[[hints]]", "[[hint]]", "Did you mean `hints`?"),
    ],
)
def test_a_slip_of_the_pen_is_named_with_its_line_and_what_was_meant(
    folder: Path, old: str, new: str, said: str
) -> None:
    change(folder, "exercise.toml", old, new)
    (wrong,) = (number for number, line in enumerate(lines(folder), 1) if new in line)
    assert any(f"exercise.toml:{wrong}: " in each and said in each for each in seen(folder))


def test_a_wrong_answers_line_is_not_that_of_a_mistake_of_the_same_name(folder: Path) -> None:
    change(folder, "exercise.toml", '[[").create()", ")"]]', '[["nowhere", ""]]')
    (said,) = seen(folder)
    number = lines(folder).index('id = "create_forgotten"') + 1
    assert f"exercise.toml:{number}: " in said


def test_a_solution_that_fails_is_named_with_the_check(folder: Path) -> None:
    change(folder, "solution.py", '["connections"]', '["connection"]')
    (said,) = tried(folder)
    assert said.startswith("solution.py: fails check runs (ko, en): Line ")
    assert "KeyError" in said


def test_a_wrong_answer_that_gets_another_message_is_named(folder: Path) -> None:
    change(
        folder,
        "exercise.toml",
        'check = "exception"\nmistake = "bare"',
        'check = "exception"\nmistake = "too_wide"',
    )
    (said,) = tried(folder)
    assert "wrong answer bare_except should fail check exception, mistake too_wide" in said
    assert "but fails check exception, mistake bare (ko, en): Line 8 swallows everything" in said


def test_a_wrong_answer_that_passes_is_named(folder: Path) -> None:
    change(folder, "exercise.toml", 'edits = [["st.success(", "st.write("]]', "edits = []")
    assert any(
        "wrong answer shown_with_write should fail" in said and "passes (ko, en)" in said
        for said in tried(folder)
    )
