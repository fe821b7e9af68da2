"""Days, as the counters count them: from midnight to midnight in one time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Day", "day_of"]


@dataclass(frozen=True, slots=True)
class Day:
    """A day and the moment at which the next one begins, in UTC."""

    date: date
    ends: datetime


def day_of(moment: datetime, zone: str) -> Day:
    """Return which day an aware ``moment`` belongs to in ``zone``, such as ``Asia/Seoul``."""
    here = ZoneInfo(zone)
    today = moment.astimezone(here).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), here)
    return Day(today, midnight.astimezone(UTC))
