"""A learner's progress in real browsers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from course.progress.facts import Fact
from course.progress.stores import SqliteStore
from course.visitor import COOKIE
from tests.browser.day_3 import open_by
from tests.browser.server import SERVER_NAME, Course, streamlit_server

pytestmark = pytest.mark.thorough

NewPage = Callable[..., Page]
DAY = "day_03_write_streams"
READ = (
    Fact(DAY, "opened", "", "", datetime.now(UTC)),
    Fact(DAY, "read", "", "yes", datetime.now(UTC)),
)


@pytest.fixture(scope="module")
def public_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A course that is served under a name of its own as well."""
    home = tmp_path_factory.mktemp("home")
    with streamlit_server(
        home,
        COURSE_DATA=str(home),
        LANG="C.UTF-8",
        STREAMLIT_SERVER_ALLOWED_HOSTS=f"127.0.0.1 {SERVER_NAME}",
    ) as url:
        yield Course(url, home)


@pytest.fixture
def here(public_course: Course) -> Course:
    """That course, in which nobody has learned anything yet, as this machine sees it."""
    public_course.forget_progress()
    return public_course


@pytest.fixture
def address(here: Course) -> str:
    """The address of that course as its visitors see it."""
    return here.url.replace("127.0.0.1", SERVER_NAME)


def open_day(page: Page, url: str) -> None:
    page.goto(f"{url}/{DAY}?lang=en")
    expect(page.get_by_role("button", name="read")).to_be_visible()


def test_progress_survives_a_refresh_and_is_the_same_in_a_second_browser_of_this_machine(
    here: Course, new_page: NewPage
) -> None:
    url = here.url
    page = new_page()
    open_day(page, url)
    page.locator(".st-key-box-q-first-line").get_by_text("created, and nothing has").click()
    expect(page.get_by_text("Right. The body starts at the first")).to_be_visible()
    page.get_by_role("button", name="I've read this").click()
    expect(page.get_by_text("You've read this lesson")).to_be_visible()
    for again in (page, new_page(locale="en-GB")):
        open_day(again, url)
        expect(again.get_by_text("Right. The body starts at the first")).to_be_visible()
        expect(again.get_by_text("You've read this lesson")).to_be_visible()
        again.goto(f"{url}/?lang=ko")
        expect(again.get_by_role("button", name="이어서 하기: Day 3.")).to_be_visible()
        expect(again.locator(f".st-key-card-{DAY}")).to_contain_text("읽음")
        expect(again.locator(f".st-key-card-{DAY}")).to_contain_text("질문 1/3")
    with closing(sqlite3.connect(here.progress)) as database:
        assert database.execute("SELECT DISTINCT learner FROM progress").fetchall() == [("local",)]


def clear(page: Page) -> None:
    now = page.get_by_role("button", name="Clear", exact=True)
    # What is drawn again meanwhile closes the popover.
    open_by(page.get_by_role("button", name="Clear progress"), now)
    now.click()


def test_progress_is_exported_cleared_and_imported(
    here: Course, tmp_path: Path, new_page: NewPage
) -> None:
    SqliteStore(here.progress).save("local", [*READ])
    page = new_page()
    page.goto(f"{here.url}/?lang=en")
    page.get_by_text("Export, import or clear progress").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export progress").click()
    exported = tmp_path / "export.json"
    download.value.save_as(exported)
    kinds = [fact["kind"] for fact in json.loads(exported.read_text("utf-8"))["facts"]]
    assert kinds == ["opened", "read"]
    clear(page)
    card = page.locator(f".st-key-card-{DAY}")
    expect(card).to_contain_text("Not started")
    page.keyboard.press("Escape")
    page.locator("input[type=file]").set_input_files(exported)
    expect(page.get_by_text("Imported. New entries: 2.")).to_be_visible()
    expect(card).to_contain_text("Read")
    clear(page)
    expect(card).to_contain_text("Not started")
    page.reload()
    expect(card).to_contain_text("Not started")


def test_a_visitor_of_a_server_is_known_by_a_cookie_only_and_exports_what_is_the_visitors(
    here: Course, address: str, tmp_path: Path, new_page: NewPage
) -> None:
    # Somebody has learned on the server itself.
    SqliteStore(here.progress).save("local", [*READ])
    page, stranger = new_page(), new_page(locale="en-GB")
    open_day(page, address)
    expect(page.get_by_text("Edit this lesson")).to_have_count(0)
    page.get_by_role("button", name="I've read this").click()
    expect(page.get_by_text("You've read this lesson")).to_be_visible()
    (cookie,) = [each for each in page.context.cookies() if each.get("name") == COOKIE]
    assert (cookie.get("sameSite"), cookie.get("path")) == ("Lax", "/")
    open_day(page, address)
    expect(page.get_by_text("You've read this lesson")).to_be_visible()
    open_day(stranger, address)
    expect(stranger.get_by_text("You've read this lesson")).to_have_count(0)
    value = str(cookie.get("value"))
    assert value not in page.inner_text("body")
    assert value not in (here.data / "streamlit.log").read_text("utf-8")
    with closing(sqlite3.connect(here.progress)) as database:
        found = {row[0] for row in database.execute("SELECT learner FROM progress")}
    assert {"local", f"anonymous:{value}"} < found
    assert len(found) == 3

    def kinds(button: str) -> set[str]:
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        exported = tmp_path / "export.json"
        download.value.save_as(exported)
        return {fact["kind"] for fact in json.loads(exported.read_text("utf-8"))["facts"]}

    assert kinds("Download my work") == {"opened", "read"}
    page.goto(f"{address}/?lang=en")
    page.get_by_text("Export, import or clear progress").click()
    assert kinds("Export progress") == {"opened", "read"}


def test_a_damaged_file_is_said_on_the_page_and_left_as_it_is(
    here: Course, new_page: NewPage
) -> None:
    here.progress.write_bytes(b"this is no database" * 100)
    page = new_page()
    open_day(page, here.url)
    expect(page.get_by_text("Your progress isn't being saved.").first).to_be_visible()
    page.get_by_role("button", name="I've read this").click()
    expect(page.get_by_text("You've read this lesson")).to_be_visible()
    # Beside what was just done as well: the page's head may be far away.
    said = page.locator(".st-key-read-box").get_by_text("Your progress isn't being saved.")
    expect(said).to_be_visible()
    assert here.progress.read_bytes() == b"this is no database" * 100
