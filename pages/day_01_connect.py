"""Day 1, Connect to Snowflake: the lesson, and its connection at work."""

import streamlit as st

from connection import connect
from course import demo
from course.page import lesson_page
from local_cortex import models
from streaming import CompletionRequest, DirectStrategy

page = lesson_page("day_01_connect")
connection = connect(page.prefer)


def draw_demo() -> None:
    pressed = demo.buttons("Show the version", "Say hello")

    if pressed == "Show the version":
        with demo.explained(connection):
            rows = connection.session.sql("SELECT CURRENT_VERSION()").collect()
            st.success(f"Connected ({connection.label}). Snowflake version: {rows[0][0]}")
            page.tried()

    if pressed == "Say hello":
        request = CompletionRequest(model=models.DEFAULTS[0], prompt="Say hello in one sentence.")
        demo.ask(DirectStrategy(connection.session), request)

    demo.watch()


page.draw(draw_demo)
