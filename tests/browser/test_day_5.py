"""Day 5 in a real browser: a chat that remembers, an exercise that chats, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from practice.exercises import LESSONS
from tests.browser.day_3 import heading, settle, whole

pytestmark = pytest.mark.thorough

DAY = "day_05_chat"
# Each one's program holds the answer to the one before.
EXERCISES = ("2_show_the_history", "3_remember_the_turn", "4_send_the_history")


def test_a_learner_chats_with_memory_sends_a_history_and_sees_what_it_costs(
    course: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    page.goto(f"{course}/{DAY}?lang=en")
    expect(heading(page, "Day 5. Chat")).to_be_visible()
    whole(page)

    messages = page.locator(".st-key-demo-chat-box").get_by_test_id("stChatMessage")
    for number, said in enumerate(("My name is Mina.", "What is my name?"), 1):
        written = page.locator(".st-key-demo-chat textarea")
        written.fill(said)
        written.press("Enter")
        expect(messages).to_have_count(2 * number)
        expect(messages.last).to_contain_text("tokens received")
    expect(messages.last).to_contain_text("Your name is Mina.")
    expect(messages.last).to_contain_text("Messages sent: 3")

    for name in EXERCISES:
        panel = page.locator(f".st-key-practice-{DAY}-{name}-panel")
        # The output has a field, too, once the program has run.
        editor = panel.locator("textarea:not([data-testid])")
        if name == EXERCISES[-1]:
            editor.press("ControlOrMeta+Enter")
            expect(panel.get_by_text("Line 19 sends the new question alone")).to_be_visible()
        editor.click()
        page.keyboard.press("ControlOrMeta+a")
        solution = LESSONS / DAY / "practice" / name / "solution.py"
        page.keyboard.insert_text(solution.read_text("utf-8"))
        page.keyboard.press("ControlOrMeta+Enter")
        expect(panel.get_by_text(texts("en")["practice.solved"])).to_be_visible()
    output = panel.locator("[class*='-output']")
    expect(output.get_by_test_id("stChatMessage")).to_have_count(6)
    expect(output.get_by_test_id("stChatMessage").last).to_contain_text("Mina")

    settle(page)
    page.locator(".st-key-lab-drawer summary").click()
    page.locator(".st-key-lab-run-conversation button").click()
    lab = page.locator(".st-key-lab")
    expect(lab.get_by_text(re.compile(r"All 6 turns together sent [\d,]+ tokens"))).to_be_visible()
    expect(lab.get_by_test_id("stDataFrame")).to_be_visible()
    expect(lab.get_by_test_id("stVegaLiteChart")).to_be_visible()
