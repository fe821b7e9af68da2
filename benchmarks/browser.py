"""The course's pages in a real Chromium, timed by the browser's own clock."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from benchmarks.figures import NotMeasured
from tests.browser import chromium
from tests.browser.server import ROOT

TIMEOUT_MS = 20_000
DAY_3 = "day_03_write_streams"

# Conditions on the page, as JavaScript. Of Streamlit's names only its marks for tests are not made
# by each release; the course's own is there while an answer is awaited or streams.
#: The script is in a state, "running" or "notRunning".
SCRIPT_IS = """document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === '%s'"""
FINISHED = f"{SCRIPT_IS % 'notRunning'} && document.querySelector('h1')"
ANSWERING = "document.querySelector('.demo-running')"
#: The answer's first text: below the heading, in the demo, not in a message.
WRITING = """(() => {
    const heading = [...document.querySelectorAll('h3')].find(e => /^Response:/.test(e.innerText));
    const demo = heading?.closest('[data-testid="stVerticalBlock"]');
    return [...demo?.querySelectorAll('[data-testid="stMarkdown"]') ?? []].some(e =>
        heading.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING
        && !e.closest('[data-testid="stAlert"]')
        && e.innerText.trim());
})()"""
_TEXTS = tomllib.loads((ROOT / "course" / "locales" / "en.toml").read_text("utf-8"))["demo"]


def _stopped(message: str) -> str:
    return f"""!{ANSWERING}
        && document.querySelector('[data-testid="stMain"]').innerText
            .includes({json.dumps(message)})"""


#: Nothing runs any more and the page says that the answer was stopped: with text, and before any.
STOPPED = _stopped(_TEXTS["stopped"])
STOPPED_EARLY = _stopped(_TEXTS["stopped_early"])

# A click and what follows it, both seen by the page itself: no time of the driver's is in it.
TIMED_PRESS = """([label, timeout]) => new Promise((resolve, reject) => {
    const met = () => Boolean(CONDITION);
    const button = [...document.querySelectorAll('[data-testid="stMain"] button')]
        .find(e => e.innerText.trim().endsWith(label));
    if (!button) return reject(new Error(`no button ${label}`));
    const timer = setTimeout(() => reject(new Error(`nothing followed ${label}`)), timeout);
    const observer = new MutationObserver(() => {
        if (!met()) return;
        clearTimeout(timer);
        observer.disconnect();
        resolve((performance.now() - began) / 1000);
    });
    observer.observe(document.body, {childList: true, subtree: true, characterData: true});
    const began = performance.now();
    button.click();
})"""


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a Chromium and always close it.

    Raises:
        NotMeasured: there is none, or a page did not do what was waited for.
    """
    path = chromium.find()
    if path is None:
        raise NotMeasured("there is no Chromium here")
    try:
        with sync_playwright() as playwright:
            opened = playwright.chromium.launch(
                executable_path=path, args=chromium.arguments(), timeout=TIMEOUT_MS
            )
            try:
                yield opened
            finally:
                opened.close()
    except Error as error:
        raise NotMeasured(str(error).splitlines()[0]) from error


@contextmanager
def window(opened: Browser) -> Iterator[BrowserContext]:
    """Open a window with an empty cache, for English, and always close it."""
    context = opened.new_context(locale="en-GB")
    context.set_default_timeout(TIMEOUT_MS)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def open_page(context: BrowserContext, url: str, *, settled: bool = True) -> Iterator[Page]:
    """Open an address in a tab; yield it when the script has finished and its title is there.

    Not ``settled``: at once.
    """
    page = context.new_page()
    page.goto(url)
    if settled:
        _wait_for(page, FINISHED)
    yield page
    page.close()


@contextmanager
def open_day_3(context: BrowserContext, url: str, *, settled: bool = True) -> Iterator[Page]:
    """Open Home in a tab, go to Day 3 from there, and yield it once it is fully drawn.

    Not ``settled``: as soon as its Generate button is there.
    """
    with open_page(context, f"{url}/?lang=en") as page:
        page.locator(f'[data-testid="stSidebar"] a[href*="{DAY_3}"]').click()
        page.get_by_role("button", name="Generate").wait_for()
        if settled:
            _wait_for(page, FINISHED)
        yield page


def generate(page: Page, until: str) -> None:
    """Press Generate and wait for a condition."""
    press(page, "Generate", until)


def press(page: Page, label: str, until: str) -> float:
    """Press a button and return the seconds until a condition holds on the page."""
    script = TIMED_PRESS.replace("CONDITION", until)
    return float(page.evaluate(script, [label, TIMEOUT_MS]))


def _wait_for(page: Page, condition: str) -> None:
    """Wait until a condition holds on the page."""
    page.wait_for_function(f"() => Boolean({condition})")
