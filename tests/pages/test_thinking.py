"""A page whose model thinks before it answers says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

import streaming
from course.language import texts
from tests.pages.pressing import asked, finish
from tests.pages.test_pages import open_day_3
from tests.streaming.asking import wait_for


class Thinking:
    """A strategy that shows life until it may answer."""

    name, live = "thinking", True
    may_answer = threading.Event()

    def __init__(self, _: object) -> None:
        self.may_answer.clear()

    def open(self, _: object) -> Iterator[str]:
        for _ in range(600):
            yield ""
            if self.may_answer.wait(0.1):
                break
        yield "An answer."


def said(app: AppTest) -> list[str]:
    return [each.proto.body for each in app.get("html")]


def test_the_page_says_that_the_model_is_thinking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "DirectStrategy", Thinking)
    thinking = texts("en")["demo.thinking"].format(model="llama3.1-8b")
    app = open_day_3()
    next(button for button in app.button if button.label == "Generate").click().run()
    (question,) = asked(app)
    wait_for(lambda: question.stream is not None and question.stream.thinking)
    assert any(thinking in each for each in said(app.run()))
    Thinking.may_answer.set()
    finish(app)
    assert not app.exception
    assert "An answer." in [each.value for each in app.markdown]
    assert not any(thinking in each for each in said(app))


def test_the_window_can_scroll_to_an_answer_that_was_drawn_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "DirectStrategy", Thinking)
    app = open_day_3()
    next(button for button in app.button if button.label == "Generate").click().run()
    (question,) = asked(app)
    for _ in range(2):
        (script,) = [each for each in said(app.run()) if question.watched in each]
        assert "scrollIntoView" in script
    Thinking.may_answer.set()
    finish(app)
