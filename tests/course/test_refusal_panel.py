"""When a day's limit starts over, as the page puts it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import streamlit as st

from course import settings
from course.language import texts
from course.limits import admission as refusal_panel
from course.settings import Limits, Settings

MIDNIGHT = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal_panel, "text", lambda key, **more: texts("en")[key].format(**more))


def in_the_browsers_zone(monkeypatch: pytest.MonkeyPatch, zone: object) -> None:
    class Context:
        timezone = zone

    monkeypatch.setattr(st, "context", Context)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("20:30:01", "You can ask again from **09:00** (Asia/Seoul), in 3 h 30 min."),
        ("23:30:01", "You can ask again from **09:00** (Asia/Seoul), in 30 min."),
        ("23:59:59", "You can ask again from **09:00** (Asia/Seoul), in 1 min."),
    ],
)
def test_it_is_told_by_the_readers_clock_and_never_too_early(
    now: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_browsers_zone(monkeypatch, "Asia/Seoul")
    moment = datetime.fromisoformat(f"2026-11-25T{now}+00:00")
    assert refusal_panel._when(MIDNIGHT, moment) == said


@pytest.mark.parametrize("zone", [None, "Nowhere/At_All", "../../etc/passwd", "", 5])
def test_a_browser_that_says_no_zone_is_told_the_servers(
    zone: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_browsers_zone(monkeypatch, zone)
    berlin = Settings(limits=Limits(timezone="Europe/Berlin"))
    monkeypatch.setattr(settings, "read", lambda: berlin)
    said = refusal_panel._when(MIDNIGHT, MIDNIGHT.replace(day=25))
    assert "**01:00** (Europe/Berlin)" in said


def test_where_the_settings_cannot_be_read_the_clock_is_that_of_utc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> Settings:
        raise settings.SettingsError([])

    in_the_browsers_zone(monkeypatch, None)
    monkeypatch.setattr(settings, "read", fail)
    assert "**00:00** (UTC)" in refusal_panel._when(MIDNIGHT, MIDNIGHT.replace(day=25))


def test_a_limit_of_yesterday_is_open_again() -> None:
    assert refusal_panel._when(MIDNIGHT, MIDNIGHT) == texts("en")["limits.open_again"]
