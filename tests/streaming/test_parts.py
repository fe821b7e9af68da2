"""Events on a page: thinking in a box, calls as cards, citations as footnotes."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import streaming
from streaming import ToolCall, ToolResult
from streaming.view.kept import Answer
from tests.streaming.fakes import make_stream
from tests.streaming.hostile import EVENTS, serving


def page() -> None:
    import streamlit as st

    from streaming import Citation, Pace, Part, Thinking, ToolCall, ToolResult, Usage
    from streaming.view import show
    from tests.streaming.fakes import make_stream

    if "answer" not in st.session_state:
        deltas: list[Part] = [
            *(Thinking("Rain ![x](https://attacker.example)"), Thinking("?"), "I *look*."),
            *(ToolCall("1", "<b>wea", '{"city": '), ToolCall("1", "", '"Seoul"}')),
            *(ToolCall("2", "long", "x" * 5_000), ToolResult("1", "![wet](a)")),
            *("It rains.", Citation("A *title*", "![x](b)"), Citation("A *title*", "![x](b)")),
            *(" So.", Citation("Another"), Usage(1, 2)),
        ]
        arrivals = [(float(at), delta) for at, delta in enumerate(deltas)]
        st.session_state.answer, _, _ = make_stream(arrivals, pace=Pace.off())
    result = show(st.session_state.answer, key=st.session_state.get("key"), thinking="Thoughts")
    st.json({"parts": len(result.parts), "status": result.status})
    st.button("Again")


def check(app: AppTest) -> None:
    assert not app.exception
    assert [box.label for box in app.status] == ["Thoughts"]
    assert app.status[0].state == "complete"
    assert [text.value for text in app.text] == ["<b>wea", "long"]
    assert [code.value for code in app.code] == [
        *('{"city": "Seoul"}', "![wet](a)", "x" * 2_000 + "…"),
    ]
    assert [text.value for text in app.markdown] == [
        *("Rain !\u2060[x](https://attacker.example)?", "I *look*.", "It rains. So."),
    ]
    (notes,) = app.caption
    assert notes.value == "1. A \\*title\\* · \\!\\[x\\]\\(b\\)\n2. Another"


def test_every_event_is_drawn_at_its_place_once_and_nothing_in_it_is_trusted() -> None:
    check(AppTest.from_function(page).run())


def test_events_that_were_drawn_are_drawn_again_by_the_next_run() -> None:
    app = AppTest.from_function(page).run()
    app.button[0].click().run()
    check(app)


def test_with_a_key_the_run_after_the_end_has_them_once() -> None:
    app = AppTest.from_function(page)
    app.session_state["key"] = "answer"
    app.run()
    app.session_state["answer"].result()
    app.run()
    check(app)


def test_reading_an_answer_returns_for_an_event_as_for_text() -> None:
    stream, _, _ = make_stream([(0.5, ToolCall("1", "f")), (50.0, ToolResult("1", "x"))])
    answer = Answer(stream)
    answer.read(lambda: None)
    assert [part for _, part, _, _ in answer.state] == [ToolCall("1", "f")]
    answer.read(lambda: None)
    assert answer.state[0][0].result == ToolResult("1", "x")


def overlapping_page() -> None:
    from streaming.view.kept import Section
    from streaming.view.parts import Picture

    section = Section("")
    state = [section.take_in("One.\n\nTw")]
    section.take_in("One.\n\nTwo.\n\nThree.")
    Picture("", "").update(state, ["One.\n\nTw"], over=False)


def test_what_another_run_takes_in_meanwhile_is_not_drawn_twice() -> None:
    app = AppTest.from_function(overlapping_page).run()
    assert [text.value.strip() for text in app.markdown] == ["One.", "Tw"]


def test_thinking_that_begins_again_is_a_section_of_its_own() -> None:
    stream, reader, _ = make_stream([])
    answer = Answer(stream)
    states = []
    for thought in ("Let", "Let me", "No"):
        reader.__dict__["source"] = type("Source", (), {"thoughts": thought})
        answer.catch_up()
        states.append(answer.state[0][0])
    assert states[0] is states[1] is not states[2]


def test_the_chat_that_the_readme_shows_runs_its_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(streaming.__file__).parent / "README.md").read_text("utf-8")
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
        if "tool_call_id" in block
    )
    called = {"id": "a", "function": {"name": "rain", "arguments": '{"city": "Seoul"}'}}
    answers = iter([{"tool_calls": [{"index": 0, **called}]}, {"content": "It rains."}])

    def play(connection: socket.socket, _: bytes) -> None:
        chunk = {"choices": [{"index": 0, "delta": next(answers), "finish_reason": "stop"}]}
        connection.sendall(EVENTS + f"data: {json.dumps(chunk)}\n\n".encode())

    with serving(play) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "x")
        app = AppTest.from_string(code).run()
        app.chat_input[0].set_value("Rain?").run()
        asked = [json.loads(request)["messages"] for request in server.requests]
    assert not app.exception
    assert [turn["content"] for turn in asked[1]] == ["Rain?", "…", "Seoul: 3 mm"]
    assert [text.value for text in app.markdown] == ["It rains."]
