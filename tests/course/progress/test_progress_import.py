"""The messages that a learner sees after an import."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from course.language import texts
from course.progress.facts import ImportProblem
from course.progress.learner_panel import IMPORTED_KEY


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
