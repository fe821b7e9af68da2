"""Day 1, Connect to Snowflake: the lesson, and its connection at work."""

import streamlit as st

from connection import connect
from course import demo
from course.page import lesson_page
from local_cortex import models
from streaming import CompletionRequest, DirectStrategy, stream

page = lesson_page("day_01_connect")
connection = connect(page.prefer)


@page.demo
def draw_demo() -> None:
    buttons = st.container(horizontal=True)

    if buttons.button("Show the version", type="primary"):
        with demo.explained(connection):
            rows = connection.session.sql("SELECT CURRENT_VERSION()").collect()
            st.success(f"Connected ({connection.label}). Snowflake version: {rows[0][0]}")
            page.tried()

    if buttons.button("Say hello"):
        request = CompletionRequest(model=models.DEFAULTS[0], prompt="Say hello in one sentence.")
        strategy = DirectStrategy(connection.session)
        st.session_state.day_01_answer = stream(strategy, request, limits=demo.LIMITS)

    if "day_01_answer" in st.session_state:
        demo.watch(page, st.session_state.day_01_answer, connection)
