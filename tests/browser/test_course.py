"""The course's demo in a real browser, in all that test_journey.py does not try."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from local_cortex import tokens
from tests.browser.day_3 import (
    CUSTOM,
    DAY,
    DIRECT,
    answer,
    ask,
    figure,
    generate,
    grown,
    heading,
    open_day_3,
    settle_after_a_rerun,
    stop,
    watch_reruns,
    write_prompt,
)
from tests.browser.server import FIRST_TOKEN, TOKENS_PER_SECOND, streamlit_server

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


def test_the_first_page_of_a_server_may_be_a_lesson_and_stop_acts_while_the_model_is_silent(
    tmp_path: Path, new_page: NewPage
) -> None:
    # The longest there is. Had Stop waited for the first word, that word would be kept.
    with streamlit_server(tmp_path, COURSE_FIRST_TOKEN="60") as silent:
        page = new_page()
        open_day_3(page, silent)
        expect(heading(page, "Day 3. Write Streams")).to_be_visible()
        expect(page.get_by_test_id("stSidebarNav")).to_contain_text("Day 3. Write Streams")
        expect(page.get_by_text("Page not found")).to_have_count(0)
        generate(page).click()
        expect(
            page.get_by_text(texts("en")["demo.waiting"].format(model="llama3.1-8b"))
        ).to_be_visible()
        stop(page).click()
        expect(page.get_by_text(texts("en")["demo.stopped_early"])).to_be_visible()


def test_an_account_that_fails_is_left_for_local_cortex_with_one_click(
    tmp_path: Path, new_page: NewPage
) -> None:
    (tmp_path / "secrets.toml").write_text(UNREACHABLE)
    with streamlit_server(tmp_path, COURSE_CONNECTION="auto") as course:
        page = new_page()
        open_day_3(page, course)
        generate(page).click()
        page.get_by_role("button", name=texts("en")["connection.use_local"]).click()
        expect(page.get_by_text("Snowflake could not be reached")).to_have_count(0)
        generate(page).click()
        grown(page)
        assert len(answer(page)) > 500


@pytest.mark.parametrize("model", ["mistral-large", "llama3.1-8b"])
def test_a_press_right_after_another_model_was_chosen_is_not_lost(
    course: str, new_page: NewPage, model: str
) -> None:
    page = new_page()
    open_day_3(page, course)
    for name in ("llama3.1-8b", model):
        page.get_by_role("combobox").click()
        page.get_by_role("option", name=name).first.click()
    generate(page).click()
    expect(heading(page, "Response:")).to_be_visible()


def test_method_2_shows_nothing_until_the_whole_answer_is_there_and_leaves_it(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    open_day_3(page, course)
    page.get_by_text(CUSTOM, exact=True).first.click()
    write_prompt(page, "How does st.write_stream work?")
    ask(page)
    assert len(grown(page)) > 8
    before = answer(page)
    # The last token is made this long after the request.
    generation = FIRST_TOKEN + (tokens.count(before) - 1) / TOKENS_PER_SECOND
    assert generation > 3 * FIRST_TOKEN, "too short an answer to tell the methods apart"
    assert figure(page, "demo.first_text") > 0.9 * generation
    # Another widget changes, and the run that follows has ended.
    watch_reruns(page)
    page.get_by_text(DIRECT, exact=True).first.click()
    settle_after_a_rerun(page)
    assert answer(page) == before


def test_the_badge_opens_to_what_was_tried(course: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{course}/?lang=en")
    badge = page.get_by_test_id("stSidebar").get_by_role(
        "button", name=texts("en")["connection.local"]
    )
    badge.click()
    expect(page.get_by_text(texts("en")["connection.attempt.no_secrets"])).to_be_visible()


def test_the_theme_follows_the_browser_and_its_changes(course: str, new_page: NewPage) -> None:
    page = new_page(color_scheme="dark")
    page.goto(course)
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
    page.goto(f"{course}/{DAY}?lang=en#errors")
    expect(page.locator("#errors")).to_be_in_viewport()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_growing_answer_is_brought_into_view(course: str, new_page: NewPage, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 640}, reduced_motion="reduce")
    open_day_3(page, course)
    generate(page).evaluate("button => button.scrollIntoView({block: 'end'})")
    # As a finger does: Playwright's own click would scroll.
    generate(page).evaluate("button => button.click()")
    expect(stop(page)).to_be_visible()
    expect(stop(page)).to_be_in_viewport(ratio=1)
    page.wait_for_function("document.body.innerText.includes('Superposition')")
    box = page.locator(".st-key-answer").bounding_box()
    assert box is not None
    assert 40 <= box["y"] <= 200
