"""Stop in the sandbox: where a program ends, what it can still do, what it has closed."""

from __future__ import annotations

from typing import Any

import pytest

from practice import Event, Scene, SessionState, run
from practice.conditions import Condition
from practice.events import Closed, Piece
from practice.evidence import Evidence, holds, scenes_of
from practice.patterns import parse_program
from tests.practice.programs import SETUP, answers, end, printed

pytestmark = pytest.mark.usefixtures("runtime")

ASK = f"""\
import streamlit as st
{SETUP}
pieces = st.session_state.pieces = []
stream = Complete("llama3.1-8b", "hi", session=session, stream=True)
def remember(stream):
    for piece in stream:
        pieces.append(piece)
        yield piece
"""
CLOSING = f"""{ASK}
try:
    st.write_stream(remember(stream))
finally:
    stream.close()
    print("closed")
"""


def stopped(code: str, after: int | None = 2) -> list[Event]:
    """Run a program, and press Stop after this number of pieces."""
    scene = Scene(stop_after=after)
    return list(run(code, complete=answers, scene=scene, state=SessionState()))


def found(events: list[Event], **condition: Any) -> bool:
    """Return whether a condition holds of a run."""
    (evidence,) = scenes_of(events)
    return holds(Condition.model_validate(condition), parse_program(""), evidence)


def test_stop_ends_a_program_at_the_next_piece_that_it_shows() -> None:
    events = stopped(f"{ASK}\nst.write_stream(remember(stream))\nprint('after')")
    assert end(events) == "end"
    assert [event.text for event in events if isinstance(event, Piece)] == ["Streaming "]
    assert printed(events) == ""


def test_a_program_gets_words_however_many_come_at_once() -> None:
    code = f"{ASK}\nprint(list(stream))"
    events = list(run(code, complete=lambda _: ["one two", " three"]))
    assert printed(events) == "['one ', 'two', ' three']\n"


def test_what_was_kept_before_stop_is_in_session_state() -> None:
    events = stopped(f"{ASK}\nst.write_stream(remember(stream))")
    assert found(events, kept={"contains": "{answer}"})
    assert found(events, kept={"contains": "{answer}"}, under="pieces")
    assert not found(events, kept={"contains": "{answer}"}, under="other")


def test_a_stream_that_stop_leaves_is_not_closed() -> None:
    events = stopped(f"{ASK}\nst.write_stream(remember(stream))")
    assert found(events, closed=False)


def test_a_stream_is_closed_in_finally() -> None:
    events = stopped(CLOSING)
    assert [event.call for event in events if isinstance(event, Closed)] == [0]
    assert found(events, closed=True)
    assert printed(events) == "closed\n"


def test_a_stream_that_was_read_to_its_end_needs_no_closing() -> None:
    events = stopped(f"{ASK}\nst.write_stream(remember(stream))", after=None)
    assert found(events, closed=True)


def test_a_stream_closed_before_its_first_piece_is_closed() -> None:
    assert found(stopped(f"{ASK}\nstream.close()"), closed=True)


def test_closing_the_generator_around_a_stream_does_not_close_the_stream() -> None:
    code = f"{ASK}\nouter = remember(stream)\nnext(outer)\nouter.close()"
    assert found(stopped(code), closed=False)


def test_the_stream_of_the_openai_client_can_be_closed_too() -> None:
    code = """\
import streamlit as st
from openai import OpenAI
account = st.secrets["connections"]["snowflake"]
host = f"{account['account']}.snowflakecomputing.com"
client = OpenAI(base_url=f"https://{host}/api/v2/cortex/v1", api_key=account["password"])
asked = [{"role": "user", "content": "hi"}]
with client.chat.completions.create(model="m", messages=asked, stream=True) as stream:
    next(stream)
"""
    assert found(stopped(code), closed=True)


@pytest.mark.parametrize(
    "line", ["st.write('bye')", "st.session_state['x'] = 1", "st.session_state.pieces"]
)
def test_after_stop_each_use_of_streamlit_ends_the_program_again(line: str) -> None:
    code = f"""{ASK}
try:
    st.write_stream(remember(stream))
finally:
    print("before")
    {line}
    print("never")
"""
    assert printed(stopped(code)) == "before\n"


def test_no_stream_is_closed_where_none_was_asked_for() -> None:
    assert not holds(Condition(closed=True), parse_program(""), Evidence())
