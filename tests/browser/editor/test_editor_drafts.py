"""The code editor in a real browser: what it sends, what it keeps, what a rerun leaves alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editor.desk import (
    DRAFT,
    area,
    button,
    click_elsewhere,
    content,
    draft,
    given,
    go,
    report,
    runs,
)
from tests.browser.editor.editor_page import LABELS, SOLUTION, STARTERS

NewPage = Callable[..., Page]

# --- what is sent, and what is kept -------------------------------------------------------------


def test_typing_sends_nothing_and_run_sends_the_text_once(page: Page, url: str) -> None:
    sent: list[str | bytes] = []

    def note(frame: str | bytes) -> None:
        sent.append(frame)

    page.on("websocket", lambda socket: socket.on("framesent", note))
    go(page, url)
    before = len(sent)
    given(page, "|")
    # Letters that are Streamlit's own keys among them.
    page.keyboard.type("cr = 'r'\nc")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    button(page, "Run").click()
    runs(page, 1)
    assert len(sent) == before + 1
    assert report(page) == {"scripts": 2, "runs": 1, "resets": 0, "sent": "cr = 'r'\nc"}
    area(page).press("End")
    page.keyboard.type("1")
    page.keyboard.press("Control+Enter")
    runs(page, 2)
    page.keyboard.press("Meta+Enter")
    runs(page, 3)
    assert len(sent) == before + 3
    assert report(page)["sent"] == "cr = 'r'\nc1"


@pytest.mark.thorough
def test_the_page_asks_nobody_else_for_anything(page: Page, url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    go(page, url)
    given(page, "print('hello')|")
    button(page, "Run").click()
    runs(page, 1)
    page.wait_for_load_state("networkidle")
    own = (url, "blob:", "data:", url.replace("http", "ws"))
    assert [address for address in asked if not address.startswith(own)] == []


def test_a_draft_survives_a_refresh_and_being_taken_off_the_page(page: Page, url: str) -> None:
    go(page, url)
    assert draft(page) is None
    given(page, "mine|")
    assert draft(page) == "mine"
    page.reload()
    expect(area(page)).to_have_value("mine")
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_count(0)
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_value("mine")
    assert report(page)["runs"] == 0


@pytest.mark.thorough
def test_a_text_that_is_the_servers_again_is_not_kept(page: Page, url: str) -> None:
    go(page, url)
    given(page, "mine|")
    assert draft(page) == "mine"
    area(page).press("Control+z")
    assert area(page).input_value() == STARTERS["short"]
    assert draft(page) is None


@pytest.mark.thorough
def test_a_text_that_was_run_survives_the_loss_of_the_servers_session(page: Page, url: str) -> None:
    go(page, url)
    run_mine(page)
    page.reload()
    expect(area(page)).to_have_value("mine")
    assert report(page)["runs"] == 0


@pytest.mark.thorough
def test_a_text_that_was_run_gives_way_to_one_from_another_machine(page: Page, url: str) -> None:
    go(page, url)
    run_mine(page)
    go(page, url, "lesson")
    expect(area(page)).to_have_value(STARTERS["lesson"])
    run_mine(page)
    click_elsewhere(page, "button", "Other code")
    expect(area(page)).to_have_value("other = 1\n")
    given(page, "not run|")
    go(page, url, "short")
    expect(area(page)).to_have_value("not run")


def run_mine(page: Page) -> None:
    given(page, "mine|")
    area(page).press("Control+Enter")
    runs(page, 1)
    # The next script run is the first to have the text from the server.
    click_elsewhere(page, "checkbox", "Running")
    click_elsewhere(page, "checkbox", "Running")


@pytest.mark.thorough
def test_what_is_typed_while_a_run_is_on_its_way_is_kept(page: Page, url: str) -> None:
    go(page, url)
    given(page, "mine|")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("2")
    runs(page, 1)
    click_elsewhere(page, "checkbox", "Marked")
    assert content(page) == "mine2|"
    assert report(page)["sent"] == "mine"
    assert draft(page) == "mine2"


@pytest.mark.thorough
def test_a_draft_follows_an_exercise_that_moved_and_never_replaces_a_newer_one(
    page: Page, url: str
) -> None:
    former = f"{DRAFT}-before"
    put = (
        "([key, text, base]) => localStorage.setItem(key, JSON.stringify({text, base, sent: base}))"
    )
    for given_before, shown in (
        ("mine from before", "mine from before"),
        ("older", "mine, changed"),
    ):
        go(page, url)
        starter = STARTERS["short"]
        page.evaluate(put, [former, given_before, starter])
        go(page, url)
        expect(area(page)).to_have_value(shown)
        assert page.evaluate("key => localStorage.getItem(key)", former) is None
        given(page, "mine, changed|")
        assert draft(page) == "mine, changed"


@pytest.mark.thorough
def test_a_new_revision_replaces_the_draft(page: Page, url: str) -> None:
    go(page, url)
    given(page, "mine|")
    click_elsewhere(page, "button", "Solution")
    expect(area(page)).to_have_value(SOLUTION)
    page.wait_for_function("key => localStorage.getItem(key) === null", arg=DRAFT)
    page.keyboard.type("mine again")
    click_elsewhere(page, "checkbox", "Marked")
    assert "mine again" in content(page), "the same revision replaces nothing"


@pytest.mark.thorough
def test_a_new_revision_replaces_the_draft_of_an_editor_that_was_away(page: Page, url: str) -> None:
    go(page, url)
    given(page, "mine|")
    # One by one: a click that comes before the script has seen the last one takes its place.
    click_elsewhere(page, "checkbox", "Shown")
    expect(area(page)).to_have_count(0)
    click_elsewhere(page, "button", "Solution")
    click_elsewhere(page, "checkbox", "Shown")
    expect(area(page)).to_have_value(SOLUTION)


@pytest.mark.thorough
def test_a_session_that_knows_no_revision_takes_nothing_away(page: Page, url: str) -> None:
    go(page, url)
    click_elsewhere(page, "button", "Solution")
    expect(area(page)).to_have_value(SOLUTION)
    given(page, "mine|")
    page.reload()
    expect(area(page)).to_have_value("mine")
    click_elsewhere(page, "button", "Solution")
    expect(area(page)).to_have_value(SOLUTION)


@pytest.mark.thorough
def test_the_servers_text_is_shown_until_the_learner_has_touched_it(page: Page, url: str) -> None:
    go(page, url)
    click_elsewhere(page, "button", "Other code")
    expect(area(page)).to_have_value("other = 1\n")
    page.reload()
    expect(area(page)).to_have_value(STARTERS["short"])
    given(page, "mine|")
    click_elsewhere(page, "button", "Other code")
    click_elsewhere(page, "checkbox", "Marked")
    assert content(page) == "mine|"


REFUSALS = {
    "denied": """Object.defineProperty(window, 'localStorage', {
        get() { throw new DOMException('no', 'SecurityError'); } })""",
    "full": """Storage.prototype.setItem = () => {
        throw new DOMException('no', 'QuotaExceededError'); }""",
}


@pytest.mark.thorough
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_where_the_browser_keeps_nothing_the_page_still_remembers(
    new_page: NewPage, url: str, refusal: str
) -> None:
    page = new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(refusal)
    go(page, url)
    given(page, "mine|")
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_count(0)
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_value("mine")
    button(page, "Run").click()
    runs(page, 1)
    assert report(page)["sent"] == "mine"
    assert [error for error in errors if "draft" in error] == []


@pytest.mark.thorough
def test_a_draft_that_cannot_be_read_is_none(page: Page, url: str) -> None:
    go(page, url)
    for kept in ("", "{", "null", "[]", '"mine"', '{"text": 5}'):
        page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [DRAFT, kept])
        page.reload()
        expect(area(page)).to_have_value(STARTERS["short"])


# --- rerenders ----------------------------------------------------------------------------------


@pytest.mark.thorough
def test_new_labels_marks_and_state_leave_caret_scroll_and_focus_alone(
    page: Page, url: str
) -> None:
    go(page, url, "long")
    area(page).evaluate(
        """area => {
            area.focus();
            area.setRangeText('mine', 5, 5, 'end');
            area.dispatchEvent(new InputEvent('input', {bubbles: true}));
            area.setSelectionRange(7, 9);
            area.scrollTop = 700;
        }"""
    )
    where = """area => [area.value, area.selectionStart, area.selectionEnd, area.scrollTop,
        area.matches(':focus')]"""
    before = area(page).evaluate(where)
    assert before[1:] == [7, 9, 700, True]
    click_elsewhere(page, "radio", "ko")
    expect(page.locator("label", has_text=LABELS["ko"].code)).to_be_visible()
    click_elsewhere(page, "checkbox", "Marked")
    expect(page.locator(".mark")).to_have_count(1)
    click_elsewhere(page, "checkbox", "Running")
    expect(button(page, LABELS["ko"].running)).to_be_visible()
    assert area(page).evaluate(where) == before


@pytest.mark.thorough
def test_a_running_program_is_said_and_can_be_edited(page: Page, url: str) -> None:
    go(page, url)
    click_elsewhere(page, "checkbox", "Running")
    running = button(page, "Running")
    expect(running).to_have_attribute("aria-busy", "true")
    running.press("Enter")
    given(page, "mine|")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("!")
    assert content(page) == "mine!|"
    click_elsewhere(page, "checkbox", "Running")
    expect(button(page, "Run")).to_have_attribute("aria-busy", "false")
    assert report(page)["runs"] == 0
    button(page, "Run").click()
    runs(page, 1)


@pytest.mark.thorough
def test_reset_is_asked_about_in_place(page: Page, url: str) -> None:
    go(page, url)
    given(page, "mine|")
    button(page, "Start over").click()
    expect(page.get_by_role("group", name=LABELS["en"].reset_question)).to_be_visible()
    expect(button(page, "Keep my code")).to_be_focused()
    expect(button(page, "Run")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(button(page, "Start over")).to_be_focused()
    page.keyboard.press("Enter")
    button(page, "Keep my code").click()
    assert content(page) == "mine|"
    button(page, "Start over").click()
    button(page, "Start over").click()
    expect(area(page)).to_have_value(STARTERS["short"])
    expect(button(page, "Run")).to_be_visible()
    assert report(page)["resets"] == 1
    assert draft(page) is None
