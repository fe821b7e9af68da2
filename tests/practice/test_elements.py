"""A page draws what is in the table, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from practice.elements import NOT_CALLED, TABLE
from practice.events import Failed, Forged, guest_event
from practice.explain import explain_error, messages
from practice.sandbox.signatures import ELEMENTS

LABEL = {"label": "x", "now": None}
BUTTON = {"label": "x", "now": False}


def told(name: str, count: int = 1, /, **args: Any) -> Any:
    """Return what is told of a call that a program has written to its pipe itself."""
    call = {"op": "draw", "name": name, "args": args, "into": 0, "id": 1, "count": count, "line": 7}
    return guest_event(json.dumps(call).encode())


def what(name: str, /, **args: Any) -> str:
    """Return why a call is not drawn; ``""`` if it is."""
    event = told(name, **args)
    return event.what if isinstance(event, Failed) else ""


def test_every_element_of_a_program_is_in_the_table() -> None:
    assert {*ELEMENTS} - {"write", "write_stream"} == {*TABLE} - {*NOT_CALLED}


@pytest.mark.parametrize(
    "name", ["html", "write", "write_stream", "_enqueue", "__class__", "image"]
)
def test_what_is_not_in_the_table_is_no_event(name: str) -> None:
    with pytest.raises(Forged):
        told(name, body="x")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("markdown", {"body": "x", "unsafe_allow_html": True}),
        ("container", {"key": "practice-running"}),
        ("button", {**BUTTON, "on_click": "exit"}),
        ("button", {"label": "x"}),
        ("text_input", {**LABEL, "validate": "(a+)+$"}),
        ("text", {}),
        ("text", {"body": 1}),
        ("text", {"body": ["x"]}),
        ("json", {"body": {"x": 1}}),
        ("json", {"body": "[" * 90_000}),
        ("json", {"body": "[" * 61 + "]" * 61}),
        ("metric", {"label": "x", "value": [1]}),
        ("metric", {"label": "x", "value": 1, "chart_data": [[1]]}),
        ("metric", {"label": "x", "value": 1, "format": "%1000000d"}),
        ("stream", {"source": {"kind": "list", "path": "/dev/zero"}}),
        ("columns", {"spec": "2"}),
        ("header", {"body": "x", "divider": "/dev/zero"}),
        ("form", {"key": "practice-running"}),
        ("chat_input", {"now": None, "accept_file": True}),
        ("popover", {"label": "x", "on_change": "exit"}),
        ("status", {"label": "x", "state": "/dev/zero"}),
        ("update", {"state": 1}),
        ("tabs", {"tabs": "ab"}),
        ("checkbox", {"label": "x", "now": 1}),
    ],
)
def test_an_argument_that_is_not_in_the_table_is_refused(name: str, args: dict[str, Any]) -> None:
    assert what(name, **args) == "drawing"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("columns", {"spec": 300_000}),
        ("columns", {"spec": [1] * 21}),
        ("tabs", {"tabs": ["x"] * 21}),
        ("columns", {"spec": [1, 1e308]}),
        ("columns", {"spec": [1, float("nan")]}),
        ("selectbox", {**LABEL, "options": ["x"] * 20_000}),
        ("radio", {**LABEL, "options": ["x"], "captions": ["x"] * 20_000}),
        ("metric", {"label": "x", "value": 1, "chart_data": [1] * 20_000}),
        ("slider", {"label": "x", "now": 0, "max_value": 2**63}),
        ("slider", {"label": "x", "now": 0.0, "max_value": float("inf")}),
        ("container", {"height": 2**31}),
        ("markdown", {"body": "x" * 20_001}),
        ("text", {"body": "x" * 100_001}),
        ("button", {**BUTTON, "label": "x" * 2_001}),
        ("stream", {"source": {"kind": "list"}, "cursor": "x" * 101}),
    ],
)
def test_what_is_too_large_or_too_much_is_refused(name: str, args: dict[str, Any]) -> None:
    assert what(name, **args) == "room"


def test_a_piece_of_a_stream_is_no_longer_than_markdown() -> None:
    for length, op in ((10_000, "piece"), (10_001, "error")):
        line = json.dumps({"op": "piece", "id": 1, "text": "x" * length})
        assert guest_event(line.encode()).op == op


@pytest.mark.parametrize(
    "avatar",
    [
        *(
            "/etc/passwd",
            "/dev/zero",
            "avatar.png",
            "../x.svg",
            "file:///x",
            "https://x.test/x.png",
        ),
        *("data:image/png;base64,AAAA", "<svg></svg>", "", " ", " user", "User", "spinner", "🙂x"),
        *(":material/no_such_icon:", ":material/home: ../x", ":smile:", "x\0", "home", "🙂/../x"),
        *({"path": "/dev/zero"}, ["user"], 1, True),
    ],
)
def test_an_avatar_that_streamlit_would_open_is_refused(avatar: object) -> None:
    assert what("chat_message", name="x", avatar=avatar) == "avatar"


@pytest.mark.parametrize("avatar", [None, "user", "ai", "🙂", "👩‍💻", ":material/home:"])
def test_an_avatar_is_a_preset_an_emoji_or_an_icon(avatar: str | None) -> None:
    assert told("chat_message", name="x", avatar=avatar).op == "draw"


WITH_ICONS = [name for name, row in TABLE.items() if "icon" in row.arguments.model_fields]
NEEDED: dict[str, Any] = {"body": "x", "label": "x", "value": 1, "options": ["x"]}


@pytest.mark.parametrize("name", WITH_ICONS)
def test_an_icon_is_one_that_streamlit_knows(name: str) -> None:
    fields = TABLE[name].arguments.model_fields
    args = {field: value for field, value in NEEDED.items() if field in fields}
    if "now" in fields:
        args["now"] = False if "button" in name else None
    for icon in ("/dev/zero", "https://x.test/x.png", ":material/no_such_icon:", "x"):
        assert what(name, **args, icon=icon) == "icon", icon
    for known in (None, "", "🙂", ":material/home:", "spinner"):
        assert what(name, **args, icon=known) == "", known


@pytest.mark.parametrize(
    ("name", "count", "args"),
    [
        ("columns", 1, {"spec": 20}),
        ("columns", 20, {"spec": 2}),
        ("tabs", 1, {"tabs": ["x", "y"]}),
        ("text", 20, {"body": "x"}),
    ],
)
def test_a_call_makes_as_many_places_as_its_arguments_say(
    name: str, count: int, args: dict[str, Any]
) -> None:
    with pytest.raises(Forged):
        told(name, count, **args)


def test_a_refusal_names_the_call_its_line_and_what_to_do() -> None:
    failed = told("columns", spec=0.5)
    assert (failed.type, failed.lines, failed.what) == ("NotHere", [7], "drawing")
    assert "`st.columns(spec=...)`" in explain_error(failed, "en")
    assert "`st.columns(spec=...)`" in explain_error(failed, "ko")


def test_a_refusal_has_a_sentence_whatever_is_wrong() -> None:
    codes = {"avatar", "icon", "room", "drawing", "nesting", "spinners"}
    assert {f"no_{code}" for code in codes} <= messages().keys()
