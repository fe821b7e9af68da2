"""An exercise in a real browser: written, run live, checked, hinted, stopped, kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from practice.exercises import LESSONS
from tests.browser.server import streamlit_server

DAY = "day_03_write_streams"
SHOW = LESSONS / DAY / "practice" / "2_show_the_stream"
ENDLESS = "while True:\n    pass\n"
SLOW = 'import time\n\nimport streamlit as st\n\nst.write("begun")\ntime.sleep(15)\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def course_with_practice(home: Path) -> Iterator[str]:
    with streamlit_server(
        home, COURSE_FIRST_TOKEN="0.2", COURSE_TOKENS_PER_SECOND="60", LANG="C.UTF-8"
    ) as url:
        yield url


@pytest.fixture
def page(course_with_practice: str, new_page: Callable[..., Page]) -> Page:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    page.goto(f"{course_with_practice}/{DAY}?lang=en")
    expect(editor(page)).to_be_visible()
    return page


def panel(page: Page) -> Locator:
    return page.locator(".st-key-practice")


def editor(page: Page) -> Locator:
    return panel(page).locator("textarea")


def choose(page: Page, number: int) -> None:
    panel(page).get_by_role("radiogroup").locator("label").nth(number - 1).click()
    expect(panel(page).get_by_role("radio").nth(number - 1)).to_be_checked()
    # The one of the exercise before goes when the new one has come.
    expect(editor(page)).to_have_count(1)


def write(page: Page, code: str) -> None:
    editor(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)


def run(page: Page, code: str) -> None:
    write(page, code)
    page.keyboard.press("ControlOrMeta+Enter")


def solution(folder: Path) -> str:
    return (folder / "solution.py").read_text("utf-8")


def test_the_learners_own_program_streams_and_its_checks_turn_green(page: Page) -> None:
    choose(page, 2)
    expect(editor(page)).to_have_value(re.compile(r"stream=True"))
    run(page, solution(SHOW))
    running = page.locator(".st-key-practice-running")
    expect(running).to_be_visible()
    lengths: list[int] = []
    while running.count() and len(lengths) < 4:
        length = len(running.inner_text())
        if not lengths or length > lengths[-1]:
            lengths.append(length)
    assert len(lengths) == 4
    expect(panel(page).get_by_text("All checks passed.")).to_be_visible()
    expect(panel(page).get_by_text("passed", exact=True)).to_have_count(5)


def test_a_mistake_is_told_with_its_line_and_the_line_is_marked(page: Page) -> None:
    choose(page, 2)
    expect(editor(page)).to_have_value(re.compile(r"stream=True"))
    run(page, (SHOW / "starter.py").read_text("utf-8"))
    expect(panel(page).get_by_text("Line 26 waits for the last piece")).to_be_visible()
    expect(panel(page).get_by_text("see below why.")).to_be_visible()


def test_hints_come_one_at_a_time_and_go_back(page: Page) -> None:
    panel(page).get_by_role("button", name="Show a hint (2)").click()
    expect(panel(page).get_by_text("Hint 1 of 2")).to_be_visible()
    panel(page).get_by_role("button", name="Next hint").click()
    expect(panel(page).get_by_text("Hint 2 of 2")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Next hint")).to_be_disabled()
    panel(page).get_by_role("button", name="Previous hint").click()
    expect(panel(page).get_by_text("Hint 1 of 2")).to_be_visible()


def test_the_solution_is_there_after_one_try_and_is_compared_with_ones_own(page: Page) -> None:
    choose(page, 1)
    expect(
        panel(page).get_by_text("You can see the solution after your first run.")
    ).to_be_visible()
    run(page, (SHOW.with_name("1_make_a_stream") / "starter.py").read_text("utf-8"))
    panel(page).get_by_text("Solution", exact=True).click()
    expect(panel(page).get_by_text("From your code to the solution")).to_be_visible()
    expect(panel(page).get_by_text("+            stream=True,")).to_be_visible()


def test_an_endless_loop_ends_in_a_sentence(page: Page) -> None:
    run(page, ENDLESS)
    expect(panel(page).get_by_text("Look for a loop that never ends")).to_be_visible(timeout=8_000)


def test_stop_ends_the_program_and_keeps_what_it_had_shown(page: Page) -> None:
    run(page, SLOW)
    expect(panel(page).get_by_text("begun", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(panel(page).get_by_text("Stopped. Run it again")).to_be_visible(timeout=5_000)
    expect(panel(page).get_by_text("begun", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()


def test_what_was_written_survives_a_refresh_and_a_change_of_language(page: Page) -> None:
    choose(page, 4)
    expect(editor(page)).to_have_value(re.compile("text = st.write_stream"))
    write(page, "# mine\n")
    page.reload()
    expect(editor(page)).to_be_visible()
    choose(page, 4)
    expect(editor(page)).to_have_value("# mine\n")
    page.get_by_text("한국어").click()
    expect(panel(page).get_by_role("button", name="실행")).to_be_visible()
    expect(panel(page).get_by_role("radio").nth(3)).to_be_checked()
    expect(editor(page)).to_have_value("# mine\n")


def test_start_over_brings_the_starter_back(page: Page) -> None:
    choose(page, 4)
    expect(editor(page)).to_have_value(re.compile("text = st.write_stream"))
    write(page, "# mine\n")
    panel(page).get_by_role("button", name="Start over").click()
    panel(page).get_by_role("button", name="Start over").last.click()
    expect(editor(page)).to_have_value(re.compile("text = st.write_stream"))


def test_nothing_of_the_program_is_left_when_the_tab_is_closed(
    course_with_practice: str, home: Path, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{course_with_practice}/{DAY}?lang=en")
    expect(editor(page)).to_be_visible()
    run(page, SLOW)
    expect(panel(page).get_by_text("begun", exact=True)).to_be_visible()
    assert workers(home)
    context.close()
    for _ in range(100):
        if not workers(home):
            return
        _wait_a_moment(browser)
    pytest.fail("the worker is still there")


def workers(home: Path) -> list[str]:
    """Return the processes that run a learner's program for the server of this home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        # The compiled interpreter is in the home's cache.
        if b"practice/sandbox/worker.py" in words and os.fsencode(home) in words:
            found.append(path.parent.name)
    return found


def _wait_a_moment(browser: Browser) -> None:
    page = browser.new_page()
    page.wait_for_timeout(100)
    page.close()
