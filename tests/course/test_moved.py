"""The file that says where things went: what it may say, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from course import LESSONS, moved
from course.content.lesson import lessons
from course.content.outline import outline_of, places
from course.moved import NOTHING, Moved
from course.problems import LessonError
from tests.course.making import told

OLD, NEW = "day_03_old", "day_04_new"
KNOWN = {NEW, f"{NEW}/1_first", f"{NEW}/q-first", f"{NEW}#torn", "day_05_newer", "day_01_here"}


def written(folder: Path, *entries: tuple[str, str]) -> Moved:
    tables = [f'[[moved]]\nfrom = "{source}"\nto = "{to}"\n' for source, to in entries]
    (folder / "moved.toml").write_text("\n".join(tables), encoding="utf-8")
    return moved.load(folder)


def said(folder: Path, *entries: tuple[str, str]) -> list[str]:
    found = list(moved.misled(written(folder, *entries), KNOWN, folder))
    assert not found or told(found)
    return [f"{each.line}: {each.what}" for each in found]


def test_a_course_in_which_nothing_moved_needs_no_file(tmp_path: Path) -> None:
    assert moved.load(tmp_path) == NOTHING


def test_right_entries_are_right(tmp_path: Path) -> None:
    entries = [
        (OLD, NEW),
        (f"{OLD}/4_last", f"{NEW}/1_first"),
        (f"{OLD}/q-last", f"{NEW}/q-first"),
        (f"{OLD}#cut", f"{NEW}#torn"),
    ]
    assert said(tmp_path, *entries) == []
    found = moved.load(tmp_path)
    assert found.now(OLD, "4_last") == (NEW, "1_first")
    assert found.anchors(OLD) == {"cut": f"{NEW}#torn"}
    assert found.anchors(NEW) == {}
    assert found.lessons() == {OLD: NEW}


@pytest.mark.parametrize(
    ("source", "to", "field"),
    [
        ("day 3", NEW, "moved.0.from"),
        (OLD, "https://evil.example", "moved.0.to"),
        (OLD, f"{NEW}/1_first", "`day_04_new/1_first`"),
        (f"{OLD}#cut", f"{NEW}/q-first", "`day_04_new/q-first`"),
        (f"{OLD}/4_last", f"{NEW}/q-first", "`day_04_new/q-first`"),
    ],
)
def test_an_entry_of_another_form_is_named_with_its_file_and_field(
    tmp_path: Path, source: str, to: str, field: str
) -> None:
    with pytest.raises(LessonError) as error:
        written(tmp_path, (source, to))
    (problem,) = error.value.problems
    assert told([problem])
    assert problem.path == tmp_path / "moved.toml"
    assert field in problem.what


def test_a_misspelt_field_is_named(tmp_path: Path) -> None:
    (tmp_path / "moved.toml").write_text(f'[[moved]]\nform = "{OLD}"\nto = "{NEW}"\n')
    with pytest.raises(LessonError, match=r"unknown field `moved.0.form`. Did you mean `from`"):
        moved.load(tmp_path)


def test_one_thing_cannot_move_to_two_places(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="has moved to two places"):
        written(tmp_path, (OLD, NEW), (OLD, "day_05_newer"))


@pytest.mark.parametrize("kind", ["/9_none", "/q-none", "#none", ""])
def test_an_entry_that_leads_nowhere_is_named(tmp_path: Path, kind: str) -> None:
    to = f"{NEW}{kind}" if kind else "day_09_none"
    (problem,) = said(tmp_path, (f"{OLD}{kind}", to))
    assert problem.startswith("3: field `moved.0.to`")
    assert f"`{to}` leads nowhere" in problem


def test_a_chain_is_named_with_where_it_ends(tmp_path: Path) -> None:
    written(tmp_path, (OLD, NEW), (NEW, "day_05_newer"))
    known = KNOWN - {NEW}
    (problem,) = moved.misled(moved.load(tmp_path), known, tmp_path)
    assert problem.what.endswith(f"`{NEW}` has moved, too")
    assert "to `day_05_newer` directly" in problem.fix
    # An item of a lesson that moved as a whole is one as well.
    entries = (f"{OLD}/q-last", f"{NEW}/q-first"), (NEW, "day_05_newer")
    written(tmp_path, *entries)
    (problem,) = moved.misled(moved.load(tmp_path), known, tmp_path)
    assert f"`{NEW}/q-first` has moved, too" in problem.what


def test_entries_that_lead_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    found = said(tmp_path, (OLD, "day_04_gone"), ("day_04_gone", OLD))
    assert len(found) == 2
    assert all("leads nowhere" in each for each in found)
    (alone,) = said(tmp_path, (OLD, OLD))
    assert "leads nowhere" in alone


def test_what_is_still_there_has_not_moved(tmp_path: Path) -> None:
    (problem,) = said(tmp_path, ("day_01_here", NEW))
    assert "`day_01_here` is still there" in problem


def test_a_file_that_is_wrong_leaves_every_name_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "moved.toml").write_text("[[moved]\n")
    monkeypatch.setattr(moved.load, "__defaults__", (tmp_path,))
    assert moved.kept() == NOTHING
    assert "moved.toml:1" in caplog.text


def test_an_outline_has_every_exercise_question_and_anchor_of_a_lesson() -> None:
    found = outline_of(lessons()[0])
    assert found.exercises[0] == "1_both_places"
    assert {"q-commit", "q-trap", "q-rerun"} <= set(found.questions)
    # A folded part's, a section's of the page, and an exercise's.
    assert {"goals", "terminal", "demo", "exercise-1-both-places"} <= set(found.anchors)


def test_what_moved_in_this_course_leads_to_what_there_is() -> None:
    assert list(moved.misled(moved.load(), places(lessons()), LESSONS)) == []
