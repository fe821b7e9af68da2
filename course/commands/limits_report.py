"""A server's settings and today's counters: `python -m course limits`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from connection import connect
from course import settings
from course.language import flat
from course.limits.admission import ledger
from course.limits.ledgers import Totals
from course.limits.policy import Day, day_of
from course.progress import StoreError
from course.settings import Settings


def main() -> int:
    """Print them, and return the exit code: 0, 1 if they cannot be read, 2 for a wrong setting."""
    try:
        found = settings.read()
        day = day_of(datetime.now(UTC), found.limits.timezone)
        totals = ledger(connect().kind).totals(day.date) if found.limits.counts else None
    except ValueError as error:
        print(f"{error}.", file=sys.stderr)
        return 2
    except settings.SettingsError as error:
        print(f"The settings cannot be used:\n{error}", file=sys.stderr)
        return 1
    except StoreError as error:
        print(f"The counters cannot be read: {error.reason}.", file=sys.stderr)
        return 1
    print(f"Settings in {settings.path()}:")
    print(report(found, day, totals))
    return 0


def report(settings: Settings, day: Day, totals: Totals | None) -> str:
    """Return the settings and a day's counters (``None``: nothing is counted) without names."""
    lines = [f"{name} = {_shown(value)}" for name, value in flat(settings.model_dump())]
    if totals is None:
        lines += ["", "No daily limit is set, so nothing is counted."]
        return "\n".join(lines)
    used = totals.used
    lines += [
        "",
        f"Counted on {day.date} ({settings.limits.timezone}), until {day.ends:%Y-%m-%d %H:%M} UTC:",
        f"requests: {used.requests:,}{_of(settings.limits.everyone.requests_per_day)}",
        f"tokens: {used.tokens:,}{_of(settings.limits.everyone.tokens_per_day)}, estimated",
        f"learners: {totals.learners:,}",
    ]
    return "\n".join(lines)


def _of(limit: int | None) -> str:
    return "" if limit is None else f" of {limit:,}"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "no limit" if value is None else str(value)
