"""Day 4 in a real browser: a fault, the text that stays, and code of the lesson that runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.day_3 import answer, generate, whole

pytestmark = pytest.mark.thorough

DAY = "day_04_when_it_breaks"
CLUSTERS = "example_whole_clusters-py"


def test_a_broken_answer_keeps_its_text_and_code_in_the_lesson_runs(
    course: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    page.goto(f"{course}/{DAY}?lang=en")
    whole(page)
    generate(page).click()
    expect(page.get_by_text("The connection was lost in the middle of the answer.")).to_be_visible()
    assert answer(page)
    # The sandbox has the regex package's clusters.
    panel = page.locator(f"[class*='st-key-'][class*='{CLUSTERS}-panel']")
    panel.locator("textarea").press("ControlOrMeta+Enter")
    expect(panel.get_by_text("clusters: 5 -> 대한민국🇰🇷")).to_be_visible()
