"""A page's chat in a real browser: a message while an answer streams, Stop, and a refresh."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.day_3 import stop, whole
from tests.browser.endless_model import EndlessModel


@pytest.mark.thorough
def test_a_chat_takes_messages_while_it_streams_and_comes_back_after_a_refresh(
    endless_course: str, model: EndlessModel, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(f"{endless_course}/day_05_chat?lang=en")
    whole(page)
    box = page.locator(".st-key-demo-chat-box")
    messages = box.get_by_test_id("stChatMessage")

    def say(text: str) -> None:
        field = page.locator(".st-key-demo-chat textarea")
        field.fill(text)
        field.press("Enter")

    say("first")
    expect(messages.nth(1)).to_contain_text("word word")
    # It scrolls, so the keyboard has to reach it.
    expect(box).to_have_attribute("tabindex", "0")
    # The next message ends the answer, and what came of it stays.
    say("next")
    expect(messages.nth(3)).to_contain_text("word word")
    model.comes_to_be_read_by(1)
    expect(messages).to_have_count(4)
    expect(messages.nth(1)).to_contain_text("word word")
    expect(box.get_by_text("next", exact=True)).to_have_count(1)

    stop(page).click()
    expect(messages.nth(3)).to_contain_text("Messages sent: 3")
    page.reload()
    expect(messages).to_have_count(4)
    expect(messages.nth(3)).to_contain_text("Messages sent: 3")

    page.locator(".st-key-new-chat button").click()
    expect(messages).to_have_count(0)
    say("again")
    expect(messages.nth(1)).to_contain_text("word word")
    expect(messages).to_have_count(2)
    stop(page).click()
    model.comes_to_be_read_by(0)
