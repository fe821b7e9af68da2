"""What a page keeps of a program between two presses."""

from __future__ import annotations

import json
from typing import Any

import pydantic
import pytest

from practice import Event, Scene, SessionState, run
from practice.events import Asked, Draw, Failed, Kept, guest_event
from tests.practice.programs import answers, end, printed

pytestmark = pytest.mark.usefixtures("runtime")


def pressed(
    code: str, state: SessionState | None = None, **inputs: Any
) -> tuple[list[Event], SessionState]:
    """Run a program as after a press, and return its events and what it keeps."""
    scene = Scene(inputs=inputs)
    events = list(run(code, complete=answers, scene=scene, state=state or SessionState()))
    kept = [event.state for event in events if isinstance(event, Kept)]
    assert len(kept) == 1, events
    return events, kept[0]


COUNTER = """\
import streamlit as st
st.session_state.setdefault("count", 0)
name = st.text_input("Name", "nobody")
step = st.slider("Step", 1, 9, key="step")
kind = st.selectbox("Kind", ["small", "large"])
if st.button("Add", key="add"):
    st.session_state.count += step
print(st.session_state.count, name, st.session_state.step, kind)
"""


def test_a_counter_counts_and_widgets_keep_their_values() -> None:
    events, state = pressed(COUNTER, Name="Kim", Step=3, Kind="large")
    assert printed(events) == "0 Kim 3 large\n"
    for total in (3, 6):
        events, state = pressed(COUNTER, state, Add=True)
        assert printed(events) == f"{total} Kim 3 large\n"
    events, state = pressed(COUNTER, state)
    assert printed(events) == "6 Kim 3 large\n", "a button is pressed for one run"
    assert (state.values, state.keyed) == ({"count": 6, "step": 3}, ["step"])
    assert state.widgets == {"Name": "Kim", "Kind": "large"}


CHAT = """\
import streamlit as st
from snowflake.cortex import Complete
from snowflake.snowpark import Session
session = Session.builder.configs(st.secrets["connections"]["snowflake"]).create()
if "messages" not in st.session_state:
    st.session_state.messages = []
for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])
if prompt := st.chat_input("Say"):
    st.session_state.messages.append({"role": "user", "content": prompt})
    with st.chat_message("assistant"):
        stream = Complete("m", st.session_state.messages, session=session, stream=True)
        answer = st.write_stream(stream)
    st.session_state.messages.append({"role": "assistant", "content": answer})
"""


def test_a_chat_keeps_its_history_over_three_presses() -> None:
    state = None
    for number in range(3):
        events, state = pressed(CHAT, state, Say=f"question {number}")
        shown = [each for each in events if isinstance(each, Draw) and each.name == "markdown"]
        assert len(shown) == 2 * number
        (asked,) = (event.prompt for event in events if isinstance(event, Asked))
        assert [each["role"] for each in asked] == ["user", "assistant"] * number + ["user"]
    assert state is not None
    messages: Any = state.values["messages"]
    assert [each["content"] for each in messages[-2:]] == ["question 2", "Streaming shows words."]


def test_a_value_that_the_program_sets_counts_more_than_the_widgets_own() -> None:
    code = """\
import streamlit as st
if "go" in st.session_state and st.session_state.go:
    st.session_state.text = "set"
st.text_input("Text", key="text")
st.checkbox("Go", key="go")
print(st.session_state.text)
"""
    _, state = pressed(code, Text="typed", Go=True)
    events, _ = pressed(code, state)
    assert printed(events) == "set\n"


def test_a_widget_that_is_no_longer_drawn_is_forgotten() -> None:
    code = 'import streamlit as st\nif st.checkbox("Show"): st.text_input("T", key="t")'
    _, state = pressed(code, Show=True, T="x")
    assert state.values == {"t": "x"}
    _, state = pressed(code, state, Show=False)
    assert (state.values, state.keyed) == ({}, [])


def test_what_is_not_plain_or_too_large_is_lost_and_named() -> None:
    code = """\
import streamlit as st
deep = []
for _ in range(40): deep = [deep]
st.session_state.update(
    thing=object(), number=10**30, nan=float("nan"), deep=deep, half="\\ud83d", long="x" * 200_000,
    keys={1: 2}, pair=(1, "two"), none=None, korean="글" * 5_000,
)
st.session_state["k" * 3_000] = 1
"""
    events, state = pressed(code)
    assert state.values == {"pair": [1, "two"], "none": None, "korean": "글" * 5_000}
    (lost,) = (event.lost for event in events if isinstance(event, Kept))
    odd = {"thing": "object", "number": "int", "nan": "float", "deep": "object", "half": "str"}
    assert lost == odd | {"long": "", "keys": "object", "k" * 100: ""}


def test_more_values_than_a_page_keeps_are_lost() -> None:
    code = "import streamlit as st\nfor n in range(3_000): st.session_state[f'n{n}'] = n"
    events, state = pressed(code)
    assert 500 < len(state.values) < 1_000
    assert end(events) == "end"


def test_without_a_state_nothing_is_kept_and_a_failure_keeps_nothing() -> None:
    events = list(run("import streamlit as st\nst.session_state.x = 1", complete=answers))
    assert not any(isinstance(event, Kept) for event in events)
    events = list(run("1 / 0", complete=answers, state=SessionState()))
    assert end(events) == "ZeroDivisionError@1"
    assert not any(isinstance(event, Kept) for event in events)


@pytest.mark.parametrize(
    "state",
    [
        {"values": {"x": 1}, "more": 1},
        {"values": [1]},
        {"values": {"x" * 3_000: 1}},
        {"values": {str(number): 1 for number in range(2_000)}},
        {"keyed": [1]},
    ],
)
def test_a_forged_state_is_no_event(state: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        guest_event(json.dumps({"op": "kept", "state": state}).encode())


def test_a_forged_state_hurts_no_later_run() -> None:
    state = SessionState(values={"n": "no number", "o": "none"}, widgets={"T": [1], "B": {}})
    code = """\
import streamlit as st
st.selectbox("O", ["a"], key="o")
st.text_input("T")
st.slider("N", 0, 9, key="n")
"""
    events = list(run(code, complete=answers, scene=Scene(), state=state))
    assert sum(isinstance(event, Draw) for event in events) >= 1
    assert all(event.what == "drawing" for event in events if isinstance(event, Failed))
