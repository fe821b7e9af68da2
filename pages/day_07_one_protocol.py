"""Day 7, One Protocol: the lesson, and models of three families on the same protocol."""

import streamlit as st

from connection import connect
from course import demo
from course.page import lesson_page
from streaming import ChatCompletionsStrategy

page = lesson_page("day_07_one_protocol")
connection = connect(page.prefer)

FAMILIES = ["llama3.1-8b", "claude-haiku-4-5", "openai-gpt-5-mini"]


def draw_demo() -> None:
    with st.container(horizontal=True):
        model = demo.choose_model("Select a model", FAMILIES, connection)
        prompt = demo.prompt(
            "Enter your prompt:",
            ko="큐비트를 한 문장으로 설명해 주세요.",
            en="Explain a qubit in one sentence.",
        )

    def generate(_: str) -> None:
        if request := demo.request(model, prompt):
            # Whatever the model, the call is the same.
            demo.ask(ChatCompletionsStrategy(connection.chat_client(), usage=True), request)

    demo.buttons(generate, "Generate", heading="### Response:")


page.draw(draw_demo)
