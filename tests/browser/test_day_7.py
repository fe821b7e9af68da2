"""Day 7 as a learner goes through it: the chat, and both protocols in the lab."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from tests.browser.day_3 import settle, whole

pytestmark = pytest.mark.thorough

DAY = "day_07_one_protocol"
ASK = "Explain quantum computing in simple terms."


def test_a_chat_changes_families_and_the_lab_shows_both_protocols(
    course: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    page.goto(f"{course}/{DAY}?lang=en")
    whole(page)
    chat, buttons = page.locator(".st-key-demo-chat-box"), page.locator(".st-key-demo-buttons")
    buttons.get_by_role("button", name=ASK).click()
    expect(chat.get_by_text("llama3.1-8b · finish_reason: stop")).to_be_visible()
    page.locator(".st-key-demo-field-model").get_by_role("combobox").click()
    page.get_by_role("option", name="claude-haiku-4-5").click()
    settle(page)
    buttons.get_by_role("button", name="Shorter, please").click()
    # The same protocol and the same history; this family gives no reason.
    expect(chat.get_by_text("claude-haiku-4-5 · finish_reason: None")).to_be_visible()
    expect(chat.get_by_test_id("stChatMessage")).to_have_count(4)
    settle(page)
    page.locator(".st-key-lab-drawer summary").click()
    page.locator(".st-key-lab-run-protocols button").click()
    lab = page.locator(".st-key-lab")
    expect(lab.get_by_text(texts("en")["lab.protocols.done"]).nth(1)).to_contain_text("[DONE]")
    expect(lab.get_by_role("region")).to_have_count(2)
