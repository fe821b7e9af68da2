"""What each page owes its readers, in a real browser.

They may see little, use no mouse, or listen; and they find what they can try on the first screen of
a laptop, a tablet and a phone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from course.content import lesson as catalog
from course.content import prose
from course.content.lesson import Lesson
from course.content.lesson_blocks import Chart, Diagram, Question
from course.language import LANGUAGES, NAMES, Language
from tests.browser.conftest import WIDE
from tests.browser.day_3 import choose_language, settle

pytestmark = pytest.mark.thorough

NewPage = Callable[..., Page]
PATHS = ["", *(lesson.name for lesson in catalog.lessons())]
LESSONS = {lesson.name: lesson for lesson in catalog.lessons()}
SERIOUS = ("serious", "critical")
WIDTHS = (1440, 768, 360)
SCREENS: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 800},
    {"width": 768, "height": 1024},
    {"width": 360, "height": 800},
)
#: How far down the demo's first button may end.
MOST = 800
# Streamlit draws the weeks of its navigation as lists with other things in them; no page can change
# that. Everything else is ours.
STREAMLITS_OWN = "[data-testid=stSidebarNav]"
STANDS_STILL = """() => document.getAnimations().every(
    each => each.playState !== "running" || each.effect.getTiming().iterations === Infinity
)"""
# What makes the page wider than its window, and does not scroll by itself.
SIDEWAYS = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    const wide = [...main.querySelectorAll('*')]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
        .filter(each => !each.closest('pre, table, [data-testid=stTable]'));
    if (document.documentElement.scrollWidth > innerWidth) wide.push(document.documentElement);
    if (main.scrollWidth > main.clientWidth) wide.push(main);
    return wide.map(each => `${each.tagName}.${each.className}`).join(' ');
}"""
HEADINGS = "[data-testid=stMain] :is(h1, h2, h3, h4, h5, h6)"


def looks() -> Iterator[object]:
    """Each page once, in one language, theme and width; each pair of those on some page."""
    for number, path in enumerate(PATHS):
        language = LANGUAGES[number % 2]
        scheme = ("light", "dark")[number // 2 % 2]
        width = (1280, 360)[number % 3 % 2]
        yield pytest.param(
            *(path, language, scheme, width),
            id=f"{path or 'home'}-{language}-{scheme}-{width}",
        )


def open_page(page: Page, course: str, path: str, language: Language = "en") -> None:
    page.goto(f"{course}/{path}?lang={language}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if path:
        expect(page.locator("[class*='st-key-read-box']")).to_be_visible()
        # The editor's buttons are there before their labels.
        expect(page.locator("button.run").first).to_have_text(re.compile(r"\S"))
    else:
        expect(page.locator("#progress")).to_be_visible()
    stands_still(page)


def stands_still(page: Page) -> None:
    # Figures are drawn by scripts of their own, and what is new fades in.
    for figure in page.locator("[class*='st-key-figure-']").all():
        expect(figure.locator("svg, canvas, img").first).to_be_visible()
    page.wait_for_function(STANDS_STILL)


@pytest.mark.parametrize(("path", "language", "scheme", "width"), list(looks()))
def test_a_page_can_be_read_by_everybody_and_tried_on_the_first_screen(
    course: str, new_page: NewPage, path: str, language: Language, scheme: str, width: int
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    open_page(page, course, path, language)
    assert axe_finds(page) == set()
    has_its_headings_in_order(page)
    # A lesson's widths are those of its first screen, below.
    for other in () if path else WIDTHS:
        page.set_viewport_size({"width": other, "height": 900})
        scrolls_only_down(page, other)
    for each in LANGUAGES if path else ():
        page.set_viewport_size(WIDE)
        choose_language(page, NAMES[each])
        name = f"Day {LESSONS[path].meta.day}. {LESSONS[path].meta.title.of(each)}"
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        settle(page)
        page.set_viewport_size({"width": width, "height": 900})
        stands_still(page)
        has_its_figures(page, LESSONS[path], each, width)
        has_its_demo_on_the_first_screen(page)
        has_tables_that_fit_a_phone(page)


def in_navigation(page: Page, target: str) -> bool:
    inside: bool = page.locator(target).first.evaluate(
        f"each => Boolean(each.closest('{STREAMLITS_OWN}'))"
    )
    return inside


def axe_finds(page: Page) -> set[str]:
    found = Axe().run(page).response["violations"]
    return {
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
        if not (rule["id"] in ("list", "listitem") and in_navigation(page, node["target"][0]))
    }


def has_its_headings_in_order(page: Page) -> None:
    levels = page.locator(HEADINGS).evaluate_all(
        "found => found.map(each => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def scrolls_only_down(page: Page, width: int) -> None:
    # A chart follows the window a moment later.
    page.wait_for_function("width => innerWidth === width", arg=width)
    stands_still(page)
    page.wait_for_function(f"() => ({SIDEWAYS})() === ''")


def has_its_demo_on_the_first_screen(page: Page) -> None:
    button = page.locator(".st-key-demo-buttons button").first
    for size in SCREENS:
        page.set_viewport_size(size)
        page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
        # Fields get their height as they load.
        expect(page.locator(".st-key-demo-box").get_by_test_id("stSkeleton")).to_have_count(0)
        scrolls_only_down(page, size["width"])
        box = button.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= MOST


def has_tables_that_fit_a_phone(page: Page) -> None:
    page.set_viewport_size(SCREENS[-1])
    scrolls_only_down(page, SCREENS[-1]["width"])
    wide = (
        page.get_by_test_id("stMain")
        .locator("table")
        .evaluate_all(
            "found => found.filter(each => each.scrollWidth > each.clientWidth)"
            ".map(each => each.innerText)"
        )
    )
    assert wide == []


def has_its_figures(page: Page, lesson: Lesson, language: Language, width: int) -> None:
    """Every figure is drawn in the page, with its caption, and with a name to read out."""
    blocks = [block for part in prose.sections(lesson, language).values() for block in part]
    for figure in blocks:
        if not isinstance(figure, Diagram | Chart):
            continue
        box = page.locator(f".st-key-figure-{figure.line}")
        box.scroll_into_view_if_needed()
        expect(box.get_by_text(figure.caption, exact=True)).to_be_visible()
        picture = box.locator("img, canvas, svg").first
        expect(picture).to_be_visible()
        shape = picture.bounding_box()
        assert shape is not None
        assert shape["width"] <= width
        expect(box.get_by_test_id("stException")).to_have_count(0)
        expect(box.get_by_text("Syntax error")).to_have_count(0)
        named = box.locator(f'[aria-label="{figure.caption}"], [alt="{figure.caption}"]')
        assert named.count() >= 1, figure.caption


def test_a_term_and_a_question_are_for_the_keyboard_and_for_a_finger(
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
    # A question can be answered with the keyboard alone.
    lesson = catalog.find("day_03_write_streams")
    blocks = [block for part in prose.sections(lesson, "en").values() for block in part]
    question = next(block for block in blocks if isinstance(block, Question))
    asked = page.locator(f".st-key-box-{question.id}")
    asked.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    expect(asked.get_by_test_id("stAlert")).to_be_visible()
    page.keyboard.press("ArrowDown")
    right = next(option for option in question.options if option.right)
    expect(asked.get_by_test_id("stAlert")).to_contain_text(right.explanation[:20])
