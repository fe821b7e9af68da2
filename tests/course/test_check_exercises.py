"""What `make check` says of exercises that do not keep what they promise."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from course.commands.checking.exercise_files import exercise_files
from course.commands.checking.lesson_files import check_files
from practice.exercises import LESSONS
from tests.course.making import told

DAY = "day_01_connect"
EXERCISE = "1_both_places"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Day 1's exercise, which is right."""
    lessons = tmp_path / "lessons"
    shutil.copytree(LESSONS / DAY, lessons / DAY)
    return lessons / DAY / "practice" / EXERCISE


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def lines(folder: Path) -> list[str]:
    return (folder / "exercise.toml").read_text("utf-8").splitlines()


def seen(folder: Path) -> list[str]:
    found = list(exercise_files(folder.parent.parent))
    told(replace(each, line=0) for each in found)  # the lines of Day 1's files may change
    return list(map(str, found))


def test_an_exercise_that_is_right_is_passed_over_in_silence(folder: Path) -> None:
    assert seen(folder) == []


@pytest.mark.parametrize("name", ["__pycache__", ".ipynb_checkpoints"])
def test_what_programs_leave_among_the_exercises_is_passed_over(folder: Path, name: str) -> None:
    (folder.parent / name).mkdir()
    assert seen(folder) == []


def test_what_lies_among_the_exercises_and_is_none_is_named(folder: Path) -> None:
    (folder.parent / "notes.md").write_text("x", encoding="utf-8")
    (said,) = seen(folder)
    assert "practice/notes.md: " in said
    assert "this folder isn't an exercise's" in said


@pytest.mark.parametrize("name", ["exercise.toml", "starter.py", "solution.py"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (said,) = seen(folder)
    assert name in said
    assert "no such file" in said


def test_a_wrong_answer_of_a_check_that_does_not_exist_is_named(folder: Path) -> None:
    change(folder, "exercise.toml", 'check = "exception"', 'check = "excepton"')
    (said,) = seen(folder)
    line = lines(folder).index('check = "excepton"') + 1
    assert f"exercise.toml:{line}: wrong answer `bare_except`: there is no check `excepton`" in said


def test_fewer_than_three_hints_are_an_error(folder: Path) -> None:
    text = (folder / "exercise.toml").read_text("utf-8")
    hints = text.split("[[hints]]")
    hints[3] = hints[3].partition("\n\n")[2]
    (folder / "exercise.toml").write_text("[[hints]]".join(hints[:3]) + hints[3], encoding="utf-8")
    (said,) = seen(folder)
    assert "has 2 hints, and needs 3" in said


def test_an_edit_of_a_text_that_is_not_there_is_named(folder: Path) -> None:
    change(folder, "exercise.toml", ').create()", ")"', ').make()", ")"')
    (said,) = seen(folder)
    assert "').make()' occurs 0 times in solution.py" in said


def test_a_hint_that_holds_a_statement_of_the_solution_is_an_error(folder: Path) -> None:
    given = "Write `from snowflake.snowpark.exceptions import SnowparkSessionException`."
    change(folder, "exercise.toml", "You have to import an exception", f"{given} Import it")
    assert any("gives the solution away" in said for said in seen(folder))


def test_a_starter_that_is_the_solution_leaves_nothing_to_do(folder: Path) -> None:
    shutil.copy(folder / "solution.py", folder / "starter.py")
    assert any("is the same as solution.py" in said for said in seen(folder))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('called = "session.sql"', 'called = "session.sq"', "did you mean `session.sql`?"),
        ('{ contains = "CURRENT', '{ contain = "CURRENT', "did you mean `contains`?"),
        ("with = { query =", "with = { qery =", "did you mean `query`?"),
        ('called = "session.sql"', 'called = "st.write"', "is recorded as what it draws"),
        ("inside_snowflake = true", 'fault = "fault-foo"', "there is no fault model fault-foo"),
        ("[[hints]]", "[[hint]]", "Did you mean `hints`?"),
        (
            "inside_snowflake = true",
            "inputs = { x = inf }",
            "field `scenes.1.inputs.x`: must be a text, an ordinary number, true or false",
        ),
        ("inside_snowflake = true", "inputs = { x = nan }", "must be a text, an ordinary number"),
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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'say.en = "Line {line} catches',
            'say.en = "Line {lien} catches',
            "filled in for `{lien}`",
        ),
        (
            'otherwise.en = "Look ',
            'otherwise.en = "{line} Look ',
            "nothing is filled in for `{line}`",
        ),
    ],
)
def test_a_blank_that_nothing_fills_in_is_a_warning(
    folder: Path, old: str, new: str, said: str
) -> None:
    change(folder, "exercise.toml", old, new)
    problems = list(exercise_files(folder.parent.parent))
    assert seen(folder)
    assert [problem.severity for problem in problems] == ["warning"]
    assert said in str(problems[0])
    numbers = [number for number, line in enumerate(lines(folder), 1) if new in line]
    # A mistake's own line is that of its [[...]], two above.
    assert problems[0].line in (*numbers, *(number - 2 for number in numbers))


