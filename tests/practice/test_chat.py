"""A scene that says messages: its program runs once for each, as a page does, and is judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from practice import Scene
from practice.conditions import Condition
from practice.events import Again, Asked, Draw, Event, Kept
from practice.evidence import holds, scenes_of
from practice.patterns import parse_program
from streaming import CompletionRequest
from tests.practice.programs import SETUP, end, printed, ran

pytestmark = pytest.mark.usefixtures("runtime")

SAY = ("My name is Mina.", "What is my name?")
CHAT = f"""\
import streamlit as st
{SETUP}
messages = st.session_state.setdefault("messages", [])
for message in messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])
if prompt := st.chat_input("Say"):
    messages.append({{"role": "user", "content": prompt}})
    with st.chat_message("user"):
        st.markdown(prompt)
    with st.chat_message("assistant"):
        answer = st.write_stream(Complete("m", messages, session=session, stream=True))
    messages.append({{"role": "assistant", "content": answer}})
"""
RERUN = CHAT.replace(
    """    with st.chat_message("user"):
        st.markdown(prompt)
    with st.chat_message("assistant"):
        answer = st.write_stream(Complete("m", messages, session=session, stream=True))
    messages.append({"role": "assistant", "content": answer})
""",
    """    answer = Complete("m", messages, session=session)
    messages.append({"role": "assistant", "content": answer})
    st.rerun()
""",
)
FORGETFUL = CHAT.replace('Complete("m", messages,', 'Complete("m", prompt,')


def numbered(request: CompletionRequest) -> Iterator[str]:
    """Say how many messages have come."""
    yield from ("Answer to ", f"{len(request.messages or ()) or 1}")


def said(code: str, *say: str, **inputs: Any) -> list[Event]:
    """Return what a program does that is sent these messages."""
    return ran(code, numbered, scene=Scene(inputs, say=say or SAY))


def test_a_program_runs_once_without_a_message_and_once_for_each() -> None:
    events = said("import streamlit as st\nprint(st.chat_input())", "a", "b")
    assert printed(events) == "None\na\nb\n"
    assert [event.said for event in events if isinstance(event, Again)] == ["a", "b"]
    assert end(events) == "end"


def test_a_chat_remembers_and_shows_all_that_was_said_on_its_last_page() -> None:
    events = said(CHAT)
    asked = [event.prompt for event in events if isinstance(event, Asked)]
    assert [len(each) for each in asked] == [1, 3]
    last = max(number for number, event in enumerate(events) if isinstance(event, Again))
    page = [event for event in events[last:] if isinstance(event, Draw)]
    assert [event.name for event in page].count("chat_message") == 4


def test_widgets_of_a_scene_are_set_in_all_of_its_runs() -> None:
    code = "import streamlit as st\nprint(st.text_input('T'), st.button('B'), st.chat_input())"
    assert printed(said(code, "a", T="x", B=True)) == "x True None\nx True a\n"


def test_the_first_chat_input_that_can_be_used_takes_the_message() -> None:
    code = """\
import streamlit as st
print(st.chat_input("One", disabled=True), st.chat_input("Two"), st.chat_input("Three"))
"""
    assert printed(said(code, "a")) == "None None None\nNone a None\n"


def test_a_rerun_begins_a_run_with_the_same_state_in_which_nothing_is_typed_or_pressed() -> None:
    code = """\
import streamlit as st
runs = st.session_state.setdefault("runs", 0)
prompt, pressed = st.chat_input(), st.button("New chat")
print(runs, prompt, pressed)
if prompt or pressed:
    st.session_state.runs += 1
    st.rerun()
