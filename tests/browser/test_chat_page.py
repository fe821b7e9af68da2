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
from pathlib import Path


class Model:
    """Answers with words until a file is there, then with the number of messages."""

    name, live = "model", True

    def __init__(self, _):
        pass

    def open(self, request):
        yield "first "
        while not Path("FLAG").exists():
            yield "word "
            time.sleep(0.05)
        yield f"(of {len(request.messages)} messages)"

'''


def chat_page(flag: Path) -> str:
    """Return the README's page, with a model in place of Snowflake's."""
    page: str
    (page,) = (
        code
        for code in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        if "chat_input" in code and "key=" in code
    )
    asks = "DirectStrategy(Session.builder.getOrCreate())"
    assert page.count(asks) == 1
    return MODEL.replace("FLAG", str(flag)) + page.replace(
        "from snowflake.snowpark import Session\n", ""
    ).replace(asks, "Model(None)")


def test_a_chat_answers_a_click_while_it_streams_and_shows_each_answer_once(
    tmp_path: Path, new_page: Callable[..., Page]
) -> None:
    script, flag = tmp_path / "chat.py", tmp_path / "flag"
    elsewhere = """\
n = st.session_state.get("n", 0) + st.button("Elsewhere")
st.session_state.n = n
st.text(f"clicks: {n}")
"""
    script.write_text(chat_page(flag) + elsewhere)
    with streamlit_server(tmp_path, script) as url:
        page = new_page()
        page.goto(url)
        messages = page.get_by_test_id("stChatMessage")
        for asked in (1, 2):
            field = page.get_by_test_id("stChatInput").locator("textarea")
            field.fill("Why stream?")
            field.press("Enter")
            answer = messages.nth(2 * asked - 1)
            expect(answer).to_contain_text("word word")
            page.get_by_role("button", name="Elsewhere").click()
            # The answer doesn't end before the file is there.
            expect(page.get_by_text(f"clicks: {asked}")).to_be_visible()
            flag.touch()
            expect(answer).to_contain_text(f"(of {2 * asked - 1} messages)")
            expect(messages).to_have_count(2 * asked)
            expect(answer.get_by_text("first")).to_have_count(1)
            flag.unlink()
