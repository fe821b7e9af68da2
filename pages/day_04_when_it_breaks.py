"""Day 4, When It Breaks: the lesson, and a page that keeps what arrived when an answer breaks."""

import streamlit as st

from connection import connect
from course import demo
from course.language import text
from course.page import lesson_page
from streaming import DirectStrategy

page = lesson_page("day_04_when_it_breaks")
connection = connect(page.prefer)

FAULTS = [
    "fault-truncated",
    "fault-error-data",
    "fault-error-event",
    "fault-length",
    "fault-500-then-ok",
    "fault-403",
]


def draw_demo() -> None:
    if connection.kind != "local":
        st.info(text("lab.breaking.only_local"), icon=":material/info:")
    with st.container(horizontal=True):
        model = demo.choose_model("Select a model", FAULTS, connection)
        prompt = demo.prompt(
            "Enter your prompt:",
            ko="큐비트를 한 문장으로 설명해 주세요.",
            en="Explain a qubit in one sentence.",
        )

    def generate(_: str) -> None:
        if request := demo.request(model, prompt):
            # Before the first word it asks again; after it, the text stays and a message says why.
            demo.ask(DirectStrategy(connection.session), request)

    demo.buttons(generate, "Generate", heading="### Response:")


page.draw(draw_demo)
