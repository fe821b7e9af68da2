"""The stream lab in a real browser: side by side to the end, stopped, broken, measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.day_3 import settle
from tests.browser.endless_model import EndlessModel, endless_model
from tests.browser.server import streamlit_server

pytestmark = pytest.mark.thorough

DAY = "day_03_write_streams"
STREAMLITS_OWN = ("list", "listitem")  # its navigation: see test_accessibility.py

NewPage = Callable[..., Page]

# Whether one answer was ever well on its way before the other had begun.
BEHIND = """() => {
    window.behind = false;
    const length = way =>
        document.querySelector(`.st-key-lab-text-${way}`)?.innerText.length ?? 0;
    new MutationObserver(() => {
        window.behind ||= length('direct') > 100 && length('custom') <= 100;
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def open_lab(page: Page, course: str, language: str = "en") -> Locator:
    page.goto(f"{course}/{DAY}?lang={language}")
    expect(page.locator(".st-key-read-box")).to_be_visible()
    page.locator(".st-key-lab-drawer summary").click()
    expect(button(page, "compare")).to_be_visible()
    return page.locator(".st-key-lab")


def choose(page: Page, view: str, number: int) -> None:
    page.locator(".st-key-lab").get_by_role("radiogroup").first.locator("label").nth(number).click()
    expect(button(page, view)).to_be_visible()


def button(page: Page, view: str) -> Locator:
    return page.locator(f".st-key-lab-run-{view} button")


def running(page: Page) -> Locator:
    return page.locator(".st-key-lab-running")


def shown(page: Page, way: str) -> str:
    return page.locator(f".st-key-lab-text-{way}").inner_text()


def is_accessible(page: Page) -> None:
    """Let axe look at what a run has left, as a wide page and, in the other theme, as a phone's."""
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(running(page)).to_have_count(0)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        main = page.get_by_test_id("stMain")
        assert main.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
        serious = [
            f"{rule['id']}: {[node['target'] for node in rule['nodes']]}"
            for rule in Axe().run(page).response["violations"]
            if rule["impact"] in ("serious", "critical") and rule["id"] not in STREAMLITS_OWN
        ]
        assert serious == []


def test_three_ways_stream_side_by_side_and_the_run_is_put_into_words(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    lab = open_lab(page, course)
    page.evaluate(BEHIND)
    button(page, "compare").click()
    expect(lab.get_by_text("What to look for in this run")).to_be_visible()
    # Method 1 was well on its way while method 2 had nothing to show yet.
    assert page.evaluate("window.behind")
    expect(lab.get_by_text("still typing")).to_be_visible()
    expect(lab.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    assert shown(page, "custom") == shown(page, "direct") == shown(page, "ours")
    page.locator(".st-key-lab-past summary").click()
    with page.expect_download() as download:
        lab.get_by_role("button", name="Download as CSV", exact=True).click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("run,way,status,model")
    is_accessible(page)


def test_stop_ends_all_of_them_and_keeps_what_was_measured(course: str, new_page: NewPage) -> None:
    page = new_page()
    lab = open_lab(page, course)
    button(page, "compare").click()
    expect(page.locator(".st-key-lab-text-direct")).to_contain_text("Quantum")
    stop = page.locator(".st-key-lab-stop button")
    expect(stop).to_be_visible()
    stop.click()
    expect(running(page)).to_have_count(0)
    expect(lab.get_by_text("Stopped.")).to_be_visible()
    expect(stop).to_be_hidden()
    kept = shown(page, "direct")
    assert "Quantum" in kept
    expect(button(page, "compare")).to_be_enabled()
    # Fifty tokens' time at the pace of this course.
    page.wait_for_timeout(500)
    assert shown(page, "direct") == kept


def test_a_reset_leaves_an_error_on_one_side_and_a_sentence_on_the_other(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    lab = open_lab(page, course)
    choose(page, "breaking", 2)
    page.locator(".st-key-lab-fault-en").get_by_role("combobox").click()
    page.get_by_role("option", name="The connection is reset in the middle").click()
    button(page, "breaking").click()
    theirs = page.locator(".st-key-lab-text-naive")
    mine = page.locator(".st-key-lab-text-ours")
    expect(theirs).to_contain_text("ChunkedEncodingError")
    expect(theirs).to_contain_text("In the program's hands: 0 characters")
    expect(mine).to_contain_text("The connection was cut in the middle of the answer.")
    expect(mine).not_to_contain_text("In the program's hands: 0 characters")
    expect(lab.get_by_text("except StreamError as error:")).to_be_visible()
    is_accessible(page)


def test_what_it_costs_is_counted_on_this_pages_own_connection(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    received = 0

    def count(payload: str | bytes) -> None:
        nonlocal received
        received += len(payload)

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    lab = open_lab(page, course)
    choose(page, "cost", 3)
    settle(page)
    before = received
    button(page, "cost").click()
    expect(lab.get_by_text("times less")).to_be_visible()
    figures = lab.get_by_text("Bytes sent").all_inner_texts()
    naive, ours = (int("".join(filter(str.isdigit, each))) for each in figures)
    assert naive > 4 * ours
    # The browser's own count has all the rest of the page in it, too.
    assert received - before > 0.7 * (naive + ours)


def test_the_wire_can_be_gone_through_step_by_step(course: str, new_page: NewPage) -> None:
    page = new_page()
    lab = open_lab(page, course, "ko")
    choose(page, "wire", 1)
    button(page, "wire").click()
    # Not expect(), which looks once a second after a while.
    running(page).locator(".lab-wire tbody tr").nth(3).wait_for()
    expect(running(page)).to_have_count(0)
    step = page.locator(".st-key-lab-step-box")
    expect(step).to_contain_text("U+D83D")
    lab.get_by_role("button", name="다음").click()
    expect(step).to_contain_text("U+1F600")
    lab.get_by_role("button", name="이전").click()
    expect(step).not_to_contain_text("U+1F600")
    is_accessible(page)


@pytest.fixture(scope="module")
def model() -> Iterator[EndlessModel]:
    with endless_model() as running:
        yield running


@pytest.fixture(scope="module")
def endless_course(model: EndlessModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("endless")
    with streamlit_server(home, COURSE_RELAY_URL=model.url, LANG="C.UTF-8") as url:
        yield url


def becomes(condition: Callable[[], bool]) -> None:
    """Wait for what Playwright does not see; generous, as a busy machine takes its time."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["a closed tab", "a refresh", "Stop"])
def test_every_call_of_a_model_ends_with_its_run(
    endless_course: str, model: EndlessModel, new_page: NewPage, how: str
) -> None:
    for view, number, calls in (("compare", 0, 3), ("breaking", 2, 1)):
        page = new_page()
        open_lab(page, endless_course)
        choose(page, view, number)
        if view == "breaking":
            page.locator(".st-key-lab-fault-en").get_by_role("combobox").click()
            # The hand-out's code breaks at once, and must not keep its connection either.
            page.get_by_role("option", name="An emoji arrives torn in two").click()
            settle(page)
        button(page, view).click()
        expect(running(page)).to_be_visible()
        becomes(lambda wanted=calls: model.being_read == wanted)  # type: ignore[misc]
        if how == "Stop":
            page.locator(".st-key-lab-stop button").click()
        elif how == "a refresh":
            page.reload()
        else:
            page.close()
        becomes(lambda: model.being_read == 0)
