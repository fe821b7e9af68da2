"""Day 1, Connect to Snowflake: the lesson, and its connection at work."""

import streamlit as st

from connection import connect
from course import demo
from course.page import lesson_page
from local_cortex import models
from streaming import CompletionRequest, DirectStrategy

page = lesson_page("day_01_connect")
connection = connect(page.prefer)


def act(pressed: str) -> None:
    if pressed == "Show the version":
        with demo.explained(connection):
            rows = connection.session.sql("SELECT CURRENT_VERSION()").collect()
            st.success(f"Connected ({connection.label}). Snowflake version: {rows[0][0]}")
            page.tried()
    else:
        request = CompletionRequest(model=models.DEFAULTS[0], prompt="Say hello in one sentence.")
        demo.ask(DirectStrategy(connection.session), request)


page.draw(lambda: demo.buttons(act, "Show the version", "Say hello"))
