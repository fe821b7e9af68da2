"""A page with the code editor alone, for the tests to write on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import PATIENCE_MS, WIDE
from tests.browser.editor.desk import SCRIPT, go
from tests.browser.server import streamlit_server


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with streamlit_server(tmp_path_factory.mktemp("editor"), SCRIPT) as address:
        yield address


@contextmanager
def window(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        locale="ko-KR",
        viewport=WIDE,  # type: ignore[arg-type]
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture(scope="module")
def desk(browser: Browser, url: str) -> Iterator[Page]:
    """An open editor that many tests write on, one after the other."""
    with window(browser) as context:
        yield go(context.new_page(), url)


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Iterator[BrowserContext]:
    """A window for the tests' own tabs: it has loaded Streamlit's scripts after the first."""
    with window(browser) as context:
        yield context


@pytest.fixture
def page(tabs: BrowserContext) -> Iterator[Page]:
    """A tab for one test, to open the editor in; what it keeps in the browser goes with it."""
    page = tabs.new_page()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
