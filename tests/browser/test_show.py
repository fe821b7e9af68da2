"""show(): an answer survives clicks, or ends with its run; its text stays, whole and clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.server import streamlit_server
from tests.browser.stream_page import SHORT

SCRIPT = Path(__file__).with_name("stream_page.py")
CURSOR = "▌"
# Notes each time that the text on the page is not at least as long as it was.
WATCH = """() => {
    window.drops = []
    let before = ''
    const look = () => {
        const now = (document.querySelector('.st-key-shown')?.innerText ?? '').replace('▌', '')
        if (now.length < before.length - 4) window.drops.push([before.length, now.length])
        before = now
        requestAnimationFrame(look)
    }
    look()
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with streamlit_server(tmp_path_factory.mktemp("home"), SCRIPT) as address:
        yield address


def ask(page: Page) -> None:
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".st-key-shown")).to_contain_text("aragraph")


def widget(page: Page, number: int) -> Locator:
    return page.get_by_test_id("stCheckbox").nth(number)


def test_clicks_are_answered_while_the_text_grows_to_its_end_without_a_drop(
    new_page: Callable[..., Page], url: str
) -> None:
    page = new_page()
    page.goto(f"{url}?survives&short")
    ask(page)
    page.evaluate(WATCH)
    for number in range(8):
        widget(page, number).click()
        expect(page.get_by_text(f"clicks: {number + 1}")).to_be_visible()
        if number == 0:
            expect(page.get_by_text("status: running")).to_be_visible()
    expect(page.get_by_text("status: unknown_end, told 1 times")).to_be_visible()
    shown = page.locator(".st-key-shown")
    expect(shown).not_to_contain_text(CURSOR)
    assert shown.inner_text().split() == SHORT.split()
    assert page.evaluate("window.drops") == []


@pytest.mark.thorough
def test_a_tab_that_is_closed_ends_its_model_call(new_page: Callable[..., Page], url: str) -> None:
    page, other = new_page(), new_page()
    other.goto(url)
    closed = int(other.get_by_text("closed:").inner_text().split()[-1])
    page.goto(f"{url}?survives")
    ask(page)
    page.close()

    def looked() -> bool:
        other.reload()
        return int(other.get_by_text("closed:").inner_text().split()[-1]) > closed

    for _ in range(30):
        if looked():
            return
        other.wait_for_timeout(500)
    raise AssertionError("the model call has not ended")


@pytest.fixture
def page(new_page: Callable[..., Page], url: str, request: pytest.FixtureRequest) -> Page:
    page = new_page()
    page.goto(f"{url}?{request.param}")
    ask(page)
    page.wait_for_function(
        f"() => document.querySelector('.st-key-shown')?.innerText.includes('{CURSOR}')"
        " && document.querySelector('.st-key-shown strong')?.innerText.includes('bold words')"
    )
    return page


def expect_a_clean_end(page: Page) -> None:
    shown = page.locator(".st-key-shown")
    expect(shown).not_to_contain_text(CURSOR)
    # Half of a mark is part of what came.
    expect(shown).to_contain_text("**bold words")


@pytest.mark.thorough
@pytest.mark.parametrize("page", [""], indirect=True)
def test_streamlits_own_stop_leaves_the_text_clean_and_ends_the_call(page: Page) -> None:
    page.get_by_test_id("stStatusWidget").get_by_role("button", name="Stop").click()
    expect_a_clean_end(page)
    widget(page, 0).click()
    expect(page.get_by_text("status: cancelled")).to_be_visible()
    expect_a_clean_end(page)


@pytest.mark.parametrize("page", ["survives"], indirect=True)
def test_the_text_goes_on_by_itself_when_the_next_turn_was_lost(page: Page) -> None:
    # As Streamlit's own Stop loses it.
    page.get_by_test_id("stStatusWidget").get_by_role("button", name="Stop").click()
    expect(page.get_by_test_id("stStatusWidget")).to_be_hidden()
    before = len(page.locator(".st-key-shown").inner_text())
    page.wait_for_function(
        "before => document.querySelector('.st-key-shown').innerText.length > before", arg=before
    )


@pytest.mark.parametrize("page", ["survives&two"], indirect=True)
def test_an_answer_whose_next_turn_was_lost_goes_on_while_another_one_runs(page: Page) -> None:
    # As it is when the server has not heard the end of a turn before the next one begins.
    page.evaluate("""() => {
        const turns = window.streamingTurns
        turns.has = (turn) => {
            window.lostTurn = turn
            delete turns.has
            return true
        }
    }""")
    page.wait_for_function("window.lostTurn")
    for key in ("shown", "second"):
        before = len(page.locator(f".st-key-{key}").inner_text())
        page.wait_for_function(
            "([key, before]) => document.querySelector(`.st-key-${key}`).innerText.length > before",
            arg=[key, before + 200],
        )


@pytest.mark.thorough
@pytest.mark.parametrize("page", [""], indirect=True)
def test_without_a_key_another_widget_ends_the_call_and_keeps_the_text(page: Page) -> None:
    shown = page.locator(".st-key-shown").inner_text().rstrip(CURSOR).strip()
    widget(page, 0).click()
    expect(page.get_by_text("status: cancelled")).to_be_visible()
    expect_a_clean_end(page)
    # While it grew, the browser drew its open mark as bold.
    kept = page.locator(".st-key-shown").inner_text().replace("**", "")
    assert kept.startswith(shown[:-5])


def test_thinking_is_open_until_the_answer_begins_and_all_events_survive_clicks(
    new_page: Callable[..., Page], url: str
) -> None:
    page = new_page()
    page.goto(f"{url}?survives&tools")
    page.get_by_role("button", name="Ask").click()
    shown = page.locator(".st-key-shown")
    box = shown.get_by_test_id("stExpander")
    expect(box.get_by_text("Let me see. Let me see.")).to_be_visible()
    widget(page, 0).click()
    expect(page.get_by_text("clicks: 1")).to_be_visible()
    expect(shown.get_by_text("look_up")).to_be_visible()
    expect(box.get_by_text("Let me see.")).to_be_hidden()
    widget(page, 1).click()
    expect(page.get_by_text("told 1 times")).to_be_visible()
    expect(shown.get_by_test_id("stCode")).to_have_text(['{"x": 1}', "found"])
    expect(shown.get_by_test_id("stCaptionContainer")).to_have_text("A document")
    expect(box).to_have_count(1)
