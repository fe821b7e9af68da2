"""The course's demo in a real browser, in all that test_journey.py does not try."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from tests.browser.day_3 import (
    generate,
    heading,
    open_day_3,
    stop,
)
from tests.browser.server import streamlit_server

pytestmark = pytest.mark.thorough

NewPage = Callable[..., Page]

# Nobody listens there.
UNREACHABLE = """\
[connections.snowflake]
account = "nowhere"
user = "somebody"
password = "SECRET"
host = "127.0.0.1"
port = 9
login_timeout = 3
"""


def test_a_server_may_begin_with_a_lesson_an_account_that_fails_and_a_silent_model(
    tmp_path: Path, new_page: NewPage
) -> None:
    (tmp_path / "secrets.toml").write_text(UNREACHABLE)
    # The longest there is. Had Stop waited for the first word, that word would be kept.
    with streamlit_server(tmp_path, COURSE_CONNECTION="auto", COURSE_FIRST_TOKEN="60") as silent:
        page = new_page()
        open_day_3(page, silent)
        expect(heading(page, "Day 3. Write Streams")).to_be_visible()
        expect(page.get_by_test_id("stSidebarNav")).to_contain_text("Day 3. Write Streams")
        expect(page.get_by_text("Page not found")).to_have_count(0)
        generate(page).click()
        page.get_by_role("button", name=texts("en")["connection.use_local"]).click()
        expect(page.get_by_text("Snowflake couldn't be reached")).to_have_count(0)
        generate(page).click()
        waiting = texts("en")["demo.waiting"].format(model="llama3.1-8b")
        expect(page.get_by_text(waiting)).to_be_visible()
        stop(page).click()
        expect(page.get_by_text(texts("en")["demo.stopped_early"])).to_be_visible()


def test_a_press_right_after_another_model_was_chosen_is_not_lost(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    open_day_3(page, course)
    for name in ("llama3.1-8b", "mistral-large"):
        page.get_by_role("combobox").click()
        page.get_by_role("option", name=name).first.click()
    generate(page).click()
    expect(heading(page, "Response:")).to_be_visible()


def test_homes_badge_opens_and_its_theme_follows_the_browser(
    course: str, new_page: NewPage
) -> None:
    page = new_page(color_scheme="dark")
    page.goto(f"{course}/?lang=en")
    badge = page.get_by_test_id("stSidebar").get_by_role(
        "button", name=texts("en")["connection.local"]
    )
    badge.click()
    expect(page.get_by_text(texts("en")["connection.attempt.no_secrets"])).to_be_visible()
    for light in (False, True):
        if light:
            page.emulate_media(color_scheme="light")
        page.wait_for_function(
            """light => {
                const app = document.querySelector('[data-testid=stApp]');
                if (!app) return false;
                const colours = getComputedStyle(app).backgroundColor.match(/\\d+/g).map(Number);
                return (colours.slice(0, 3).reduce((sum, each) => sum + each) / 3 > 128) === light;
            }""",
            arg=light,
        )


def test_a_deep_link_leads_to_its_section(course: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{course}/day_01_connect?lang=en#step-2")
    expect(page.locator("#step-2")).to_be_in_viewport()


def test_a_growing_answer_is_brought_into_view(endless_course: str, new_page: NewPage) -> None:
    page = new_page(reduced_motion="reduce", viewport={"width": 360, "height": 640})
    open_day_3(page, endless_course)
    generate(page).evaluate("button => button.scrollIntoView({block: 'end'})")
    # As a finger does: Playwright's own click would scroll.
    generate(page).evaluate("button => button.click()")
    expect(stop(page)).to_be_visible()
    expect(stop(page)).to_be_in_viewport(ratio=1)
    expect(page.locator(".st-key-answer-0")).to_contain_text("word word")
    page.wait_for_function(
        """() => {
            const {y} = document.querySelector('.st-key-answer-0').getBoundingClientRect();
            return 40 <= y && y <= 200;
        }"""
    )
    stop(page).click()
    expect(stop(page)).to_be_hidden()
