"""Pressing a demo's button where no browser goes on with the answer."""

from __future__ import annotations

import threading
from functools import partial

from streamlit.testing.v1 import AppTest

from course.content.lesson import lessons
from course.demo_state import Asked, Demo
from tests.streaming.asking import wait_for

__all__ = ["asked", "finish", "press", "programs_go_on"]

# Only a hang takes as long.
SECONDS = 300


def press(app: AppTest, label: str) -> AppTest:
    """Press a button, read what it asked for to its end, and draw the page again."""
    next(button for button in app.button if button.label == label).click().run()
    return finish(app) if asked(app) else app


def asked(app: AppTest) -> list[Asked]:
    """Return the questions of all pages of this tab."""
    slots = [f"shelf-{lesson.name}" for lesson in lessons()]
    demos: list[Demo] = [app.session_state[slot] for slot in slots if slot in app.session_state]
    return [each for demo in demos for each in demo.questions]


def _is_asked(question: Asked) -> bool:
    return question.stream is not None or not question.running


def finish(app: AppTest) -> AppTest:
    """Do what the demo's fragment does in a browser: wait for a place, and read to the end."""
    for each in asked(app):
        wait_for(partial(_is_asked, each))
        if each.stream is not None:
            each.stream.result()
            each.stream.close()
    return app.run()


def programs_go_on() -> None:
    """Let learners' programs go on for five seconds at most: drawing their page slows them."""
    for thread in threading.enumerate():
        if thread.name == "exercise-run":
            thread.join(5.0)
