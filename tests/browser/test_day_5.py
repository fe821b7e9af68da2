"""Day 5 in a real browser: a chat that remembers, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.day_3 import heading, settle, whole

pytestmark = pytest.mark.thorough

DAY = "day_05_chat"


def test_a_learner_chats_with_memory_and_sees_what_it_costs(
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

    settle(page)
    page.locator(".st-key-lab-drawer summary").click()
    page.locator(".st-key-lab-run-conversation button").click()
    lab = page.locator(".st-key-lab")
    expect(lab.get_by_text(re.compile(r"All 6 turns together sent [\d,]+ tokens"))).to_be_visible()
    expect(lab.get_by_test_id("stDataFrame")).to_be_visible()
    expect(lab.get_by_test_id("stVegaLiteChart")).to_be_visible()