print("whole")
"""
    events = said(code, "a", **{"New chat": True})
    assert printed(events) == "0 None True\n1 None False\nwhole\n1 a True\n2 None False\nwhole\n"
    assert [event.rerun for event in events if isinstance(event, Kept)] == [True, False] * 2


def test_a_program_that_reruns_without_end_is_ended() -> None:
    events = ran("import streamlit as st\nst.rerun()")
    assert end(events) == "reruns"
    assert sum(isinstance(event, Again) for event in events) == 5


def test_no_more_messages_are_sent_to_a_program_that_has_failed() -> None:
    events = said("import streamlit as st\nif st.chat_input():\n    1 / 0", "a", "b", "c")
    assert end(events) == "ZeroDivisionError@3"
    assert sum(isinstance(event, Again) for event in events) == 1


@pytest.fixture(scope="module")
def evidence() -> Any:
    """Return what is known of each program, run once."""
    programs = {"chat": CHAT, "rerun": RERUN, "forgetful": FORGETFUL}
    return {name: next(scenes_of(said(code))) for name, code in programs.items()}


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"called": "Complete", "times": 2}, ("chat", "rerun", "forgetful")),
        ({"called": "Complete", "times": 1}, ()),
        ({"run": 0, "called": "Complete"}, ()),
        ({"run": 2, "called": "Complete", "times": 1}, ("chat", "rerun", "forgetful")),
        ({"called": "Complete", "messages": {"count": 3}}, ("chat", "rerun")),
        (
            {
                "run": 2,
                "called": "Complete",
                "messages": {"roles": ["user", "assistant", "user"]},
            },
            ("chat", "rerun"),
        ),
        (
            {"run": 2, "called": "Complete", "messages": {"contains": "my name is mina"}},
            ("chat", "rerun"),
        ),
        (
            {"run": 2, "called": "Complete", "messages": {"contains": "{answer_before}"}},
            ("chat", "rerun"),
        ),
        (
            {"called": "Complete", "messages": {"last": {"contains": "{message}"}}},
            ("chat", "rerun", "forgetful"),
        ),
        ({"run": 2, "called": "Complete", "messages": {"count": 1}}, ("forgetful",)),
        (
            {"run": 2, "called": "Complete", "messages": {"first": {"contains": "mina"}}},
            ("chat", "rerun"),
        ),
        ({"run": 2, "chat": {"roles": ["user", "assistant"] * 2}}, ("chat", "rerun", "forgetful")),
        ({"run": 2, "chat": {"contains": "Mina", "times": 1}}, ("chat", "rerun", "forgetful")),
        ({"chat": {"contains": "Mina", "times": 2}}, ()),
        (
            {"run": 2, "chat": {"role": "assistant", "contains": "{answer}"}},
            ("chat", "rerun", "forgetful"),
        ),
        ({"chat": {"role": "assistant", "contains": "Mina"}}, ()),
        ({"run": 2, "shown": "complete", "whole": True}, ("chat", "forgetful")),
        ({"run": 7, "chat": {"times": 0}}, ()),
    ],
)
def test_a_condition_looks_at_the_messages_and_at_the_chat(
    evidence: dict[str, Any], condition: dict[str, Any], fits: tuple[str, ...]
) -> None:
    wanted = Condition.model_validate(condition)
    program = parse_program("")
    assert tuple(name for name, each in evidence.items() if holds(wanted, program, each)) == fits


def test_a_message_that_is_shown_twice_on_one_page_is_seen() -> None:
    doubled = CHAT.replace(
        '    with st.chat_message("assistant")',
        "    st.chat_message('Human').write(prompt)\n    with st.chat_message(\"assistant\")",
    )
    (scene,) = scenes_of(said(doubled))
    twice = Condition.model_validate({"chat": {"role": "user", "contains": "Mina", "times": 2}})
    lines: list[int] = []
    assert holds(twice, parse_program(doubled), scene, lines)
    assert lines[0] == doubled[: doubled.index('with st.chat_message("user")')].count("\n") + 1


@pytest.mark.parametrize(
    "condition",
    [
        {"run": 1},
        {"messages": {"count": 1}},
        {"called": "st.success", "messages": {"count": 1}},
        {"called": "Complete", "messages": {"nope": 1}},
        {"run": -1, "called": "Complete"},
    ],
)
def test_a_condition_about_a_chat_that_says_nothing_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate(condition)
