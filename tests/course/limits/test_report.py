"""What a server's report shows."""

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
    shown = report(Settings.model_validate({"limits": limits}), DAY, None)
    assert shown.splitlines() == [
        "limits.local = true",
        "limits.timezone = UTC",
        "limits.prompt_characters = no limit",
        "limits.output_tokens = no limit",
        "limits.models = a, b",
        "limits.learner.requests_per_day = 5",
        "limits.learner.tokens_per_day = no limit",
        "limits.learner.streams_at_once = no limit",
        "limits.everyone.requests_per_day = no limit",
        "limits.everyone.tokens_per_day = no limit",
        "streams.at_once = no limit",
        "streams.queue = 100",
        "streams.patience = 120",
        "",
        "No daily limit is set, so nothing is counted.",
    ]


def test_counters_are_shown_with_their_limits() -> None:
    limits = {"everyone": {"requests_per_day": 1000}}
    shown = report(Settings.model_validate({"limits": limits}), DAY, Totals(Used(12, 3400), 1005))
    assert shown.partition("\n\n")[2].splitlines() == [
        "Counted on 2026-11-25 (UTC), until 2026-11-26 00:00 UTC:",
        "requests: 12 of 1,000",
        "tokens: 3,400, estimated",
        "learners: 1,005",
    ]


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
    assert capsys.readouterr().err == "The counters cannot be read: damaged.\n"


def test_the_command_says_what_is_wrong_with_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nlocl = true\n")
    monkeypatch.setenv(settings.VARIABLE, str(file))
    assert main(["limits"]) == 1
    assert capsys.readouterr().err == (
        "The settings cannot be used:\nserver.toml:2: unknown field `limits.locl`. "
        "Did you mean `local`?\n"
    )


@pytest.mark.usefixtures("_limited")
def test_a_connection_that_there_is_not_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_CONNECTION", "nowhere")
    assert main(["limits"]) == 2
    assert capsys.readouterr().err.startswith("COURSE_CONNECTION is 'nowhere', which is not a conn")
