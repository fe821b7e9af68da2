"""A server's limits in real browsers: the place in line, Stop, a closed tab, and a refusal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from course.language import Language, texts
from course.limits.ledgers import Caps, SqliteLedger
from course.limits.policy import day_of
from tests.browser.day_3 import generate, stop
from tests.browser.server import streamlit_server

pytestmark = pytest.mark.thorough

DAY = "day_03_write_streams"
ONE_PLACE = "[streams]\nat_once = 1\n"
ONE_A_DAY = """\
[limits]
local = true
timezone = "Asia/Seoul"
output_tokens = 100
[limits.learner]
requests_per_day = 1
"""
BROKEN = "[limits]\nlocl = true\n"
EN = texts("en")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def settings(home: Path) -> Path:
    return home / "server.toml"


@pytest.fixture(scope="module")
def limited_course(home: Path, settings: Path) -> Iterator[str]:
    settings.write_text(ONE_PLACE)
    with streamlit_server(
        home,
        COURSE_DATA=str(home),
        COURSE_SETTINGS=str(settings),
        COURSE_FIRST_TOKEN="0.2",
        # An answer takes minutes, longer than a test looks at it.
        COURSE_TOKENS_PER_SECOND="2",
        LANG="C.UTF-8",
    ) as url:
        yield url


@pytest.fixture
def set_to(settings: Path) -> Callable[[str], None]:
    changes = iter(range(1, 99))

    def write(source: str) -> None:
        settings.write_text(source)
        os.utime(settings, ns=(next(changes) * 10**9,) * 2)

    return write


@pytest.fixture
def visitor(limited_course: str, new_page: Callable[..., Page]) -> Callable[..., Page]:
    def visit(language: Language = "en", **options: object) -> Page:
        page = new_page(**options)
        page.goto(f"{limited_course}/{DAY}?lang={language}")
        expect(generate(page)).to_be_visible()
        return page

    return visit


def waits_behind(page: Page, ahead: int) -> None:
    # The result of a press has to be in sight, not somewhere below.
    expect(page.get_by_text(EN["limits.waiting"].format(ahead=ahead))).to_be_in_viewport()


def streams(page: Page) -> None:
    expect(page.locator(".st-key-answer-0")).to_contain_text("Quantum")


def test_who_waits_sees_the_place_in_line_and_stop_and_a_closed_tab_give_it_up(
    visitor: Callable[..., Page], set_to: Callable[[str], None]
) -> None:
    set_to(ONE_PLACE)
    first, second, third = (visitor() for _ in range(3))
    generate(first).click()
    streams(first)
    generate(second).click()
    waits_behind(second, 0)
    generate(third).click()
    waits_behind(third, 1)
    expect(stop(second)).to_be_visible()
    stop(second).click()
    expect(second.get_by_text(EN["demo.stopped_early"])).to_be_visible()
    expect(stop(second)).to_be_hidden()
    waits_behind(third, 0)
    generate(second).click()
    waits_behind(second, 1)
    third.close()
    waits_behind(second, 0)
    # Nobody has disturbed the first; when its tab is closed, it is the next one's turn.
    first.close()
    streams(second)
    stop(second).click()
    expect(second.get_by_text(EN["demo.stopped"])).to_be_visible()


@pytest.fixture
def _asked_today(home: Path) -> None:
    """Let the learner on this machine have asked once already."""
    day = day_of(datetime.now(UTC), "Asia/Seoul").date
    for each in (day, day + timedelta(days=1)):  # midnight may be near
        SqliteLedger(home / "progress.sqlite3").reserve(each, "local", 1, Caps())


@pytest.mark.usefixtures("_asked_today")
def test_a_refusal_says_when_by_the_readers_clock_fits_the_window_and_leaves_the_lesson(
    visitor: Callable[..., Page], set_to: Callable[[str], None]
) -> None:
    set_to(ONE_A_DAY)
    # Four hours behind Seoul, the whole year.
    page = visitor("ko", viewport={"width": 360, "height": 900}, timezone_id="Asia/Tashkent")
    generate(page).click()
    refusal = page.locator(".st-key-demo-box").get_by_role("alert")
    expect(refusal).to_contain_text("20:00")
    expect(refusal).to_contain_text("Asia/Tashkent")
    expect(refusal).to_be_in_viewport()
    expect(page.locator("h2#practice")).to_have_count(1)
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            "width => innerWidth === width && document.documentElement.scrollWidth <= width",
            arg=width,
        )


def test_settings_that_are_broken_are_said_while_the_course_runs_and_gone_when_they_are_mended(
    visitor: Callable[..., Page], set_to: Callable[[str], None]
) -> None:
    set_to(BROKEN)
    page = visitor()
    alerts = page.locator(".st-key-demo-box").get_by_role("alert")
    expect(alerts).to_contain_text("server.toml (2)")
    set_to(ONE_PLACE)
    page.reload()
    expect(generate(page)).to_be_visible()
    expect(alerts).to_have_count(0)
