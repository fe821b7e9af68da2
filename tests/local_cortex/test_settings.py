"""Where settings come from, and the error for one that can't be used."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from local_cortex.environment import ENVIRONMENT, Settings, SettingsError


def test_without_any_setting_the_pace_is_a_models_and_retired_models_answer() -> None:
    assert Settings.from_environment({}) == Settings(
        first_token=0.4, tokens_per_second=40.0, strict_models=False, statement_timeout=10.0
    )


def test_every_setting_has_an_environment_variable() -> None:
    assert set(ENVIRONMENT) == set(Settings.model_fields)
    settings = Settings.from_environment(
        {
            "COURSE_FIRST_TOKEN": "0",
            "COURSE_TOKENS_PER_SECOND": "12.5",
            "COURSE_STRICT_MODELS": "true",
            "COURSE_STATEMENT_TIMEOUT": "2",
        }
    )
    assert settings == Settings(
        first_token=0, tokens_per_second=12.5, strict_models=True, statement_timeout=2
    )


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert Settings.from_environment({"COURSE_FIRST_TOKEN": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "default"),
    [
        ("COURSE_FIRST_TOKEN", "soon", "0.4"),
        ("COURSE_FIRST_TOKEN", "-1", "0.4"),
        ("COURSE_FIRST_TOKEN", "61", "0.4"),
        ("COURSE_FIRST_TOKEN", "nan", "0.4"),
        ("COURSE_TOKENS_PER_SECOND", "0", "40.0"),
        ("COURSE_TOKENS_PER_SECOND", "inf", "40.0"),
        ("COURSE_STRICT_MODELS", "perhaps", "False"),
        ("COURSE_STATEMENT_TIMEOUT", "0", "10.0"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_variable_and_the_default(
    variable: str, value: str, default: str
) -> None:
    with pytest.raises(SettingsError) as failure:
        Settings.from_environment({variable: value})
    text = str(failure.value)
    assert text.startswith(f"{variable}={value}: Input should be ")
    assert text.endswith(f"leave it out for {default}.")


def test_the_command_line_wins_over_the_environment_and_leaves_the_rest() -> None:
    settings = Settings(first_token=3, tokens_per_second=7).replace({"first_token": 1})
    assert settings == Settings(first_token=1, tokens_per_second=7)


@pytest.mark.parametrize(
    ("setting", "value", "option"),
    [
        ("first_token", -0.5, "--first-token=-0.5"),
        ("tokens_per_second", math.nan, "--tokens-per-second=nan"),
        ("strict_models", "perhaps", "--strict-models=perhaps"),
    ],
)
def test_a_bad_value_of_the_command_line_is_named_with_its_option(
    setting: str, value: object, option: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{option}: "):
        Settings().replace({setting: value})


def test_settings_do_not_change_once_they_are_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().first_token = 1.0
