"""Local Cortex's process is lost in the middle of an answer: the page says so and works again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from course.language import Language, texts
from tests.browser.server import streamlit_server

DAY_3 = "day_03_write_streams"
MODULE = "local_cortex.process.child"
NewPage = Callable[..., Page]


def processes() -> list[psutil.Process]:
    """Return the Local Cortexes of the servers that this process has started."""
    below = psutil.Process().children(recursive=True)
    return [each for each in below if each.is_running() and MODULE in _command(each)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.thorough
def test_the_text_so_far_stays_the_page_says_why_and_the_next_answer_comes(
    tmp_path: Path, new_page: NewPage
) -> None:
    before = processes()
    with streamlit_server(tmp_path, COURSE_FIRST_TOKEN="0.1", COURSE_TOKENS_PER_SECOND="5") as url:
        loses(new_page(), url, before, "en", psutil.Process.kill, "The connection was lost")
        # Windows has no such signal.
        if os.name != "nt":
            loses(new_page(), url, before, "ko", psutil.Process.suspend, "연결이 끊겼습니다")
        (last,) = [each for each in processes() if each not in before]
    _, alive = psutil.wait_procs([last], timeout=60)
    assert alive == []


def loses(
    page: Page,
    url: str,
    before: list[psutil.Process],
    language: Language,
    lose: Callable[[psutil.Process], None],
    reason: str,
) -> None:
    """Lose Local Cortex's process in the middle of an answer, and see another take its place."""
    page.goto(f"{url}/{DAY_3}?lang={language}")
    generate = page.get_by_role("button", name="Generate")
    answer = page.locator(".st-key-answer-0")
    generate.click()
    first, later = ("computer", "qubit") if language == "en" else ("컴퓨터", "큐비트")
    expect(answer).to_contain_text(first)
    (lost,) = [each for each in processes() if each not in before]
    lose(lost)
    expect(page.get_by_text(texts(language)["connection.replaced"])).to_be_visible()
    expect(page.get_by_text(reason)).to_be_visible()
    expect(answer).to_contain_text(first)
    generate.click()
    # More than had come when it was lost.
    expect(answer).to_contain_text(later)
    (new,) = [each for each in processes() if each not in before]
    assert new.pid != lost.pid
    page.close()
