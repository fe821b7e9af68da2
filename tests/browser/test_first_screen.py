"""Where a lesson's page can be tried: on the first screen of a laptop, a tablet and a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from course.content import lesson as catalog
from course.language import LANGUAGES, Language

SCREENS: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 800},
    {"width": 768, "height": 1024},
    {"width": 360, "height": 800},
)
#: How far down the demo's first button may end.
MOST = 800
PLACES = [
    pytest.param(
        *(lesson.name, language, size),
        id=f"{lesson.name}-{language}-{size['width']}",
        marks=() if (language, size["width"]) == ("en", 1280) else pytest.mark.thorough,
    )
    for lesson in catalog.lessons()
    for language in LANGUAGES
    for size in SCREENS
    # English is as long as Korean, or longer; on a phone, lines break elsewhere.
    if language == "en" or size["width"] == 360
]


@pytest.mark.parametrize(("lesson", "language", "size"), PLACES)
def test_the_demos_button_is_on_the_first_screen(
    course: str,
    new_page: Callable[..., Page],
    lesson: str,
    language: Language,
    size: ViewportSize,
) -> None:
    page = new_page(viewport=size)
    page.goto(f"{course}/{lesson}?lang={language}")
    button = page.locator(".st-key-demo-buttons button").first
    expect(button).to_be_visible()
    # What stands above it has been drawn before it, and fields get their height as they load.
    expect(page.locator(".st-key-demo-box").get_by_test_id("stSkeleton")).to_have_count(0)
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= MOST
