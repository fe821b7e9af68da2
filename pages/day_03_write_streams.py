"""Day 3, Write Streams: the lesson, and both of its methods live."""

import streamlit as st

from connection import connect
from course import demo
from course.page import lesson_page
from streaming import DirectStrategy, SimulatedStrategy, Strategy

page = lesson_page("day_03_write_streams")
connection = connect(page.prefer)


def draw_demo() -> None:
    with st.container(horizontal=True):
        model = demo.choose_model(
            "Select a model", ["claude-3-5-sonnet", "mistral-large", "llama3.1-8b"], connection
        )
        prompt = demo.prompt(
            "Enter your prompt:",
            ko="양자 컴퓨팅을 쉽게 설명해 주세요.",
            en="Explain quantum computing in simple terms.",
        )
    method = st.radio(
        "Streaming Method:",
        ["Method 1: Direct (stream=True)", "Method 2: Custom Generator"],
        key="method",
        horizontal=True,
    )

    def generate(_: str) -> None:
        if request := demo.request(model, prompt):
            session = connection.session
            if method == "Method 1: Direct (stream=True)":
                strategy: Strategy = DirectStrategy(session)
            else:
                whole_answer = DirectStrategy(session).open
                strategy = SimulatedStrategy(whole_answer, chunk_size=5, delay=0.05)
            demo.ask(strategy, request, method=method)

    demo.buttons(generate, "Generate", heading="### Response:")


page.draw(draw_demo)
