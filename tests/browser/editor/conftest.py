"""A page with the code editor alone, for the tests to write on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import CLIPBOARD, PATIENCE_MS, WIDE
from tests.browser.editor.desk import SCRIPT, go
from tests.browser.server import streamlit_server


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with streamlit_server(tmp_path_factory.mktemp("editor"), SCRIPT) as address:
        yield address


@pytest.fixture(scope="module")
def desk(browser: Browser, url: str) -> Iterator[Page]:
    """An open editor that many tests write on, one after the other."""
    # Apart: what it keeps in the browser is not for the other tests.
    context = browser.new_context(locale="ko-KR", viewport=WIDE, permissions=CLIPBOARD)
    context.set_default_timeout(PATIENCE_MS)
    yield go(context.new_page(), url)
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A tab for one test, to open the editor in; what it keeps in the browser goes with it."""
    page = window.new_page()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
