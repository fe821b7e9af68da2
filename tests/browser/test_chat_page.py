"""The chat page of streaming/README.md, on a model of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from course import ROOT
from tests.browser.server import streamlit_server

README = ROOT / "streaming" / "README.md"
MODEL = '''\
import time


class Model:
    """Answers a question with its words, one after the other, and their number."""

    name, live = "model", True

    def __init__(self, _):
        pass

    def open(self, request):
        for number in range(60):
            yield f"word{number} "
            time.sleep(0.05)
        yield f"(of {len(request.messages)} messages)"

'''


def chat_page() -> str:
    """Return the README's page, with a model in place of Snowflake's."""
    page: str
    (page,) = (
        code
        for code in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        if "chat_input" in code
    )
    asks = "DirectStrategy(Session.builder.getOrCreate())"
    assert page.count(asks) == 1
    return MODEL + page.replace("from snowflake.snowpark import Session\n", "").replace(
        asks, "Model(None)"
    )


def test_a_chat_answers_a_click_while_it_streams_and_shows_each_answer_once(
    tmp_path: Path, new_page: Callable[..., Page]
) -> None:
    script = tmp_path / "chat.py"
    click = "st.text(f\"clicks: {st.session_state.get('n', 0)}\")\n"
    button = (
        'if st.button("Elsewhere"):\n    st.session_state.n = st.session_state.get("n", 0) + 1\n'
    )
    script.write_text(chat_page() + button + click)
    with streamlit_server(tmp_path, script) as url:
        page = new_page()
        page.goto(url)
        messages = page.get_by_test_id("stChatMessage")
        for asked in (1, 2):
            field = page.get_by_test_id("stChatInput").locator("textarea")
            field.fill("Why stream?")
            field.press("Enter")
            expect(messages.nth(2 * asked - 1)).to_contain_text("word1")
            page.get_by_role("button", name="Elsewhere").click()
            expect(page.get_by_text(f"clicks: {asked}")).to_be_visible()
            expect(messages.nth(2 * asked - 1)).not_to_contain_text("messages")
            expect(messages.nth(2 * asked - 1)).to_contain_text(f"(of {2 * asked - 1} messages)")
            expect(messages).to_have_count(2 * asked)
            expect(messages.nth(2 * asked - 1).get_by_text("word0")).to_have_count(1)
