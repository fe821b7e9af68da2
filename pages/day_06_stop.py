"""Day 6, Stop: the lesson, and an answer that Stop closes or only leaves."""

import streamlit as st

from connection import connect
from course import demo
from course.page import lesson_page
from course.stopping import Stoppable

page = lesson_page("day_06_stop")
connection = connect(page.prefer)

CLOSE = "With stream.close()"
LEAVE = "Without stream.close()"


def draw_demo() -> None:
    with st.container(horizontal=True):
        model = demo.choose_model("Select a model", ["llama3.1-8b"], connection)
        prompt = demo.prompt(
            "Enter your prompt:",
            ko="양자 컴퓨팅을 쉽게 설명해 주세요.",
            en="Explain quantum computing in simple terms.",
        )
    label = demo.in_language(ko="Stop을 누르면:", en="When you press Stop:")
    method = st.radio(label, [LEAVE, CLOSE], key="method", horizontal=True)

    def generate(_: str) -> None:
        if request := demo.request(model, prompt):
            # On an account, a stream that is left open may cost money.
            closes = method == CLOSE or connection.kind != "local"
            strategy = Stoppable(connection.session, closes=closes)
            demo.ask(strategy, request, method=method, note=strategy.draw)

    demo.buttons(generate, "Generate", heading="### Response:")


page.draw(draw_demo)
