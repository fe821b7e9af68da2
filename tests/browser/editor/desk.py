"""The code editor on a page for tests: what is in it, and what it has sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

SCRIPT = Path(__file__).with_name("editor_page.py")
#: Where the browser keeps what is written in the editor of editor_page.py.
DRAFT = "course-draft:exercise"
# Where a test writes the caret, or both ends of the selection.
CARET = "|"

READ = """area => {
    const [start, end] = [area.selectionStart, area.selectionEnd];
    const marks = start === end ? [start] : [end, start];
    return marks.reduce((text, at) => text.slice(0, at) + '|' + text.slice(at), area.value);
}"""


def go(page: Page, url: str, start: str = "short", lang: str = "en") -> Page:
    page.goto(f"{url}?start={start}&lang={lang}")
    expect(area(page)).to_be_visible()
    return page


def area(page: Page) -> Locator:
    return page.locator(".stBidiComponent").get_by_role("textbox")


def button(page: Page, name: str) -> Locator:
    return page.locator(".stBidiComponent").get_by_role("button", name=name, exact=True)


def given(page: Page, text: str) -> None:
    """Put ``text`` in the editor, with the caret or the selection where it is marked."""
    bare = text.replace(CARET, "")
    start = text.index(CARET)
    end = text.rindex(CARET) - (text.count(CARET) - 1)
    area(page).fill(bare)
    area(page).evaluate("(area, [start, end]) => area.setSelectionRange(start, end)", [start, end])


def content(page: Page) -> str:
    """Return the editor's text, marked as in ``given``."""
    found: str = area(page).evaluate(READ)
    return found


def report(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.get_by_text('"scripts":').inner_text())
    return found


def runs(page: Page, number: int) -> None:
    expect(page.get_by_text(f'"runs": {number},')).to_be_visible()


def click_elsewhere(page: Page, kind: str, name: str) -> None:
    """Use a widget of the page without taking the focus from the editor."""
    scripts = report(page)["scripts"]
    page.get_by_test_id("stSidebar").get_by_role(kind, name=name).dispatch_event("click")  # type: ignore[arg-type]
    expect(page.get_by_text(f'"scripts": {scripts + 1},')).to_be_visible()


def draft(page: Page) -> str | None:
    kept: str | None = page.evaluate("key => localStorage.getItem(key)", DRAFT)
    return None if kept is None else str(json.loads(kept)["text"])
