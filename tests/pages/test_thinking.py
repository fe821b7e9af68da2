"""A page whose model thinks before it answers says so, in the page's language."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.delta_generator import DeltaGenerator

import streaming
from course.language import texts
from tests.pages.test_pages import open_day_3, press


class Thinking:
    """A strategy that shows life until the page has said so, and then answers."""

    name, live = "thinking", True
    said = threading.Event()

    def __init__(self, _: object) -> None:
        self.said.clear()

    def open(self, _: object) -> Iterator[str]:
        for _ in range(600):
            yield ""
            if self.said.wait(0.1):
                break
        yield "An answer."


@pytest.mark.parametrize("language", ["en", pytest.param("ko", marks=pytest.mark.thorough)])
def test_the_page_says_that_the_model_is_thinking(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(streaming, "DirectStrategy", Thinking)
    thinking, waiting = (
        texts(language)[f"demo.{key}"].format(model="llama3.1-8b")
        for key in ("thinking", "waiting")
    )
    lines: list[str] = []
    html = DeltaGenerator.html

    def record(self: DeltaGenerator, body: str, **options: Any) -> DeltaGenerator:
        if thinking in body or waiting in body:
            lines.append(body)
        if thinking in body:
            Thinking.said.set()
        return html(self, body, **options)

    monkeypatch.setattr(DeltaGenerator, "html", record)
    app = press(open_day_3(language), "Generate")
    assert not app.exception
    assert [thinking in line for line in lines] == [False, True]
