"""A page's chat in a real browser: a message while an answer streams, Stop, and a refresh."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.day_3 import settle
from tests.browser.server import streamlit_server

SCRIPT = '''\
import time

import streamlit as st

from course import chat, shelf


class Model:
    """Says a word again and again to `long`, and to anything else how many messages came."""

    name, live = "model", True

    def open(self, request):
        if request.messages[-1].content == "long":
            for _ in range(2_000):
                yield "word "
                time.sleep(0.05)
        yield f"(of {len(request.messages)} messages)"


shelf.arrive()
shelf.begin("day_03_write_streams")
with st.container(key="demo-box"):
    chat.draw(Model, "m", suggestions=["hello"])
shelf.end()
'''


@pytest.mark.thorough
def test_a_chat_takes_messages_while_it_streams_and_comes_back_after_a_refresh(
    tmp_path: Path, new_page: Callable[..., Page]
) -> None:
    script = tmp_path / "chat.py"
    script.write_text(SCRIPT)
    with streamlit_server(tmp_path, script) as url:
        page = new_page()
        page.goto(f"{url}?lang=en")
        messages, field = (
            page.get_by_test_id("stChatMessage"),
            page.locator(".st-key-demo-chat textarea"),
        )
        hello = page.get_by_role("button", name="hello")
        expect(hello).to_be_visible()
        # This script's second run, which the tab's secret begins, would drop a click in its first.
        settle(page)
        hello.click()
        expect(messages.nth(1)).to_contain_text("(of 1 messages)")

        def say(text: str) -> None:
            field.fill(text)
            field.press("Enter")

        say("long")
        expect(messages.nth(3)).to_contain_text("word word")
        # It scrolls, so the keyboard has to reach it.
        expect(page.locator(".st-key-demo-chat-box")).to_have_attribute("tabindex", "0")
        # The next message ends the answer, and takes what came of it along.
        say("next")
        expect(messages.nth(5)).to_contain_text("(of 5 messages)")
        expect(messages).to_have_count(6)
        expect(messages.nth(3)).to_contain_text("word word")
        expect(page.get_by_text("next", exact=True)).to_have_count(1)

        say("long")
        expect(messages.nth(7)).to_contain_text("word word")
        page.locator(".st-key-stop button").click()
        expect(messages.nth(7)).to_contain_text("Messages sent: 7")
        page.reload()
        expect(messages).to_have_count(8)
        expect(messages.nth(7)).to_contain_text("Messages sent: 7")

        page.locator(".st-key-new-chat button").click()
        expect(messages).to_have_count(0)
        say("next")
        expect(messages.nth(1)).to_contain_text("(of 1 messages)")
        expect(messages).to_have_count(2)
