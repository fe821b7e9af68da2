"""Day 6 in a real browser: an answer is stopped, its tokens are counted, and a program does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from course import content
from course.language import texts
from tests.browser.day_3 import generate, settle, stop, whole, write_prompt
from tests.browser.server import streamlit_server
from tests.local_cortex.programs import command_line

pytestmark = pytest.mark.thorough

DAY = "day_06_stop"
CLOSING = "With stream.close()"
NewPage = Callable[..., Page]


def after_stop(answer: Locator) -> int:
    """Return how many tokens were made after Stop, once no more are being made."""
    over = texts("en")["stopping.over"].rpartition(". ")[2]
    expect(answer).to_contain_text(over)
    label = texts("en")["stopping.after"]
    shown = answer.get_by_test_id("stMetric").filter(has_text=label).inner_text()
    return int(re.findall(r"\d+", shown)[-1])


def test_a_learner_stops_an_answer_both_ways_and_opens_the_lab(
    course: str, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    page.goto(f"{course}/{DAY}?lang=en")
    whole(page)
    demo = page.locator(".st-key-demo-box")

    # Long enough to be stopped by a slow browser, too.
    write_prompt(page, texts("en")["lab.question.long"])

    def stopped(way: str) -> int:
        demo.get_by_role("radiogroup").get_by_text(way, exact=True).click()
        generate(page).click()
        # Of two answers, the closed one is the first.
        shown = page.locator(".st-key-answer-0")
        expect(stop(page)).to_be_visible()
        expect(shown).to_have_text(re.compile(".{20}", re.DOTALL))
        stop(page).click()
        columns = demo.get_by_test_id("stColumn").filter(has_text=way)
        return after_stop(columns.first if way == CLOSING else demo)

    assert stopped("Without stream.close()") > 50
    assert stopped(CLOSING) < 20

    settle(page)
    page.locator(".st-key-lab-drawer summary").click()
    page.locator(".st-key-lab-run-stop button").click()
    found = texts("en")["lab.stop.found"].partition("{")[0]
    expect(page.locator(".st-key-lab")).to_contain_text(found)
    left, shut = (page.locator(f".st-key-lab-text-{name}") for name in ("left", "closed"))
    late = [int(re.findall(r"\d+", each.inner_text())[-1]) for each in (left, shut)]
    assert late[0] > 100 > 20 > late[1]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Run the day's whole program against Local Cortex; its address, and its terminal's file."""
    script = tmp_path / "day6.py"
    script.write_text(content.program(content.find(DAY)), "utf-8")
    options = ("--log-streams", "--first-token", "0", "--tokens-per-second", "40")
    under = command_line(options=options)
    with streamlit_server(tmp_path, script, under=under) as url:
        yield url, tmp_path / "streamlit.log"


def test_the_days_program_ends_the_call_with_stop_and_keeps_what_came(
    program: tuple[str, Path], new_page: NewPage
) -> None:
    url, log = program
    page = new_page()
    page.goto(url)
    box = page.get_by_test_id("stChatInput").locator("textarea")
    box.fill("Explain quantum computing in simple terms.")
    box.press("Enter")
    answer = page.get_by_test_id("stChatMessage").last
    expect(answer).to_contain_text("An ordinary computer")
    # The send button has become Stop.
    page.get_by_test_id("stChatInput").get_by_role("button").last.click()
    expect(box).to_be_enabled()
    box.fill("Explain a qubit in one sentence.")
    box.press("Enter")
    expect(page.get_by_test_id("stChatMessage")).to_have_count(4)
    first = page.get_by_test_id("stChatMessage").nth(1)
    expect(first).to_contain_text("An ordinary computer")
    expect(page.get_by_test_id("stChatMessage").last).to_contain_text("qubit")
    (line,) = re.findall(r"stream 1, .*", log.read_text("utf-8"))
    made = int(re.findall(r"(\d+) tokens made", line)[0])
    assert "cut after" in line
    assert made < 300
