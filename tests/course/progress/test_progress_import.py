"""The messages that a learner sees after an import."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from course.language import texts
from course.progress import learner_panel
from course.progress.facts import ImportProblem
from course.progress.learner_panel import IMPORTED_KEY, UPLOAD_KEY


def draw() -> None:
    from course.progress.learner_panel import _import

    _import([])


def drawn(found: Any) -> list[str]:
    app = AppTest.from_function(draw)
    app.session_state["course_language"] = "en"
    app.session_state[IMPORTED_KEY] = found
    app.run()
    assert not app.exception
    return [each.value for each in (*app.success, *app.warning, *app.error)]


def text(key: str, **values: object) -> str:
    return texts("en")[f"progress.{key}"].format(**values)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, []),
        ((3, 0), [text("imported", count=3)]),
        ((3, 2), [text("imported", count=3), text("no_room", count=2)]),
        (ImportProblem("large"), [text("problem.large", where="-")]),
        (ImportProblem("version", "9"), [text("problem.version", where="9")]),
        (ImportProblem("format", "facts.0"), [text("problem.format", where="facts.0")]),
    ],
)
def test_what_came_in_and_what_did_not_is_told(found: Any, said: list[str]) -> None:
    assert drawn(found) == said


class Noting:
    """Progress that notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def import_(self, text: str, lessons: list[str]) -> tuple[int, int]:
        if text == "junk":
            raise ImportProblem("format")
        self.asked.append((text, lessons))
        return 3, 2

    def reset(self, *, keep_solved: bool) -> None:
        self.asked.append(keep_solved)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the session's state, in which an older import has told something."""
    state: dict[str, Any] = {IMPORTED_KEY: "older"}
    monkeypatch.setattr(learner_panel, "st", SimpleNamespace(session_state=state))
    return state


@pytest.mark.parametrize(
    ("given", "found"), [(b"file", (3, 2)), (b"\xff", (3, 2)), (b"junk", "format"), (None, None)]
)
def test_a_file_is_taken_once_with_what_came_of_it(
    given: bytes | None, found: object, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = Noting()
    monkeypatch.setattr(learner_panel, "current", lambda: learned)
    state[UPLOAD_KEY] = None if given is None else SimpleNamespace(getvalue=lambda: given)
    learner_panel._take(["day_01_x"])
    told = state.get(IMPORTED_KEY)
    assert getattr(told, "reason", told) == found
    taken = [((given or b"").decode("utf-8", "replace"), ["day_01_x"])]
    assert learned.asked == (taken if found == (3, 2) else [])


@pytest.mark.parametrize("everything", [True, False])
def test_a_reset_forgets_what_an_import_has_told_and_asks_for_as_much_as_was_chosen(
    everything: bool, state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = Noting()
    monkeypatch.setattr(learner_panel, "current", lambda: learned)
    learner_panel._forget(everything)
    assert (learned.asked, state) == ([not everything], {})
