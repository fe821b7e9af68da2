"""The stream lab in a real browser: side by side to the end, stopped, broken, measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from course.language import texts
from tests.browser.conftest import WIDE
from tests.browser.day_3 import choose_language, open_by, open_drawer, settle, whole
from tests.browser.endless_model import EndlessModel
from tests.browser.server import Course

pytestmark = pytest.mark.thorough

DAY, BREAKING_DAY = "day_03_write_streams", "day_04_when_it_breaks"
VIEWS = ("compare", "wire", "cost")

NewPage = Callable[..., Page]


def open_lab(page: Page, course: str, view: str = "compare") -> Locator:
    page.goto(f"{course}/{BREAKING_DAY if view == 'breaking' else DAY}?lang=en")
    whole(page)
    open_drawer(page.locator(".st-key-lab-drawer"), button(page, view))
    return page.locator(".st-key-lab")


def choose(page: Page, view: str) -> None:
    choice = page.locator(".st-key-lab").get_by_role("radiogroup").first.locator("label")
    choice.nth(VIEWS.index(view)).click()
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
        # The rest of the page is looked at in test_accessibility.py.
        found = Axe().run(page, context=".st-key-lab").response["violations"]
        assert [
            f"{rule['id']}: {[node['target'] for node in rule['nodes']]}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ] == []


def choose_option(page: Page, setting: str, name: str) -> None:
    box = page.locator(f".st-key-lab-{setting}-en").get_by_role("combobox")
    option = page.get_by_role("option", name=name)
    # The list closes when the page scrolls, as it does to the field.
    box.scroll_into_view_if_needed()
    open_by(box, option)
    option.click()
    settle(page)


@pytest.fixture(scope="module")
def opened(window: BrowserContext, shared_course: Course) -> Iterator[tuple[Page, list[int]]]:
    """A page whose lab is open, and the size of each message that it has got from the server."""
    page, received = window.new_page(), list[int]()

    def note(payload: str | bytes) -> None:
        received.append(len(payload))

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    open_lab(page, shared_course.url)
    yield page, received
    page.close()


@pytest.fixture
def page(opened: tuple[Page, list[int]]) -> Page:
    page = opened[0]
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    return page


def test_three_ways_answer_side_by_side_and_the_run_is_put_into_words(page: Page) -> None:
    lab = page.locator(".st-key-lab")
    choose(page, "compare")
    # Method 2 takes a second for every hundred characters.
    question = page.locator(".st-key-lab-question-en")
    open_drawer(page.locator("[class*=st-key-lab-settings-compare]"), question)
    choose_option(page, "question", texts("en")["lab.length.short"].partition("{")[0])
    button(page, "compare").click()
    expect(lab.get_by_text("What to look for in this run")).to_be_visible()
    expect(lab.get_by_text("still typing")).to_be_visible()
    expect(lab.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    assert shown(page, "custom") == shown(page, "direct") == shown(page, "ours")
    page.locator(".st-key-lab-past summary").click()
    expect(lab.get_by_test_id("stDataFrame")).to_be_visible()
    is_accessible(page)


def test_a_phone_shows_the_lane_that_is_chosen(page: Page) -> None:
    choose(page, "compare")
    panels = [page.locator(f".st-key-lab-text-{way}") for way in ("direct", "custom", "ours")]
    choice = page.locator(".st-key-lab-lane-choice").get_by_role("radiogroup").locator("label")
    for panel in panels:
        expect(panel).to_be_visible()
    expect(choice.first).to_be_hidden()
    page.set_viewport_size({"width": 360, "height": 800})
    for number in range(3):
        choice.nth(number).click()
        for other, panel in enumerate(panels):
            expect(panel).to_be_visible(visible=other == number)


def test_a_reset_leaves_an_error_on_one_side_and_a_sentence_on_the_other(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    open_lab(page, course, "breaking")
    choose_option(page, "fault", "fault-reset")
    button(page, "breaking").click()
    theirs = page.locator(".st-key-lab-text-naive")
    mine = page.locator(".st-key-lab-text-ours")
    expect(theirs).to_contain_text("ChunkedEncodingError")
    expect(theirs).to_contain_text("Kept by the program: 0 characters")
    expect(mine).to_contain_text("The connection was lost in the middle of the answer.")
    expect(mine).not_to_contain_text("Kept by the program: 0 characters")
    page.locator("[class*=st-key-lab-code] summary").click()
    expect(page.locator(".st-key-lab").get_by_text("except StreamError as error:")).to_be_visible()
    is_accessible(page)


def test_what_it_costs_is_counted_on_this_pages_own_connection(
    page: Page, opened: tuple[Page, list[int]]
) -> None:
    received = opened[1]
    lab = page.locator(".st-key-lab")
    choose(page, "cost")
    settle(page)
    before = sum(received)
    button(page, "cost").click()
    expect(lab.get_by_text("a factor of")).to_be_visible()
    figures = lab.get_by_text("Bytes sent").all_inner_texts()
    naive, ours = (int("".join(filter(str.isdigit, each))) for each in figures)
    assert naive > 4 * ours
    # The browser's own count has all the rest of the page in it, too.
    assert sum(received) - before > 0.7 * (naive + ours)


def test_the_wire_can_be_gone_through_step_by_step(page: Page) -> None:
    choose(page, "wire")
    button(page, "wire").click()
    step = page.locator(".st-key-lab-step-box")
    expect(step).to_contain_text("U+D83D")
    page.locator(".st-key-lab-step-after button").click()
    expect(step).to_contain_text("U+1F600")
    page.locator(".st-key-lab-step-before button").click()
    expect(step).not_to_contain_text("U+1F600")
    is_accessible(page)


def begin(page: Page, view: str, model: EndlessModel) -> None:
    """Begin a run that has no end of its own, and wait until all of its calls are being read."""
    if view in VIEWS:
        choose(page, view)
    else:
        # Day 3's code breaks at once, and must not keep its connection either.
        choose_option(page, "fault", "fault-split-emoji")
    button(page, view).click()
    expect(running(page)).to_be_visible()
    model.comes_to_be_read_by(3 if view == "compare" else 1)


def stop_it(page: Page, model: EndlessModel) -> None:
    page.locator(".st-key-lab-stop button").click()
    expect(running(page)).to_have_count(0)
    model.comes_to_be_read_by(0)


def test_other_clicks_are_answered_while_a_run_goes_on(
    endless_course: str, model: EndlessModel, new_page: NewPage
) -> None:
    page = new_page()
    open_lab(page, endless_course)
    begin(page, "compare", model)
    page.locator(".st-key-lab-run-compare button").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".st-key-lab-stop button")).to_be_focused()
    grown = [0]

    def grows() -> None:
        """Wait until there is more text than ever before."""
        page.wait_for_function(
            """least => {
                const panel = document.querySelector(".st-key-lab-text-direct")
                return panel && panel.innerText.length > least
            }""",
            arg=grown[-1],
        )
        grown.append(len(shown(page, "direct")))

    grows()
    question = page.locator(".st-key-box-q-first-line")
    question.get_by_role("radiogroup").locator("label").nth(1).click()
    expect(question.get_by_test_id("stAlert")).to_be_visible()
    grows()
    exercise = page.locator('[class*="-1_make_a_stream-panel"]')
    exercise.get_by_role("button", name="Show hint").click()
    expect(exercise.get_by_text("Hint 1 of")).to_be_visible()
    grows()
    choose(page, "wire")
    expect(running(page)).to_be_visible()
    choose(page, "compare")
    grows()
    for name in ("한국어", "English"):
        choose_language(page, name)
        grows()
    page.get_by_role("link", name="Day 2").first.click()
    expect(page.locator(".st-key-lab")).to_have_count(0)
    page.get_by_role("link", name="Day 3").first.click()
    grows()
    model.comes_to_be_read_by(3)
    stop_it(page, model)
    grown.append(len(shown(page, "direct")))
    assert grown == sorted(grown)


def test_a_run_is_seen_before_its_end_survives_a_refresh_and_ends_with_stop_and_a_closed_tab(
    endless_course: str, model: EndlessModel, new_page: NewPage
) -> None:
    page = new_page()
    lab = open_lab(page, endless_course)
    begin(page, "compare", model)
    # Method 1 is well on its way while method 2 has nothing to show yet.
    expect(page.locator(".st-key-lab-text-direct")).to_contain_text("word word word")
    assert "word" not in shown(page, "custom")
    stop_it(page, model)
    expect(lab.get_by_text("Stopped.")).to_be_visible()
    assert "word word word" in shown(page, "direct")
    expect(button(page, "compare")).to_be_enabled()
    begin(page, "wire", model)
    page.locator(".lab-wire tbody tr").nth(3).wait_for()
    # It has seen enough after a while, and reads no further.
    model.comes_to_be_read_by(0)
    expect(running(page)).to_have_count(0)
    for view in ("breaking", "compare"):
        open_lab(page, endless_course, view)
        begin(page, view, model)
        stop_it(page, model)
        begin(page, view, model)
        page.reload()
        expect(page.locator(".st-key-lab-text-ours")).to_contain_text("word word word")
        if view == "compare":  # the other one may have come to its end
            expect(running(page)).to_be_visible()
            model.comes_to_be_read_by(3)
        page.close()
        model.comes_to_be_read_by(0)
        page = new_page()
