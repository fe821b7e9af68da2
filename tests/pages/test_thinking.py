"""A page whose model thinks before it answers says so, in the page's language."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import streaming
from connection import connect
from course.language import texts
from tests.pages.test_pages import open_day_3, press


class Thinking:
    """A strategy that shows life for half a second, and then answers."""

    name, live = "thinking", True

    def __init__(self, _: object) -> None:
        self._wait = threading.Event()

    def open(self, _: object) -> Iterator[str]:
        for _ in range(5):
            yield ""
            self._wait.wait(0.1)
        yield "An answer."


@pytest.fixture(autouse=True)
def _one_local_cortex() -> Iterator[None]:
    yield
    connect("local").reset()
    st.cache_resource.clear()


@pytest.mark.parametrize("language", ["en", pytest.param("ko", marks=pytest.mark.thorough)])
def test_the_page_says_that_the_model_is_thinking(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(streaming, "DirectStrategy", Thinking)
    said: list[str] = []
    html = DeltaGenerator.html

    def record(self: DeltaGenerator, body: str, **options: Any) -> DeltaGenerator:
        said.append(body)
        return html(self, body, **options)

    monkeypatch.setattr(DeltaGenerator, "html", record)
    app = press(open_day_3(language), "Generate")
    assert not app.exception
    model = app.selectbox(key=f"model-{language}").value
    thinking, waiting = (
        texts(language)[f"demo.{key}"].format(model=model) for key in ("thinking", "waiting")
    )
    lines = [body for body in said if thinking in body or waiting in body]
    assert [thinking in line for line in lines] == [False, True]
