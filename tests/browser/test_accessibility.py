"""What a reader needs who sees little, uses no mouse, or listens: measured in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from course.content import catalog
from course.content import parser as prose
from course.content.blocks import Chart, Diagram, Question
from course.content.lesson import Lesson

NewPage = Callable[..., Page]
PATHS = ["", *(lesson.name for lesson in catalog.lessons())]
SERIOUS = ("serious", "critical")
# Streamlit draws the weeks of its navigation as lists with other things in them; no page can change
# that. Everything else is ours.
STREAMLITS_OWN = "[data-testid=stSidebarNav]"


STANDS_STILL = """() => document.getAnimations().every(
    each => each.playState !== "running" || each.effect.getTiming().iterations === Infinity
)"""


def open_page(page: Page, course: str, path: str, language: str = "en") -> None:
    page.goto(f"{course}/{path}?lang={language}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if path:
        expect(page.locator("[class*='st-key-read-box']")).to_be_visible()
    else:
        expect(page.locator("#progress")).to_be_visible()
    # Figures are drawn by scripts of their own, and what is new fades in.
    for figure in page.locator("[class*='st-key-figure-']").all():
        expect(figure.locator("svg, canvas, img").first).to_be_visible()
    page.wait_for_function(STANDS_STILL)


def in_navigation(page: Page, target: str) -> bool:
    inside: bool = page.locator(target).first.evaluate(
        f"each => Boolean(each.closest('{STREAMLITS_OWN}'))"
    )
    return inside


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path or "home")
def test_axe_has_no_serious_finding(
    course: str, new_page: NewPage, path: str, width: int, scheme: str
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    open_page(page, course, path, "ko" if scheme == "light" else "en")
    found = Axe().run(page).response["violations"]
    serious = {
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
        if not (rule["id"] in ("list", "listitem") and in_navigation(page, node["target"][0]))
    }
    assert serious == set()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path or "home")
def test_headings_are_in_order(course: str, new_page: NewPage, path: str) -> None:
    page = new_page()
    open_page(page, course, path)
    levels = page.locator("[data-testid=stMain] :is(h1, h2, h3, h4, h5, h6)").evaluate_all(
        "found => found.map(each => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lesson", catalog.lessons(), ids=lambda lesson: lesson.name)
def test_every_figure_is_drawn_and_has_a_caption_and_a_name(
    course: str, new_page: NewPage, lesson: Lesson, scheme: str
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 360, "height": 800})
    open_page(page, course, lesson.name, "ko")
    blocks = [block for part in prose.sections(lesson, "ko").values() for block in part]
    for figure in blocks:
        if not isinstance(figure, Diagram | Chart):
            continue
        box = page.locator(f".st-key-figure-{figure.line}")
        box.scroll_into_view_if_needed()
        expect(box.get_by_text(figure.caption, exact=True)).to_be_visible()
        picture = box.locator("img, canvas, svg").first
        expect(picture).to_be_visible()
        assert box.locator("svg, img, canvas").first.bounding_box()["width"] <= 360  # type: ignore[index]
        expect(box.get_by_test_id("stException")).to_have_count(0)
        expect(box.get_by_text("Syntax error")).to_have_count(0)
        named = box.locator(f'[aria-label="{figure.caption}"], [alt="{figure.caption}"]')
        assert named.count() >= 1, figure.caption


def test_a_term_is_explained_to_the_keyboard_and_to_a_finger(
    course: str, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 360, "height": 800}, has_touch=True)
    open_page(page, course, "day_03_write_streams", "en")
    term = page.locator(".course-term", has_text="TTFT").first
    tip = term.get_by_role("tooltip", include_hidden=True)
    expect(tip).to_be_hidden()
    term.focus()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Time to first token")
    page.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    term.tap()
    expect(tip).to_be_visible()
    box = tip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


def test_a_question_can_be_answered_with_the_keyboard_alone(course: str, new_page: NewPage) -> None:
    page = new_page()
    open_page(page, course, "day_03_write_streams", "en")
    lesson = catalog.find("day_03_write_streams")
    blocks = [block for part in prose.sections(lesson, "en").values() for block in part]
    question = next(block for block in blocks if isinstance(block, Question))
    box = page.locator(f".st-key-box-{question.id}")
    box.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    expect(box.get_by_test_id("stAlert")).to_be_visible()
    page.keyboard.press("ArrowDown")
    right = next(option for option in question.options if option.right)
    expect(box.get_by_test_id("stAlert")).to_contain_text(right.explanation[:20])


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path or "home")
def test_no_page_scrolls_sideways(course: str, new_page: NewPage, path: str, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    open_page(page, course, path, "ko")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    main = page.get_by_test_id("stMain")
    assert main.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
