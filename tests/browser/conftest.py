"""A real Chromium, and a real Streamlit server for it to look at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser import chromium
from tests.browser.endless_model import EndlessModel, endless_model
from tests.browser.server import (
    FIRST_TOKEN,
    REBOUND_NAME,
    SERVER_NAME,
    TOKENS_PER_SECOND,
    Course,
    streamlit_server,
)

# Generous: it waits for what takes a second on a machine that does nothing else, and ends a hang.
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)
WIDE: ViewportSize = {"width": 1280, "height": 900}
CLIPBOARD = ["clipboard-read", "clipboard-write"]
MEDIA = ("color_scheme", "forced_colors", "reduced_motion")
NAMES = ",".join(f"MAP {name} 127.0.0.1" for name in (SERVER_NAME, REBOUND_NAME))


HERE = Path(__file__).parent
_running = ExitStack()


@cache
def _chromium() -> tuple[Browser, BrowserContext]:
    """Start Chromium and a window for all tests, whose cache keeps Streamlit's scripts."""
    path = chromium.find()
    if path is None:
        reason = "there is no Chromium or Chrome; set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}: in CI the browser tests must run")
        pytest.skip(reason)
    playwright = _running.enter_context(sync_playwright())
    browser = playwright.chromium.launch(
        executable_path=path,
        args=[
            *chromium.arguments(),
            f"--host-resolver-rules={NAMES}",
        ],
    )
    _running.callback(browser.close)
    window = browser.new_context(locale="ko-KR", viewport=WIDE, permissions=CLIPBOARD)
    window.set_default_timeout(PATIENCE_MS)
    # It stays open, and with it the window and the process that pages of this machine are drawn in:
    # each takes most of a second of processor time to start.
    keeper = window.new_page()
    keeper.route("**", lambda route: route.fulfill(body="", content_type="text/html"))
    keeper.goto("http://127.0.0.1/")
    return browser, window


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    yield
    # While Playwright runs, no other test of the process can run an event loop.
    if nextitem is None or not nextitem.path.is_relative_to(HERE):
        _running.close()
        _chromium.cache_clear()


@pytest.fixture(scope="module")
def browser() -> Browser:
    return _chromium()[0]


@pytest.fixture(scope="module")
def window(browser: Browser) -> BrowserContext:
    return _chromium()[1]


@pytest.fixture(scope="session")
def shared_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """One course for all files, whose script answers quickly, but not at once."""
    home = tmp_path_factory.mktemp("course")
    with streamlit_server(
        home,
        COURSE_DATA=str(home),
        COURSE_FIRST_TOKEN=str(FIRST_TOKEN),
        COURSE_TOKENS_PER_SECOND=str(TOKENS_PER_SECOND),
        LANG="C.UTF-8",
    ) as url:
        yield Course(url, home)


@pytest.fixture
def course(shared_course: Course) -> str:
    """The address of the shared course, in which nobody has learned anything yet."""
    shared_course.forget_progress()
    return shared_course.url


@pytest.fixture(scope="session")
def model() -> Iterator[EndlessModel]:
    with endless_model() as running:
        yield running


@pytest.fixture(scope="session")
def endless_course(model: EndlessModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A course whose answers never end: what a test sees of one was there before its end."""
    home = tmp_path_factory.mktemp("endless")
    with streamlit_server(home, COURSE_RELAY_URL=model.url, LANG="C.UTF-8") as url:
        yield url


@pytest.fixture
def new_page(browser: Browser, window: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Open a page that takes the size, the media and the time zone that it is given.

    Any other option is one of a browser context: the page gets a window of its own, in which
    nothing is cached yet.
    """
    pages: list[Page] = []
    contexts: list[BrowserContext] = []

    def open_page(*, viewport: ViewportSize = WIDE, timezone_id: str = "", **options: Any) -> Page:
        media = {name: options.pop(name) for name in MEDIA if name in options}
        if options:
            contexts.append(browser.new_context(**{"locale": "ko-KR", **options}))
        page = (contexts[-1] if options else window).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.set_viewport_size(viewport)
        page.emulate_media(**media)
        if timezone_id:
            settings = page.context.new_cdp_session(page)
            settings.send("Emulation.setTimezoneOverride", {"timezoneId": timezone_id})
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    for context in contexts:
        context.close()
    # Its cache stays, and nothing else.
    window.clear_cookies()
    blank = window.new_page()
    storage = window.new_cdp_session(blank)
    for origin in {"{0.scheme}://{0.netloc}".format(urlsplit(page.url)) for page in pages}:
        kinds = {"origin": origin, "storageTypes": "local_storage"}
        storage.send("Storage.clearDataForOrigin", kinds)
    blank.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")
