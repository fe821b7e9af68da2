"""A real Chromium, and a real Streamlit server for it to look at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
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
WIDE = {"width": 1280, "height": 900}
NAMES = ",".join(f"MAP {name} 127.0.0.1" for name in (SERVER_NAME, REBOUND_NAME))


# For each module: while Playwright runs, no other test of the process can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        reason = "there is no Chromium or Chrome; set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}: in CI the browser tests must run")
        pytest.skip(reason)
    arguments = [*chromium.arguments(), f"--host-resolver-rules={NAMES}"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


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


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page; keyword arguments are those of a browser context, such as ``locale``."""
    contexts: list[BrowserContext] = []

    def open_page(**options: object) -> Page:
        context = browser.new_context(**{"locale": "ko-KR", "viewport": WIDE, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")
