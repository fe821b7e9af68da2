"""An exercise in a real browser: written, run live, checked, hinted, stopped, kept."""

from __future__ import annotations

import re
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.browser.day_3 import (
    EXERCISES,
    MAKE,
    SHOW,
    choose_language,
    editor,
    open_day_3,
    output,
    panel,
    run_program,
    write_program,
)

# Programs that are right, wrong and stopped are run in test_journey.py.
pytestmark = pytest.mark.thorough


@pytest.fixture
def page(course: str, new_page: Callable[..., Page]) -> Page:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    open_day_3(page, course)
    expect(editor(page)).to_be_visible()
    return page


def test_hints_come_one_at_a_time_and_the_solution_after_a_try_beside_ones_own(page: Page) -> None:
    panel(page).get_by_role("button", name="Show hint (3)").click()
    expect(panel(page).get_by_text("Hint 1 of 3")).to_be_visible()
    panel(page).get_by_role("button", name="Next hint").click()
    expect(panel(page).get_by_text("Hint 2 of 3")).to_be_visible()
    panel(page).get_by_role("button", name="Next hint").click()
    expect(panel(page).get_by_text("Hint 3 of 3")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Next hint")).to_be_disabled()
    panel(page).get_by_role("button", name="Previous hint").click()
    expect(panel(page).get_by_text("Hint 2 of 3")).to_be_visible()
    expect(
        panel(page).get_by_text("You can see the solution after you change the program")
    ).to_be_visible()
    starter = (EXERCISES / MAKE / "starter.py").read_text("utf-8")
    run_program(page, f"{starter}mine = 1\n")
    panel(page).get_by_text("Solution", exact=True).click()
    expect(panel(page).get_by_text("From your code to the solution")).to_be_visible()
    expect(panel(page).get_by_text("+            stream=True,")).to_be_visible()


def test_what_was_written_survives_a_refresh_and_a_change_of_language_and_can_be_given_up(
    page: Page,
) -> None:
    write_program(page, "# mine\n")
    page.reload()
    expect(editor(page)).to_have_value("# mine\n")
    expect(editor(page, SHOW)).to_have_value(re.compile("join"))
    choose_language(page, "한국어")
    expect(panel(page).get_by_role("button", name="실행")).to_be_visible()
    expect(editor(page)).to_have_value("# mine\n")
    panel(page).locator("button.reset").click()
    panel(page).locator("button.yes").click()
    expect(editor(page)).to_have_value(re.compile("Complete"))


def test_nothing_of_the_program_is_left_when_the_tab_is_closed(
    endless_course: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    open_day_3(page, endless_course)
    run_program(page, (EXERCISES / SHOW / "solution.py").read_text("utf-8"), SHOW)
    expect(output(page, SHOW)).to_contain_text("word word")
    running = workers()
    assert running
    page.close()
    # The program itself waits for its model for a minute and more.
    _, left = psutil.wait_procs(running, timeout=30)
    assert left == []


def workers() -> list[psutil.Process]:
    """Return the processes that run a learner's program for the servers of this process."""
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if any("practice" in word and word.endswith("worker.py") for word in words(each))
    ]


def words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