@pytest.mark.parametrize("other", ["9_none", "2_later", EXERCISE])
def test_an_exercise_builds_on_an_earlier_one(folder: Path, other: str) -> None:
    if other == "2_later":
        shutil.copytree(folder, folder.parent / other)
    before = next(row for row in lines(folder) if row.startswith("title"))
    change(folder, "exercise.toml", before, f'builds_on = "{other}"\n{before}')
    (said,) = seen(folder)
    assert f"builds_on names no earlier exercise: {other}" in said


def test_the_tenth_exercise_may_build_on_the_second(folder: Path) -> None:
    for name in ("2_before", "10_after"):
        shutil.copytree(folder, folder.parent / name)
    before = next(row for row in lines(folder) if row.startswith("title"))
    change(folder.parent / "10_after", "exercise.toml", before, f'builds_on = "2_before"\n{before}')
    assert seen(folder) == []


def test_code_in_a_message_is_no_blank(folder: Path) -> None:
    change(
        folder,
        "exercise.toml",
        'say.en = "Line {line} catches',
        'say.en = "`{x}` in line {line} catches',
    )
    assert seen(folder) == []


def test_an_exercise_without_a_wrong_answer_is_a_warning(folder: Path) -> None:
    path = folder / "exercise.toml"
    path.write_text(path.read_text("utf-8").partition("[[wrong]]")[0], encoding="utf-8")
    (said,) = seen(folder)
    assert "no wrong answer proves that the checks find anything" in said


@pytest.mark.parametrize("blank", ['""', '" "', '"\\n"', '"\\u200b"', '"\\u3164"'])
def test_a_blank_message_is_an_error(folder: Path, blank: str) -> None:
    row = next(row for row in lines(folder) if row.startswith("say.en"))
    change(folder, "exercise.toml", row, f"say.en = {blank}")
    (said,) = seen(folder)
    assert "`checks.0.mistakes.0.say.en`: must not be blank: learners read it" in said


def test_a_link_that_leads_nowhere_in_a_message_is_an_error(folder: Path) -> None:
    change(folder, "exercise.toml", 'task.en = "', 'task.en = "See [x](https://). ')
    (said,) = seen(folder)
    assert "exercise.toml:4: `task`: the link `https://` leads nowhere" in said


def test_a_message_in_one_language_only_is_a_warning(folder: Path) -> None:
    row = next(row for row in lines(folder) if row.startswith("task.ko"))
    other = next(row for row in lines(folder) if row.startswith("task.en"))
    change(folder, "exercise.toml", row, other.replace("task.en", "task.ko"))
    (said,) = seen(folder)
    assert "`task` is the same in both languages" in said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("exercise.toml", b"x = " + b"9" * 5000),
        ("exercise.toml", b"x = " + b"[" * 5000),
        ("solution.py", b"x = " + b"-" * 20000 + b"1\n"),
        ("starter.py", b"\xff"),
    ],
)
def test_one_spoilt_file_is_an_error_and_ends_no_check(
    folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    said = "\n".join(map(str, check_files(folder.parents[3], [DAY])))
    assert f"practice/{EXERCISE}/{name}" in said
