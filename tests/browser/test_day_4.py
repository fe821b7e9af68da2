"""Day 4 in a real browser: a fault, the text that stays, and a program that asks once more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from course.language import texts
from practice.exercises import LESSONS
from tests.browser.day_3 import answer, generate, whole

pytestmark = pytest.mark.thorough

DAY = "day_04_when_it_breaks"
CLUSTERS = "example_whole_clusters-py"
KEEP, AGAIN = "1_keep_the_text", "2_ask_once_more"


def solution(name: str) -> str:
    return (LESSONS / DAY / "practice" / name / "solution.py").read_text("utf-8")


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"[class*='st-key-'][class*='{name}-panel']")


def run(page: Page, name: str, code: str) -> None:
    panel(page, name).locator("textarea").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("ControlOrMeta+Enter")


def test_a_broken_answer_keeps_its_text_and_a_program_asks_again_before_the_first_piece_only(
    course: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    page.goto(f"{course}/{DAY}?lang=en")
    whole(page)
    generate(page).click()
    expect(page.get_by_text("The connection was lost in the middle of the answer.")).to_be_visible()
    assert answer(page)
    # The sandbox has the regex package's clusters.
    panel(page, CLUSTERS).locator("textarea").press("ControlOrMeta+Enter")
    expect(panel(page, CLUSTERS).get_by_text("clusters: 5 -> 대한민국🇰🇷")).to_be_visible()
    # Its program holds the answer to the first one.
    expect(panel(page, AGAIN).locator("textarea")).to_have_count(0)
    run(page, KEEP, solution(KEEP))
    expect(panel(page, KEEP).get_by_text(texts("en")["practice.solved"])).to_be_visible()
    run(page, AGAIN, solution(AGAIN).replace("if pieces or attempt == 1:", "if attempt == 1:"))
    expect(panel(page, AGAIN).get_by_text("asked again after a piece had come")).to_be_visible()
    run(page, AGAIN, solution(AGAIN))
    expect(panel(page, AGAIN).get_by_text(texts("en")["practice.solved"])).to_be_visible()
