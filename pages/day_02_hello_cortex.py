"""Day 2, Hello, Cortex!: the lesson, one answer by SQL, and the same as a stream."""

import json

import streamlit as st

from connection import connect
from course import demo
from course.page import lesson_page
from streaming import CompletionRequest, DirectStrategy, Pace, SimulatedStrategy
from streaming.errors import StreamUnavailable

page = lesson_page("day_02_hello_cortex")
connection = connect(page.prefer)


def ask_by_sql(request: CompletionRequest) -> str:
    """Return the whole answer, whether it came as text or as a JSON string."""
    values = [request.model, request.prompt]
    value = connection.session.sql("SELECT AI_COMPLETE(?, ?)", params=values).collect()[0][0]
    if value is None:
        # NULL is all that AI_COMPLETE says about a request that failed.
        raise StreamUnavailable("bad_request")
    try:
        text = json.loads(value)
    except ValueError:
        return str(value)
    return text if isinstance(text, str) else str(value)


def draw_demo() -> None:
    with st.container(horizontal=True):
        model = demo.choose_model("Select a model", ["llama3.1-8b", "claude-haiku-4-5"], connection)
        prompt = demo.prompt(
            "Enter your prompt:", ko="Cortex가 무엇인가요?", en="What is Snowflake Cortex?"
        )

    def act(pressed: str) -> None:
        request = demo.request(model, prompt)
        if request and pressed == "Ask":
            in_one_piece = SimulatedStrategy(ask_by_sql, chunk_size=100_000, delay=0.0)
            demo.ask(in_one_piece, request, method=pressed, pace=Pace.off())
        elif request:
            demo.ask(DirectStrategy(connection.session), request, method=pressed)

    demo.buttons(act, "Ask", "Stream it")


page.draw(draw_demo)
