"""show(): stopped or interrupted in the middle, the answer stays, whole and without a cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import streamlit_server

pytestmark = pytest.mark.thorough

SCRIPT = Path(__file__).with_name("stream_page.py")
CURSOR = "▌"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with streamlit_server(tmp_path_factory.mktemp("home"), SCRIPT) as address:
        yield address


@pytest.fixture
def page(new_page: Callable[..., Page], url: str) -> Page:
    page = new_page()
    page.goto(url)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_function(
        f"() => document.querySelector('.st-key-answer')?.innerText.includes('{CURSOR}')"
        " && document.querySelector('.st-key-answer strong')?.innerText.includes('bold words')"
    )
    return page


def expect_a_clean_end(page: Page) -> None:
    answer = page.locator(".st-key-answer")
    expect(answer).not_to_contain_text(CURSOR)
    # Half of a mark is part of what came.
    expect(answer).to_contain_text("**bold words")
    expect(answer.locator("[data-testid=stMarkdown]")).to_have_count(1)


def test_streamlits_own_stop_leaves_the_text_clean_and_closes_the_source(page: Page) -> None:
    page.get_by_test_id("stStatusWidget").get_by_role("button", name="Stop").click()
    expect_a_clean_end(page)
    # The run that follows finds the text and the status, and the source closed.
    page.get_by_test_id("stCheckbox").click()
    expect(page.get_by_text("status: cancelled")).to_be_visible()
    expect(page.get_by_text("closed: 1")).to_be_visible()
    expect_a_clean_end(page)


def test_another_widget_in_the_middle_ends_the_model_call_and_keeps_the_text(page: Page) -> None:
    shown = page.locator(".st-key-answer").inner_text().rstrip(CURSOR).strip()
    page.get_by_test_id("stCheckbox").click()
    expect(page.get_by_text("status: cancelled")).to_be_visible()
    expect_a_clean_end(page)
    # While it grew, the browser drew its open mark as bold.
    kept = page.locator(".st-key-answer").inner_text().replace("**", "")
    assert kept.startswith(shown[:-5])
    page.get_by_test_id("stCheckbox").click()
    expect(page.get_by_text("closed: 1")).to_be_visible()
    expect_a_clean_end(page)
