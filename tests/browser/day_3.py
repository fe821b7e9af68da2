"""Day 3's page, as tests use it: its demo, the answer that grows, and the exercises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate

from course.language import Language, texts
from practice.exercises import LESSONS

DAY = "day_03_write_streams"
CUSTOM = "Method 2: Custom Generator"
EXERCISES = LESSONS / DAY / "practice"
MAKE, SHOW = "1_make_a_stream", "2_show_the_stream"
# A drawer's content takes a tenth of this on a machine that does nothing else.
DRAWN_MS = 10_000
BEGINNING = """() => {
    window.hasBegun = false;
    new MutationObserver(() => { window.hasBegun = true; }).observe(
        document.querySelector('[data-testid=stApp]'),
        {attributeFilter: ['data-test-script-state']},
    );
}"""


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, exact=True)


def open_day_3(page: Page, course: str, language: Language = "en") -> None:
    page.goto(f"{course}/{DAY}?lang={language}")
    whole(page)


def whole(page: Page) -> None:
    """Wait for the whole page, and for the run that has drawn it to end."""
    expect(page.locator(".st-key-neighbours")).to_be_visible()
    # The demo and the lab are drawn after the text that ends with it.
    settle(page)


def settle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


@contextmanager
def rerun(page: Page) -> Iterator[None]:
    """Wait for the run of the script that what is done begins, and for its end.

    One that takes a moment may begin and end between two looks of the page, unseen.
    """
    page.evaluate(BEGINNING)
    yield
    with suppress(TooLate):
        page.wait_for_function("window.hasBegun", timeout=3_000)
    settle(page)


def open_by(button: Locator, inside: Locator) -> None:
    """Open a list or a popover, again where a drawing of the page has closed it, until it shows."""
    settle(button.page)
    while not inside.is_visible():
        button.click()
        with suppress(TooLate):
            inside.wait_for(timeout=2_000)


def open_drawer(drawer: Locator, inside: Locator) -> None:
    """Open an expander, again where it has opened and stayed empty.

    Streamlit drops what an ended run has drawn and its server hasn't sent when the next run begins.
    """
    settle(drawer.page)
    while not inside.is_visible():
        drawer.locator("summary").first.click()
        with suppress(TooLate):
            inside.wait_for(timeout=DRAWN_MS)


def choose_language(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_text(name, exact=True).click()


# --- the demo -----------------------------------------------------------------------------------


def generate(page: Page) -> Locator:
    return page.get_by_role("button", name="Generate")


def stop(page: Page) -> Locator:
    """Return the demo's Stop button; Streamlit has one of its own in the toolbar."""
    return page.locator(".st-key-stop button")


def write_prompt(page: Page, text: str) -> None:
    prompt = page.get_by_role("textbox", name="Enter your prompt:")
    prompt.fill(text)
    prompt.press("Enter")


def answered(page: Page) -> None:
    """Wait for the figures that appear under a whole answer."""
    expect(page.get_by_test_id("stMetric")).to_have_count(3)


def figure(page: Page, key: str, language: Language = "en") -> float:
    """Return one of the figures under an answer, such as ``demo.first_text``, in seconds."""
    shown = page.get_by_test_id("stMetric").filter(has_text=texts(language)[key]).inner_text()
    return float(re.findall(r"[\d.]+", shown)[0])


def answer(page: Page) -> str:
    """Return the answer's text, in one block or in several."""
    text: str = page.evaluate(
        """() => [...document.querySelectorAll(
            '.st-key-answer-0 [data-testid=stMarkdownContainer]')]
            .map(part => part.innerText).join('\\n')"""
    )
    return text


# --- the exercises ------------------------------------------------------------------------------


def panel(page: Page, exercise: str = MAKE) -> Locator:
    return page.locator(f".st-key-practice-{DAY}-{exercise}-panel")


def editor(page: Page, exercise: str = MAKE) -> Locator:
    return panel(page, exercise).locator("textarea")


def output(page: Page, exercise: str = MAKE) -> Locator:
    """Return what a program shows, in a box with a height of its own."""
    return panel(page, exercise).locator("[class*='-output']")


def write_program(page: Page, code: str, exercise: str = MAKE) -> None:
    editor(page, exercise).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)


def run_program(page: Page, code: str, exercise: str = MAKE) -> None:
    write_program(page, code, exercise)
    page.keyboard.press("ControlOrMeta+Enter")
