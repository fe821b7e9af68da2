"""Getting ready for the first answer of a process."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from course import warm

ROOT = Path(__file__).parents[2]
# It asks which modules are loaded when.
PROGRAM = """
import sys
from connection import connect
from course import demo, page
from course.warm import warm_up
from streaming import CompletionRequest, DirectStrategy, stream

connection = connect()
warm_up(connection).join()
before = set(sys.modules)
request = CompletionRequest(model="llama3.1-8b", prompt="Hello")
with stream(DirectStrategy(connection.session), request) as answer:
    print(len("".join(answer)), sorted(set(sys.modules) - before), sep=";")
"""


def printed(program: str) -> str:
    """Return the last line that a program prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def test_after_the_warm_up_the_first_answer_loads_no_module() -> None:
    length, modules = printed(PROGRAM).split(";")
    assert int(length) > 0
    assert modules == "[]"


def test_home_loads_nothing_that_it_does_not_show() -> None:
    needless = (
        "course.content.draw",
        "course.content.lesson_blocks",
        "course.content.prose",
        "course.content.translations",
        "course.progress.transfer",
        "practice.sandbox",
        "streaming",
    )
    program = f"import sys; from course import home; print(set({needless}) & set(sys.modules))"
    assert printed(program) == "set()"


def test_a_page_that_no_browser_shows_does_not_wait_for_the_warm_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = threading.Event()
    monkeypatch.setattr(warm, "_load", lambda _connection: loaded.wait())
    st.cache_resource.clear()
    page = ROOT / "pages" / "day_03_write_streams.py"
    app = AppTest.from_file(str(page), default_timeout=300).run()
    loaded.set()
    assert "Generate" in [button.label for button in app.button]
    assert not app.exception
