"""Day 5, Chat: the lesson, and a chat that remembers what is sent again with each message."""

import streamlit as st

from connection import connect
from course import chat, demo
from course.page import lesson_page
from streaming import DirectStrategy, Strategy

page = lesson_page("day_05_chat")
connection = connect(page.prefer)


def draw_demo() -> None:
    with st.container(horizontal=True):
        model = demo.choose_model("Select a model", ["llama3.1-8b"], connection)
        label = demo.in_language(ko="예산(토큰)", en="Budget (tokens)")
        budget = st.slider(label, 20, 500, 300, 10, key="budget")

    def ask() -> Strategy:
        return DirectStrategy(connection.session)

    suggestions = [
        demo.in_language(ko="제 이름은 미나입니다.", en="My name is Mina."),
        demo.in_language(ko="제 이름이 뭐라고 했죠?", en="What is my name?"),
    ]
    # The caption below each answer says how many tokens were sent for it.
    chat.draw(ask, model, suggestions=suggestions, budget=budget)


page.draw(draw_demo)
