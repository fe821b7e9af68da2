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
        # An answer takes longer than a test looks at it.
        COURSE_TOKENS_PER_SECOND="8",
        LANG="C.UTF-8",
    ) as url:
        yield url


@pytest.fixture
def visitor(
    limited_course: str, new_page: Callable[..., Page], settings: Path
) -> Callable[..., Page]:
    changes = iter(range(1, 99))

    def visit(source: str = ONE_PLACE, language: str = "en", **options: object) -> Page:
        settings.write_text(source)
        os.utime(settings, ns=(next(changes) * 10**9,) * 2)
        page = new_page(**options)
        page.goto(f"{limited_course}/{DAY}?lang={language}")
        expect(generate(page)).to_be_visible()
        return page

    return visit


def waits_behind(page: Page, ahead: int) -> None:
    # Whoever has pressed a button wants to see what came of it, without looking for it.
    expect(page.get_by_text(EN["limits.waiting"].format(ahead=ahead))).to_be_in_viewport()


def streams(page: Page) -> None:
    expect(page.locator(".st-key-answer")).to_contain_text("qu")


def test_who_waits_sees_the_place_in_line_and_can_leave_it(visitor: Callable[..., Page]) -> None:
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
    # Nobody of those has disturbed who came first; and when that one stops, it is the third's turn.
    stop(first).click()
    expect(first.get_by_text(EN["demo.stopped"])).to_be_visible()
    streams(third)
    stop(third).click()
    expect(third.get_by_text(EN["demo.stopped"])).to_be_visible()


def test_a_closed_tab_leaves_the_line_and_its_place(visitor: Callable[..., Page]) -> None:
    first, second, third = (visitor() for _ in range(3))
    generate(first).click()
    streams(first)
    generate(second).click()
    waits_behind(second, 0)
    generate(third).click()
    waits_behind(third, 1)
    second.close()
    waits_behind(third, 0)
    first.close()
    streams(third)
    third.close()
    fourth = visitor()
    generate(fourth).click()
    streams(fourth)


@pytest.fixture
def _asked_today(home: Path) -> None:
    """Let the learner on this machine have asked once already."""
    day = day_of(datetime.now(UTC), "Asia/Seoul").date
    for each in (day, day + timedelta(days=1)):  # midnight may be near
        SqliteLedger(home / "progress.sqlite3").reserve(each, "local", 1, Caps())


@pytest.mark.usefixtures("_asked_today")
@pytest.mark.parametrize(("language", "width"), [("ko", 360), ("en", 1440)])
def test_a_refusal_says_when_by_the_readers_clock_fits_the_window_and_leaves_the_lesson(
    language: Language, width: int, visitor: Callable[..., Page]
) -> None:
    page = visitor(
        ONE_A_DAY,
        language,
        viewport={"width": width, "height": 900},
        timezone_id="Asia/Tashkent",  # four hours behind Seoul, the whole year
    )
    generate(page).click()
    refusal = page.locator(".st-key-demo-box").get_by_role("alert")
    expect(refusal).to_contain_text("20:00")
    expect(refusal).to_contain_text("Asia/Tashkent")
    expect(refusal).to_be_in_viewport()
    expect(page.locator("h2#practice")).to_have_count(1)
    sideways = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert sideways <= 0


def test_settings_that_are_broken_are_said_while_the_course_runs_and_gone_when_they_are_mended(
    visitor: Callable[..., Page],
) -> None:
    page = visitor(BROKEN)
    alerts = page.locator(".st-key-demo-box").get_by_role("alert")
    expect(alerts).to_contain_text("server.toml (2)")
    visitor(ONE_PLACE)
    page.reload()
    expect(generate(page)).to_be_visible()
    expect(alerts).to_have_count(0)
