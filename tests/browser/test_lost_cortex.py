"""Local Cortex's process is lost in the middle of an answer: the page says so and works again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from tests.browser.day_3 import generate, open_day_3
from tests.browser.server import streamlit_server

MODULE = "local_cortex.process.child"


def processes() -> set[psutil.Process]:
    """Return the Local Cortexes of the servers that this process has started."""
    below = psutil.Process().children(recursive=True)
    return {each for each in below if each.is_running() and MODULE in _command(each)}


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.thorough
def test_the_text_so_far_stays_the_page_says_why_and_the_next_answer_comes(
    tmp_path: Path, new_page: Callable[..., Page]
) -> None:
    before = processes()
    with streamlit_server(tmp_path, COURSE_FIRST_TOKEN="0.1", COURSE_TOKENS_PER_SECOND="5") as url:
        page = new_page()
        open_day_3(page, url)
        answer = page.locator(".st-key-answer-0")
        generate(page).click()
        expect(answer).to_contain_text("computer")
        (lost,) = processes() - before
        lost.kill()
        expect(page.get_by_text(texts("en")["connection.replaced"])).to_be_visible()
        expect(page.get_by_text("The connection was lost")).to_be_visible()
        expect(answer).to_contain_text("computer")
        generate(page).click()
        # More than had come when it was lost.
        expect(answer).to_contain_text("qubit")
        (new,) = processes() - before
        assert new.pid != lost.pid
    _, alive = psutil.wait_procs([new], timeout=60)
    assert alive == []
