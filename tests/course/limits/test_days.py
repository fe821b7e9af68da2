"""Days from midnight to midnight in a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from course.limits.policy import day_of


@pytest.mark.parametrize(
    ("moment", "zone", "day", "ends"),
    [
        ("2026-11-25T14:59:59", "Asia/Seoul", "2026-11-25", "2026-11-25T15:00:00"),
        ("2026-11-25T15:00:00", "Asia/Seoul", "2026-11-26", "2026-11-26T15:00:00"),
        ("2026-11-25T23:59:59", "UTC", "2026-11-25", "2026-11-26T00:00:00"),
        # 23 and 25 hours: the clocks change.
        ("2026-03-29T00:00:00", "Europe/Berlin", "2026-03-29", "2026-03-29T22:00:00"),
        ("2026-10-24T22:00:00", "Europe/Berlin", "2026-10-25", "2026-10-25T23:00:00"),
    ],
)
def test_a_day_begins_at_midnight_in_its_zone(moment: str, zone: str, day: str, ends: str) -> None:
    found = day_of(datetime.fromisoformat(moment).replace(tzinfo=UTC), zone)
    assert found.date == date.fromisoformat(day)
    assert found.ends == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@given(
    some.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=some.just(UTC)),
    some.sampled_from(["UTC", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_day_ends_later_than_now_and_the_next_one_begins_there(
    moment: datetime, zone: str
) -> None:
    day = day_of(moment, zone)
    assert timedelta() < day.ends - moment <= timedelta(hours=25)
    assert day_of(day.ends, zone).date == day.date + timedelta(days=1)
    assert day_of(day.ends - timedelta(microseconds=1), zone).date == day.date
    assert moment.astimezone(ZoneInfo(zone)).date() == day.date
