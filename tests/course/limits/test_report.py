"""What whoever runs a server is shown of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from course import settings
from course.__main__ import main
from course.commands.limits_report import report
from course.limits.ledgers import Caps, SqliteLedger, Totals, Used
from course.limits.policy import day_of
from course.progress.stores import default_path
from course.settings import Settings

DAY = day_of(datetime(2026, 11, 25, 12, tzinfo=UTC), "UTC")


def test_all_settings_are_shown_also_those_that_are_off() -> None:
    limits = {"models": ["a", "b"], "local": True, "learner": {"requests_per_day": 5}}
    shown = report(Settings.model_validate({"limits": limits}), DAY, None).splitlines()
    assert "limits.models = a, b" in shown
    assert "limits.local = true" in shown
    assert "limits.learner.requests_per_day = 5" in shown
    assert "streams.at_once = no limit" in shown


def test_counters_are_shown_with_their_limits() -> None:
    limits = {"everyone": {"requests_per_day": 1000}}
    shown = report(
        Settings.model_validate({"limits": limits}), DAY, Totals(Used(12, 3400), 5)
    ).splitlines()
    assert "Counted on 2026-11-25 (UTC), until 2026-11-26 00:00 UTC:" in shown
    assert "requests: 12 of 1,000" in shown
    assert "tokens: 3,400, estimated" in shown
    assert "learners: 5" in shown


@pytest.fixture
def _limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits.learner]\nrequests_per_day = 5\n")
    monkeypatch.setenv(settings.VARIABLE, str(file))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))


@pytest.mark.usefixtures("_limited")
def test_the_command_shows_todays_counters_and_nobodys_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    today = datetime.now(UTC).date()
    SqliteLedger(default_path()).reserve(today, "SECRET-ID", 7, Caps())
    assert main(["limits"]) == 0
    said = capsys.readouterr().out
    assert "requests: 1\n" in said
    assert "learners: 1\n" in said
    assert "SECRET" not in said


@pytest.mark.usefixtures("_limited")
def test_the_command_says_why_counters_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    default_path().write_text("not a database" * 99)
    assert main(["limits"]) == 1
    assert "damaged" in capsys.readouterr().err


def test_the_command_says_what_is_wrong_with_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nlocl = true\n")
    monkeypatch.setenv(settings.VARIABLE, str(file))
    assert main(["limits"]) == 1
    assert "server.toml:2: unknown field `limits.locl`" in capsys.readouterr().err
