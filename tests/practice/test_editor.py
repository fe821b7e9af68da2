"""What the code editor tells its page, and what it makes of what a browser sends."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from practice import editor
from practice.editor import LIMIT, Edited, Labels, Mark, code_editor

LABELS = Labels(**{field.name: f"the {field.name}" for field in fields(Labels)})


def page(arguments: dict) -> None:  # type: ignore[type-arg]  # AppTest takes its source alone
    import streamlit as st

    from practice.editor import code_editor

    st.session_state.edited = code_editor(**arguments)


def app(**given: Any) -> AppTest:
    """Return a page with an editor; keyword arguments are those of ``code_editor``."""
    arguments = {"code": "a = 1\n", "key": "exercise", "labels": LABELS, **given}
    made = AppTest.from_function(page, kwargs={"arguments": arguments}, default_timeout=60)
    return made.run()


def edited(at: AppTest) -> Edited:
    assert not at.exception
    found = at.session_state.edited
    assert isinstance(found, Edited)
    return found


def drawn(at: AppTest) -> dict[str, Any]:
    """Return what the page has sent to the browser."""
    data: dict[str, Any] = json.loads(at.get("bidi_component")[0].proto.json)
    return data


def browser_sends(at: AppTest, event: str, value: object) -> AppTest:
    """Run the page as it is run when the editor in a browser sends ``event``."""
    states = WidgetStates()
    state = states.widgets.add()
    state.id = _make_trigger_id(at.get("bidi_component")[0].proto.id, "events")
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])
    return at._run(states)


def test_an_editor_that_nobody_has_used_returns_the_servers_text() -> None:
    assert edited(app()) == Edited(code="a = 1\n", ran=False, reset=False)


def test_run_returns_the_learners_text_in_one_script_run() -> None:
    at = browser_sends(app(), "run", "b = 2\n")
    assert edited(at) == Edited(code="b = 2\n", ran=True, reset=False)
    assert edited(at.run()) == Edited(code="a = 1\n", ran=False, reset=False)


def test_reset_is_told_in_one_script_run() -> None:
    at = browser_sends(app(), "reset", True)
    assert edited(at) == Edited(code="a = 1\n", ran=False, reset=True)
    assert not edited(at.run()).reset


def test_an_empty_program_can_be_run() -> None:
    assert edited(browser_sends(app(), "run", "")) == Edited(code="", ran=True, reset=False)


def test_line_ends_are_lf_in_both_directions() -> None:
    at = app(code="a\r\nb\rc\n")
    assert drawn(at)["code"] == "a\nb\nc\n"
    assert edited(browser_sends(at, "run", "x\r\ny\rz")).code == "x\ny\nz"


def test_half_a_surrogate_pair_becomes_something_that_can_be_written() -> None:
    code = edited(browser_sends(app(), "run", "print('\ud83d')")).code
    assert code == "print('?')"
    assert edited(browser_sends(app(), "run", "print('👨‍👩‍👧')")).code == "print('👨‍👩‍👧')"


def test_what_no_editor_sends_is_neither_a_run_nor_a_reset() -> None:
    at, untouched = app(), Edited("a = 1\n", ran=False, reset=False)
    for sent in (None, 3, True, ["a"], {"code": "a"}, "a" * (LIMIT + 1)):
        assert edited(browser_sends(at, "run", sent)) == untouched, sent
    for sent in (None, 1, "true", {}):
        assert edited(browser_sends(at, "reset", sent)) == untouched, sent


def test_the_browser_is_told_everything_it_shows() -> None:
    at = app(marks=[Mark(3, "no such name")], revision="second", running=True)
    assert drawn(at) == {
        "key": "exercise",
        "code": "a = 1\n",
        "revision": "second",
        "labels": {field.name: f"the {field.name}" for field in fields(Labels)},
        "marks": [{"line": 3, "message": "no such name"}],
        "running": True,
        "limit": LIMIT,
        "former": [],
    }


def test_the_element_stays_the_same_when_what_it_shows_changes() -> None:
    def identity(**given: Any) -> str:
        found: str = app(**given).get("bidi_component")[0].proto.id
        return found

    korean = Labels(**{field.name: "이름" for field in fields(Labels)})
    assert identity() == identity(
        code="b", labels=korean, marks=[Mark(1, "wrong")], revision="x", running=True
    )
    assert identity() != identity(key="another")


def test_a_text_that_no_editor_could_hold_is_the_authors_mistake() -> None:
    with pytest.raises(ValueError, match="code has 20,001 characters; the editor holds 20,000"):
        code_editor("a" * (LIMIT + 1), key="k", labels=LABELS)
    assert edited(app(code="a" * LIMIT)).code == "a" * LIMIT


def test_outside_a_page_it_returns_the_servers_text() -> None:
    assert code_editor("a", key="k", labels=LABELS) == Edited("a", ran=False, reset=False)


def test_labels_marks_and_results_cannot_be_changed() -> None:
    for value in (LABELS, Mark(1, "wrong"), Edited("a", ran=False, reset=False)):
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(value)[0].name, "other")


def test_nothing_that_is_read_stands_in_the_components_own_files() -> None:
    folder = Path(editor.__file__).parent
    script = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.js")))
    for field in fields(Labels):
        assert f"labels.{field.name}" in script
    markup = (folder / "editor.html").read_text("utf-8")
    assert "".join(part.split("<")[0].strip() for part in markup.split(">")) == ""


def test_no_file_of_the_component_asks_for_another() -> None:
    folder = Path(editor.__file__).parent
    for path in folder.glob("editor.*"):
        source = path.read_text("utf-8")
        for ask in (
            "http:",
            "https:",
            "@import",
            "url(",
            "fetch(",
            "import(",
            "<script",
            "<iframe",
        ):
            assert ask not in source, (path.name, ask)
    script = "".join(path.read_text("utf-8") for path in folder.glob("*.js"))
    for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert danger not in script
