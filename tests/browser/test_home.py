"""Home's first screen, and where addresses, anchors and the contents lead, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from course.language import texts
from tests.browser.day_3 import settle, whole

pytestmark = pytest.mark.thorough

NewPage = Callable[..., Page]
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
# How many pieces of the answer can be seen.
SEEN = """pieces => pieces.filter(each => getComputedStyle(each).opacity === '1').length"""


def pieces(page: Page) -> Locator:
    return page.locator(".home-piece")


def marked(page: Page) -> Locator:
    """Return the entry of the contents that says where the reader is."""
    return page.locator(".st-key-contents a[aria-current=location]")


def at_the_top(page: Page, anchor: str) -> None:
    page.wait_for_function(
        """id => {
            const top = document.getElementById(id)?.getBoundingClientRect().top;
            return top > 0 && top < 160;
        }""",
        arg=anchor,
    )


def test_an_answer_is_typed_on_the_first_screen(course: str, new_page: NewPage) -> None:
    page = new_page(viewport=PHONE)
    page.goto(f"{course}/?lang=en")
    expect(page.locator(".st-key-next button")).to_be_in_viewport(ratio=1)
    expect(page.locator(".home-answer")).to_be_in_viewport(ratio=1)
    seen = pieces(page).evaluate_all(SEEN)
    page.wait_for_function(
        f"count => ({SEEN})([...document.querySelectorAll('.home-piece')]) === count",
        arg=pieces(page).count(),
    )
    assert seen < pieces(page).count()
    # Read out as a whole, and not piece by piece.
    said = page.locator(".home-answer").aria_snapshot()
    assert said.count(texts("en")["home.answer"]) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_answer_stands_still_for_readers_who_prefer_that_and_who_come_back(
    course: str, new_page: NewPage
) -> None:
    still = new_page(reduced_motion="reduce")
    still.goto(f"{course}/?lang=en")
    expect(pieces(still).first).to_be_visible()
    assert pieces(still).evaluate_all(SEEN) == pieces(still).count()
    page = new_page()
    page.goto(f"{course}/?lang=en")
    expect(pieces(page).first).to_be_attached()
    settle(page)
    page.locator(".st-key-next button").click()
    # A click while the page is drawn can be lost.
    whole(page)
    settle(page)
    page.get_by_test_id("stSidebarNav").get_by_text("Home").click()
    expect(page.locator(".home-answer")).to_have_text(texts("en")["home.answer"])
    expect(pieces(page)).to_have_count(0)


def test_a_page_is_drawn_although_a_click_on_the_page_before_comes_too_late(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    page.goto(f"{course}/day_03_write_streams?lang=en")
    expect(page.get_by_role("button", name="Generate")).to_be_visible()
    expect(page.get_by_role("button", name=texts("en")["lesson.mark_read"])).to_be_visible()
    # In one go: no reader is so quick, but a browser under load and a fragment's own requests are.
    page.evaluate(
        """() => {
            const find = (what, said) => [...document.querySelectorAll(what)]
                .find((each) => each.textContent.includes(said))
            find('[data-testid="stSidebarNav"] a', "Home").click()
            find("button", "Generate").click()
        }"""
    )
    expect(page.locator(".home-answer")).to_be_attached()


def test_an_anchor_without_a_language_is_kept_and_reached(course: str, new_page: NewPage) -> None:
    page = new_page(viewport=LAPTOP)
    page.goto(f"{course}/day_01_connect#practice")
    at_the_top(page, "practice")
    expect(marked(page)).to_have_attribute("href", "#practice")
    assert page.url == f"{course}/day_01_connect#practice"
    whole(page)
    settle(page)
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", name="Practice", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{course}/day_01_connect?lang=en#practice")


def test_the_contents_follow_the_reader(course: str, new_page: NewPage) -> None:
    page = new_page(viewport=LAPTOP)
    page.goto(f"{course}/day_01_connect?lang=en")
    expect(marked(page)).to_have_attribute("href", "#goals")
    page.locator('.st-key-contents a[href="#step-2"]').click()
    at_the_top(page, "step-2")
    expect(marked(page)).to_have_attribute("href", "#step-2")
    expect(page).to_have_url(re.compile(r"#step-2$"))
    expect(marked(page)).to_be_in_viewport()
    page.locator("#theory").evaluate("heading => heading.scrollIntoView()")
    expect(marked(page)).to_have_attribute("href", "#theory")
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    expect(marked(page)).to_have_attribute("href", "#solution")
    whole(page)
    settle(page)
    # Another page begins at its top.
    page.get_by_test_id("stSidebarNav").get_by_text("Day 2").click()
    expect(page.get_by_role("heading", name="Day 2. Hello, Cortex!")).to_be_in_viewport()
    expect(marked(page)).to_have_attribute("href", "#goals")


def test_on_a_phone_the_contents_make_room_for_what_they_lead_to(
    course: str, new_page: NewPage
) -> None:
    page = new_page(viewport=PHONE)
    page.goto(f"{course}/day_01_connect?lang=en#step-2")
    at_the_top(page, "step-2")
    page.get_by_test_id("stExpandSidebarButton").click()
    sidebar = page.get_by_test_id("stSidebar")
    # It begins with the days, wherever the reader is.
    expect(marked(page)).to_have_attribute("href", "#step-2")
    expect(page.get_by_test_id("stSidebarNav").get_by_text("Home")).to_be_in_viewport()
    sidebar.locator('a[href="#practice"]').click()
    expect(sidebar).not_to_be_in_viewport()
    at_the_top(page, "practice")
    expect(page).to_have_url(re.compile(r"#practice$"))


def test_an_anchor_that_moved_to_another_day_leads_on(course: str, new_page: NewPage) -> None:
    page = new_page(viewport=LAPTOP)
    page.goto(f"{course}/day_03_write_streams?lang=en#torn-text")
    expect(page).to_have_url(f"{course}/day_04_when_it_breaks?lang=en#torn-text")
    at_the_top(page, "torn-text")


def test_in_the_middle_of_a_day_home_leads_to_the_next_exercise(
    course: str, new_page: NewPage
) -> None:
    page = new_page(viewport=LAPTOP)
    page.goto(f"{course}/day_01_connect?lang=en")
    whole(page)
    question = page.locator("[class*=st-key-box-q-]").first
    question.get_by_role("radiogroup").locator("label").first.click()
    expect(question.get_by_test_id("stAlert")).to_be_visible()
    settle(page)
    page.get_by_test_id("stSidebarNav").get_by_text("Home").click()
    expect(page.locator("#progress")).to_be_visible()
    settle(page)
    page.locator(".st-key-next button").click()
    at_the_top(page, "exercise-1-both-places")
    expect(page).to_have_url(re.compile(r"#exercise-1-both-places$"))
