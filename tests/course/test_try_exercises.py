"""What `make check` says of exercises once it has run solutions, starters and wrong answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.commands.checking.try_exercises import main
from course.commands.new_day import create
from course.language import LANGUAGES
from course.problems import Problem

Tried = dict[str, list[Problem]]
#: A wrong answer of the exercise that a new day begins with.
INFO_INSTEAD = """
[[wrong]]
id = "info_instead"
edits = [["st.success(", "st.info("]]
check = "shown"
mistake = "another_box"
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """What `check` says of several broken exercises, tried in one batch, by folder name."""
    root = tmp_path_factory.mktemp("course")
    create(8, "Spoilt", root=root)
    practice = root / "lessons" / "day_08_spoilt" / "practice"
    right = practice / "1_first_try"

    def spoilt(name: str, file: str, old: str, new: str) -> None:
        shutil.copytree(right, practice / name)
        text = (right / file).read_text("utf-8")
        assert old in text
        (practice / name / file).write_text(text.replace(old, new), encoding="utf-8")

    solution = (right / "solution.py").read_text("utf-8")
    spoilt("2_solution_fails", "solution.py", solution, f'{solution}{{}}["key"]\n')
    spoilt("3_starter_passes", "starter.py", (right / "starter.py").read_text("utf-8"), solution)
    spoilt("4_other_mistake", "exercise.toml", '\nmistake = "another_box"', "")
    spoilt("5_wrong_passes", "exercise.toml", '[["st.success(", "st.info("]]', "[]")
    spoilt("6_unproven", "exercise.toml", INFO_INSTEAD, "")
    right_fails = (
        f'{INFO_INSTEAD}\n[[right]]\nid = "by_info"\nedits = [["st.success(", "st.info("]]\n'
    )
    spoilt("7_right_fails", "exercise.toml", INFO_INSTEAD, right_fails)
    rows: dict[str, list[Problem]] = {path.name: [] for path in practice.iterdir()}
    for row in main(root / "lessons", ["day_08_spoilt"]):
        rows[row.path.parent.name].append(row)
    return rows


def said(rows: list[Problem]) -> str:
    (row,) = rows
    return f"{row.severity}: {row.path.name}: {row.what}"


def test_an_exercise_that_is_right_is_passed_over_in_silence(
    tried: dict[str, list[Problem]],
) -> None:
    assert tried["1_first_try"] == []


def test_a_solution_that_fails_is_named_with_the_check(tried: Tried) -> None:
    told = said(tried["2_solution_fails"])
    assert told.startswith("error: solution.py: fails check runs (ko, en): Line ")
    assert "KeyError" in told


def test_a_starter_that_passes_leaves_nothing_to_do(tried: Tried) -> None:
    assert ("starter.py", "passes all checks as it is (ko, en)") in [
        (row.path.name, row.what) for row in tried["3_starter_passes"]
    ]


def test_a_wrong_answer_that_gets_another_message_is_named(tried: Tried) -> None:
    told = said(tried["4_other_mistake"])
    assert "error: exercise.toml: wrong answer info_instead should fail check shown, but" in told
    assert "but fails check shown, mistake another_box (ko, en): Line " in told


def test_a_wrong_answer_that_passes_is_named(tried: Tried) -> None:
    whats = [row.what for row in tried["5_wrong_passes"]]
    assert any("info_instead should fail" in what and "passes (ko, en)" in what for what in whats)


def test_a_right_answer_that_fails_is_named_with_its_check(tried: Tried) -> None:
    told = said(tried["7_right_fails"])
    assert "error: exercise.toml: right answer by_info fails check shown" in told


def test_a_mistake_that_no_wrong_answer_makes_is_a_warning(tried: Tried) -> None:
    assert said(tried["6_unproven"]) == (
        "warning: exercise.toml: no wrong answer makes the mistake `another_box`"
    )
    assert tried["6_unproven"][0].line == 31


def snippet_of(root: Path, code: str, settings: str) -> list[Problem]:
    """Return what the check reports for a day whose only program is this snippet."""
    create(8, "Snippet", root=root)
    folder = root / "lessons" / "day_08_snippet"
    (folder / "steps" / "example_first.py").write_text(code, encoding="utf-8")
    shutil.rmtree(folder / "practice")
    for language in LANGUAGES:
        prose = folder / f"{language}.md"
        text = prose.read_text("utf-8").replace("```exercise name=1_first_try\n```", "")
        text = text.replace("```python file=practice/1_first_try/solution.py\n```", "")
        prose.write_text(text.replace("run=yes", settings), encoding="utf-8")
    return main(root / "lessons", [folder.name])


@pytest.mark.parametrize(
    ("code", "settings", "told"),
    [
        (
            "print(missing)\n",
            "run=yes",
            "error: example_first.py: fails as a snippet",
        ),
        ("print(1)\n", "run=yes fails=yes", "error: example_first.py: does not fail, though"),
    ],
)
def test_a_snippet_that_ends_as_nobody_says_is_named(
    tmp_path: Path, code: str, settings: str, told: str
) -> None:
    assert said(snippet_of(tmp_path, code, settings)).startswith(told)


def test_a_snippet_that_fails_on_purpose_is_right(tmp_path: Path) -> None:
    assert snippet_of(tmp_path, "print(missing)\n", "run=yes fails=yes") == []
