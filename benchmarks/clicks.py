"""How soon Day 3's page reacts to a click while an answer streams on it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import ElementHandle, Locator, Page

from benchmarks.browser import DAY_3, WRITING, browser, generate, open_day_3, window
from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import HOME, streamlit
from practice.sandbox.runtime import CACHE_SETTING, Unavailable, find

TIMES = 10
# An answer of 345 tokens, which takes more than a minute.
PROMPT = "Explain quantum computing in 2000 characters"
TOKENS_PER_SECOND = "5"
# Longer than any redraw, so that one click's changes are over before the next.
SETTLE_MS = 700
# From the click to the first change of the text in a part of the page, both seen by the page.
REACTION = """([element, part]) => new Promise((resolve, reject) => {
    const text = () => document.querySelector(part)?.innerText ?? '';
    const before = text();
    const timer = setTimeout(() => reject(new Error(`nothing changed in ${part}`)), 20_000);
    const observer = new MutationObserver(() => {
        if (text() === before) return;
        clearTimeout(timer);
        observer.disconnect();
        resolve((performance.now() - began) / 1000);
    });
    observer.observe(document.body, {childList: true, subtree: true, characterData: true});
    const began = performance.now();
    element.click();
})"""
# One that is not chosen: what a learner has answered is kept.
OTHER = '[role="radiogroup"] label:has(input:not(:checked))'
# A panel of Day 3.
EXERCISE = '[class*="-1_make_a_stream-panel"]'
GROWN = (
    """before => document.querySelector('[class*="st-key-answer-"]')?.innerText.length > before"""
)


def reactions() -> list[Figure]:
    """Seconds from a click elsewhere on Day 3 to its first effect, while an answer streams.

    On the browser's clock, 10 times each, one after the other in one page and one answer. After
    each click the answer has to go on. The sandbox is compiled, as it is after ``make run``.
    """
    found: dict[str, list[float]] = {name: [] for name in KINDS}
    try:
        sandbox = find()
        sandbox.prepare()
    except Unavailable as error:
        raise NotMeasured(str(error)) from error
    settings = {
        "COURSE_FIRST_TOKEN": "0",
        "COURSE_TOKENS_PER_SECOND": TOKENS_PER_SECOND,
        CACHE_SETTING: str(sandbox.compiled.parent),
    }
    with streamlit(HOME, **settings) as server, browser() as opened, window(opened) as tabs:
        for begin in range(0, TIMES, 2):
            with open_day_3(tabs, server.url) as page:
                _ask(page)
                for number in (begin, begin + 1):
                    for name, (locate, part) in KINDS.items():
                        found[name].append(_reaction(page, locate(page, number), part))
    return [Figure(f"While an answer streams: {name}", found[name], "reaction") for name in KINDS]


def _ask(page: Page) -> None:
    field = page.get_by_role("textbox", name="Enter your prompt:")
    field.fill(PROMPT)
    field.press("Enter")
    page.wait_for_timeout(SETTLE_MS)
    generate(page, WRITING)


def _reaction(page: Page, found: Locator, part: str) -> float:
    element: ElementHandle = found.element_handle()
    seconds = float(page.evaluate(REACTION, [element, part]))
    page.wait_for_timeout(SETTLE_MS)
    if part == "h1" and not page.locator(".st-key-demo-box").count():
        # Back to the page, where the answer has gone on.
        _link(page, DAY_3).click()
        page.locator(".st-key-demo-box").wait_for()
    shown = page.locator('[class*="st-key-answer-"]').first
    page.wait_for_function(GROWN, arg=len(shown.inner_text()))
    if not page.locator(".demo-running").count():
        raise NotMeasured("the answer has ended")
    return seconds


def _link(page: Page, path: str) -> Locator:
    return page.locator(f'[data-testid="stSidebarNav"] a[href*="{path}"]').first


def _option(page: Page, _: int) -> Locator:
    return page.locator(f".st-key-box-q-first-line {OTHER}").first


def _hint(page: Page, number: int) -> Locator:
    return page.locator(f"{EXERCISE} [class*=-hints] button:not([disabled])").nth(
        0 if number % 2 else -1
    )


def _run(page: Page, _: int) -> Locator:
    # A program that is started again while it runs shows nothing new until it ends.
    page.locator(f"{EXERCISE} .stop").wait_for(state="hidden")
    return page.locator(f"{EXERCISE} .run")


def _lab(page: Page, _: int) -> Locator:
    # Once it is open, its settings are a second one.
    return page.locator(".st-key-lab summary").first


def _language(page: Page, _: int) -> Locator:
    return page.get_by_test_id("stSidebar").locator(OTHER).first


def _page(page: Page, _: int) -> Locator:
    # Home, which has no demo.
    return page.locator('[data-testid="stSidebarNav"] a').first


#: What is clicked, and the part of the page whose text is to change.
KINDS: dict[str, tuple[Callable[[Page, int], Locator], str]] = {
    "an option of a question": (_option, ".st-key-box-q-first-line"),
    "a hint": (_hint, EXERCISE),
    "Run": (_run, EXERCISE),
    "the lab": (_lab, ".st-key-lab"),
    "the other language": (_language, "h1"),
    "another page": (_page, "h1"),
}
