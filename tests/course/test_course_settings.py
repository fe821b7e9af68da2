"""A server's settings: what they may be, and what a mistake in them says."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from course import ROOT, settings
from course.commands.checking.lesson_files import check_files
from course.settings import Settings, SettingsError
from tests.course.making import told


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    monkeypatch.setenv(settings.VARIABLE, str(path))
    return path


def test_without_a_file_or_with_an_empty_one_everything_is_off(tmp_path: Path) -> None:
    assert settings.read(tmp_path) == Settings()
    (tmp_path / "course.toml").write_text("")
    assert settings.read(tmp_path) == Settings()
    assert not settings.read(tmp_path).limits.counts


def test_the_file_of_this_repository_changes_nothing_and_shows_every_setting() -> None:
    source = (ROOT / "course.toml").read_text("utf-8")
    assert settings.read(ROOT) == Settings()
    on = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and " = " in line else line
        for line in source.splitlines()
        if not line.startswith("# ") or line.split(" = ")[0].removeprefix("# ").isidentifier()
    )
    shown = Settings.model_validate(tomllib.loads(on))
    for table in (shown.limits, shown.limits.learner, shown.limits.everyone, shown.streams):
        assert table.model_fields_set == set(type(table).model_fields)


def test_a_setting_names_another_file(file: Path) -> None:
    file.write_text("[limits]\noutput_tokens = 7\n")
    assert settings.read().limits.output_tokens == 7


def test_a_file_that_is_named_and_not_there_is_a_mistake(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"server\.toml: cannot be read.*COURSE_SETTINGS"):
        settings.read()


def test_a_file_is_read_again_when_it_has_changed_and_only_then(file: Path) -> None:
    file.write_text("[streams]\nat_once = 3\n")
    first = settings.read()
    assert first.streams.at_once == 3
    assert settings.read() is first
    file.write_text("[streams]\nat_once = 4\n")
    os.utime(file, ns=(1, 1))
    assert settings.read().streams.at_once == 4


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("[limits]\n\nlocl = true", r":3: unknown field `limits.locl`. Did you mean `local`\?"),
        ("[limits.lerner]", r":1: unknown field `limits.lerner`. Did you mean `learner`\?"),
        (
            "[limits.learner]\nrequest_per_day = 1",
            r":2: unknown field `limits.learner.request_per_day`. Did you mean `requests_per_day`",
        ),
        ("[limits.everyone]\nrequests_per_day = -1", ":2: field .*requests_per_day.*1 or more"),
        ("[limits.everyone]\nrequests_per_day = 0", ":2: field .*requests_per_day.*1 or more"),
        ('[limits.everyone]\nrequests_per_day = "9"', ":2: field .*whole number"),
        ("[limits.learner]\ntokens_per_day = true", ":2: field .*whole number"),
        ("[limits]\nlocal = 1", ":2: field `limits.local`.*true or false"),
        ("[limits]\nmodels = []", ":2: field `limits.models`.*at least 1"),
        ('[limits]\nmodels = "a"', ":2: field `limits.models`"),
        ('[limits]\ntimezone = "Asia/Soul"', ":2: field `limits.timezone`.*Asia/Seoul"),
        ('[limits]\ntimezone = "../../etc/passwd"', ":2: field `limits.timezone`.*Asia/Seoul"),
        ('[limits]\ntimezone = "Asia"', ":2: field `limits.timezone`.*Asia/Seoul"),
        ("[streams]\npatience = 0", ":2: field `streams.patience`"),
        ("[streams\n", "is not valid TOML"),
        ('[limits]\nmodels = [""]', ":2: field `limits.models.0`: must be one line of text"),
        ('[limits]\nmodels = ["a\\u0000"]', ":2: field `limits.models.0`: holds an invisible"),
        (f"[limits.learner]\ntokens_per_day = {10**16}", ":2: field .*tokens_per_day`: .*or less"),
        (f"[streams]\npatience = {'9' * 5000}", ": is not valid TOML: a number is too long"),
        ("[limits]\noutput_tokens = 1000001", ":2: field .*output_tokens`: must be 1000000 or"),
        ("\ufeff[limits]", ":1: begins with an invisible byte order mark"),
        ("x = " + "[" * 5000, "lists stand too deep"),
    ],
)
def test_a_mistake_is_told_with_its_file_its_line_its_field_and_a_fix(
    source: str, said: str, file: Path
) -> None:
    file.write_text(source)
    with pytest.raises(SettingsError, match=said) as caught:
        settings.read()
    assert told(caught.value.problems).startswith("error: server.toml:")


def test_tokens_that_are_not_enough_for_one_answer_are_a_mistake(file: Path) -> None:
    file.write_text("[limits]\n\n[limits.everyone]\ntokens_per_day = 4096\n")
    with pytest.raises(SettingsError, match=r":4: 4096 tokens a day are not enough") as caught:
        settings.read()
    assert told(caught.value.problems)
    file.write_text("[limits]\noutput_tokens = 400\n[limits.everyone]\ntokens_per_day = 4096\n")
    assert settings.read().limits.everyone.tokens_per_day == 4096


def test_every_mistake_is_told_at_once_and_again_at_each_look(file: Path) -> None:
    file.write_text("[limits]\nlocl = true\n[streams]\nqueue = -1\n")
    for _ in range(2):
        with pytest.raises(SettingsError) as caught:
            settings.read()
        assert [problem.line for problem in caught.value.problems] == [2, 4]


def test_the_check_of_the_lessons_tells_it_too(file: Path) -> None:
    file.write_text("[limits]\nlocl = true\n")
    first = next(iter(check_files()))
    assert (first.path, first.line, first.severity) == (file, 2, "error")
