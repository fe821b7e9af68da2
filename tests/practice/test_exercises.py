"""What an exercise's file may contain, and the error message for each mistake in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from practice.exercises import (
    ExerciseError,
    ExerciseFile,
    SceneText,
    load_exercises,
    read_exercise,
    snippet,
)

BOTH = {"ko": "기타", "en": "Anything else"}
LINED = {"ko": "{line}번째 줄", "en": "Line {line}"}
CHECK: dict[str, Any] = {
    "id": "a",
    "title": BOTH,
    "passes": {"called": "st.success"},
    "otherwise": BOTH,
}
TWO = [{"id": "one", "title": BOTH}, {"id": "two", "title": BOTH}]


def exercise(**more: Any) -> dict[str, Any]:
    about = {"title": BOTH, "task": BOTH, "hints": [BOTH], "scenes": [{"id": "one"}]}
    return {**about, "checks": [CHECK], **more}


def said_of(**more: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        ExerciseFile.model_validate(exercise(**more))
    return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in caught.value.errors()]


def mistake(name: str = "m", **more: Any) -> dict[str, Any]:
    return {"id": name, "when": {"called": "st.info"}, "say": BOTH, **more}


def checked(**more: Any) -> dict[str, Any]:
    return {"checks": [{**CHECK, **more}]}


def test_an_exercise_that_is_right_is_read() -> None:
    about = exercise(
        scenes=TWO,
        checks=[{**CHECK, "scene": "two", "mistakes": [mistake(say=LINED)]}],
        errors=[mistake("e")],
        wrong=[
            {"id": "w", "check": "a", "mistake": "m"},
            {"id": "shared", "check": "a", "mistake": "lost"},
            {"id": "ended", "check": "runs", "mistake": "e"},
            {"id": "blank", "check": "blanks", "mistake": "blank"},
            {"id": "other", "check": "parses"},
            {"id": "label", "check": "labels", "mistake": "label"},
            {"id": "press", "check": "pressed"},
        ],
    )
    assert ExerciseFile.model_validate(about).scenes[1].id == "two"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (checked(scene="two"), ": Value error, check `a`: there is no scene `two`"),
        ({"checks": [CHECK, CHECK]}, ": Value error, checks: two have the id `a`"),
        ({"scenes": [TWO[0], TWO[0]]}, ": Value error, scenes: two have the id `one`"),
        (
            {"scenes": [TWO[0], {"id": "two"}]},
            ": Value error, each of several scenes needs a title",
        ),
        (
            checked(mistakes=[mistake(), mistake()]),
            ": Value error, check a: mistakes: two have the id `m`",
        ),
        ({"errors": [mistake(), mistake()]}, ": Value error, errors: two have the id `m`"),
        (
            {"right": [{"id": "r", "code": "x"}, {"id": "r", "code": "y"}]},
            ": Value error, right: two have the id `r`",
        ),
        (
            {"wrong": [{"id": "w", "check": "a"}, {"id": "w", "check": "a"}]},
            ": Value error, wrong: two have the id `w`",
        ),
        (
            {"wrong": [{"id": "w", "check": "b"}]},
            ": Value error, wrong answer `w`: there is no check `b`",
        ),
        (
            {"wrong": [{"id": "w", "check": "a", "mistake": "none"}]},
            ": Value error, wrong answer `w`: its check has no mistake `none`",
        ),
        (
            {"right": [{"id": "r", "code": "x", "edits": [["a", "b"]]}]},
            "right.0: Value error, a whole program, `code`, has no `of` and no `edits`",
        ),
        (
            {"right": [{"id": "r", "code": "x", "of": "starter"}]},
            "right.0: Value error, a whole program, `code`, has no `of` and no `edits`",
        ),
        *(
            (
                checked(mistakes=[mistake(say=BOTH | {each: said}, when={"read": False})]),
                "checks.0.mistakes.0: Value error, mistake `m` says {line}, but nothing in its "
                "`when` is in a line",
            )
            for each, said in LINED.items()
        ),
        *(
            (checked(passes=passes), f"checks.0.passes: Value error, {said}")
            for passes, said in (
                ({}, "is empty: it would always hold, or never"),
                ({"all": []}, "is empty: it would always hold, or never"),
                ({"run": 0}, "is empty: it would always hold, or never"),
                ({"read": True, "times": 0}, "`with` and `times` need `called`"),
                ({"read": True, "with": {"body": "x"}}, "`with` and `times` need `called`"),
                ({"read": True, "inside": "f"}, "`inside` needs `called`"),
                ({"read": True, "under": "x"}, "`under` needs `kept`"),
                (
                    {"called": "st.info", "messages": {"count": 1}},
                    '`messages` needs `called = "Complete"`',
                ),
                (
                    {"called": "st.info", "with": {"bodi": "x"}},
                    "there is no `bodi` here; did you mean `body`?",
                ),
            )
        ),
        (
            checked(passes={"called": "st.write"}),
            "checks.0.passes.called: Value error, `st.write` is recorded as what it draws, "
            "such as `st.markdown`",
        ),
        (
            checked(passes={"shown": "zzz"}),
            "checks.0.passes.shown: Value error, there is no `zzz` here",
        ),
        (
            {"title": {"ko": "", "en": "x"}},
            "title.ko: Value error, must not be blank: learners read it",
        ),
        (
            {"title": {"ko": "x", "en": "a\u200b"}},
            "title.en: Value error, holds an invisible character (U+200B)",
        ),
    ],
)
def test_a_mistake_in_an_exercises_file_is_named(more: dict[str, Any], said: str) -> None:
    assert said_of(**more) == [said]


@pytest.mark.parametrize(
    ("scene", "works"),
    [
        ({"fault_calls": 0}, False),
        ({"fault_calls": 1}, True),
        ({"fault_calls": 20}, True),
        ({"fault_calls": 21}, False),
        ({"stop_after": 0}, False),
        ({"stop_after": 1}, True),
    ],
)
def test_a_scenes_numbers_have_bounds(scene: dict[str, int], works: bool) -> None:
    if works:
        SceneText.model_validate({"id": "one", **scene})
        return
    with pytest.raises(ValidationError):
        SceneText.model_validate({"id": "one", **scene})


def test_a_file_that_does_not_fit_is_told_with_its_path_and_field(tmp_path: Path) -> None:
    folder = tmp_path / "day_01_x" / "practice" / "1_x"
    folder.mkdir(parents=True)
    (folder / "exercise.toml").write_text("task = 1\n")
    with pytest.raises(ExerciseError) as caught:
        read_exercise(folder)
    assert str(caught.value) == f"{folder / 'exercise.toml'}: `title`: Field required"


def test_exercises_come_in_the_order_of_their_numbers() -> None:
    names = [each.name for each in load_exercises("day_03_write_streams")]
    assert [int(name.partition("_")[0]) for name in names] == list(range(1, len(names) + 1))


def test_a_snippet_asks_for_nothing_and_has_one_scene() -> None:
    found = snippet("day_01_x", "steps/a.py#b", "x = 1")
    assert (found.name, found.starter, found.solution) == ("steps-a-py-b", "x = 1", "x = 1")
    assert not found.is_graded
    assert [scene.id for scene in found.about.scenes] == ["run"]
