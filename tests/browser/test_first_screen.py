"""Where a lesson's page can be tried: on a laptop's first screen, and soon on smaller ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from course.content import lesson as catalog
from course.language import LANGUAGES, Language

#: A window's size, and how far down the demo's first button may end: on a phone, a little below.
SCREENS: tuple[tuple[ViewportSize, int], ...] = (
    ({"width": 1280, "height": 800}, 800),
    ({"width": 768, "height": 1024}, 800),
    ({"width": 360, "height": 800}, 1040),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", [lesson.name for lesson in catalog.lessons()])
def test_the_demos_button_is_on_the_first_screen(
    course: str, new_page: Callable[..., Page], lesson: str, language: Language
) -> None:
    page = new_page(viewport=SCREENS[0][0])
    page.goto(f"{course}/{lesson}?lang={language}")
    button = page.locator(".st-key-demo-buttons button").first
    expect(button).to_be_visible()
    for size, most in SCREENS:
        page.set_viewport_size(size)
        page.wait_for_function("width => innerWidth === width", arg=size["width"])
        box = button.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= most, size
