"""Learners' exported work is run again, and what it claims stands beside what it does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course import moved
from course.__main__ import main
from course.commands.grade import grade_files, table
from course.progress.facts import EXERCISE
from practice.exercises import LESSONS

AT = "2026-11-25T00:00:00Z"


def work(path: Path, *programs: tuple[str, str, str, str]) -> Path:
    """Write an export with programs: lesson, exercise, kind and code."""
    facts = [
        {"lesson": lesson, "kind": kind, "item": EXERCISE + exercise, "value": code, "at": AT}
        for lesson, exercise, kind, code in programs
    ]
    given = {"course": "cortex-streaming-course", "version": 1, "facts": facts}
    path.write_text(json.dumps(given), encoding="utf-8")
    return path


def program(lesson: str, exercise: str, name: str) -> str:
    return (LESSONS / lesson / "practice" / exercise / name).read_text("utf-8")


DAY_1 = ("day_01_connect", "1_both_places")


def test_what_a_file_claims_stands_beside_what_its_programs_do(tmp_path: Path) -> None:
    kim = work(tmp_path / "kim.json", (*DAY_1, "solved", program(*DAY_1, "solution.py")))
    lee = work(tmp_path / "lee.json", (*DAY_1, "solved", program(*DAY_1, "starter.py")))
    first, second = grade_files([kim, lee])
    assert (first.file, first.claimed, first.now, first.note) == (str(kim), "passed", "5/5", "")
    assert (second.claimed, second.now[-2:], second.note) == ("passed", "/5", "DIFFERS")
    assert "SnowparkSessionException" in second.first
    printed = table([first, second]).splitlines()
    assert printed[0].split() == ["file", "lesson", "exercise", "claimed", "now", "note", "first"]
    assert [line.index("passed") for line in printed[1:]] == [printed[0].index("claimed")] * 2


def test_what_passed_counts_and_not_what_was_tried_after_it(tmp_path: Path) -> None:
    solution = program(*DAY_1, "solution.py")
    path = work(tmp_path / "a.json", (*DAY_1, "solved", solution), (*DAY_1, "tried", "x = ("))
    (row,) = grade_files([path])
    assert (row.claimed, row.now) == ("passed", "5/5")


def test_an_exercise_that_the_course_does_not_have_is_a_row_that_says_so(tmp_path: Path) -> None:
    path = work(tmp_path / "a.json", ("day_01_connect", "9_none", "tried", "x = 1"))
    (row,) = grade_files([path])
    assert row.first == "the course has no such exercise"


def test_a_program_of_an_exercise_that_moved_is_judged_where_it_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = {"from": "day_09_old/7_old", "to": "/".join(DAY_1)}
    monkeypatch.setattr(moved, "kept", lambda: moved.Moved.model_validate({"moved": [move]}))
    solution = program(*DAY_1, "solution.py")
    path = work(tmp_path / "a.json", ("day_09_old", "7_old", "solved", solution))
    (row,) = grade_files([path])
    assert (row.lesson, row.exercise, row.now) == (*DAY_1, "5/5")


def test_a_program_that_is_too_long_is_not_run(tmp_path: Path) -> None:
    path = work(tmp_path / "a.json", (*DAY_1, "tried", "#" * 20_001))
    (row,) = grade_files([path])
    assert row.first == "the program is too long"


def test_a_file_that_is_no_learners_work_is_named_and_the_others_are_graded(
    tmp_path: Path,
) -> None:
    contents = [b"", b"{}", b"\xff\xfe", b"[1, 2]", b"{" * 100_000]
    paths = [tmp_path / f"holiday {number}.json" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    kim = work(tmp_path / "kim.json", (*DAY_1, "solved", program(*DAY_1, "solution.py")))
    *unread, last = grade_files([*paths, kim])
    assert [(each.file, each.note) for each in unread] == [(str(path), "UNREAD") for path in paths]
    assert all(each.first.startswith("the file ") for each in unread)
    assert last.now == "5/5"


def test_an_export_without_a_program_says_so(tmp_path: Path) -> None:
    (row,) = grade_files([work(tmp_path / "kim.json")])
    assert (row.note, row.first) == ("", "no program was run")


def test_why_a_program_was_ended_stands_in_its_row(tmp_path: Path) -> None:
    endless = "while True:\n  print('x' * 9_000)"  # ends sooner than one that only uses its time up
    (row,) = grade_files([work(tmp_path / "a.json", (*DAY_1, "tried", endless))])
    assert "Nothing ends the loop in line 1" in row.first


def test_what_a_learner_wrote_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    code = "raise ValueError('\\x1b[2K\\x1b[1Apassed')"
    printed = table(list(grade_files([work(tmp_path / "a.json", (*DAY_1, "tried", code))])))
    assert "\ufffd[2K" in printed
    assert all(each.isprintable() or each == "\n" for each in printed)


def test_the_command_names_the_file_that_it_cannot_read_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", str(tmp_path / "none.json")]) == 1
    (_, said) = capsys.readouterr().out.splitlines()
    assert "none.json" in said
    assert "cannot be read" in said
