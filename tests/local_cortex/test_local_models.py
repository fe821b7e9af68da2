"""The model table, and what is made of it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest

from local_cortex import models
from local_cortex.environment import ModelTableError

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 22)
HEAD = 'as_of = 2026-11-22\ndefaults = ["a"]\n'
ENTRY = '[[model]]\nname = "a"\nfamily = "x"\nlifecycle = "GA"\n'


def model(name: str) -> models.Model:
    found = models.find(name)
    assert found is not None, name
    return found


def write(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


# Looking up


@pytest.mark.parametrize(
    "name", ["llama3.1-8b", "LLAMA3.1-8B", "Llama3.1-8b", 'SNOWFLAKE.MODELS."LLAMA3.1-8B"']
)
def test_a_model_is_found_by_the_names_that_snowflake_resolves(name: str) -> None:
    assert model(name).name == "llama3.1-8b"


@pytest.mark.parametrize(
    "name",
    ["", "llama", "llama3.1-8b ", 'SNOWFLAKE.MODELS."llama3.1-8b"', 'OTHER.MODELS."LLAMA3.1-8B"'],
)
def test_other_names_are_not_models(name: str) -> None:
    assert models.find(name) is None


# Lifecycle


@pytest.mark.parametrize(
    ("name", "last_day"),
    [
        ("claude-3-5-sonnet", date(2026, 3, 31)),
        ("reka-flash", date(2025, 10, 15)),
        ("snowflake-arctic", date(2026, 4, 28)),
        ("mistral-large", date(2026, 7, 10)),
        ("claude-4-sonnet", date(2026, 10, 14)),
    ],
)
def test_a_model_answers_on_its_last_day_and_not_after(name: str, last_day: date) -> None:
    assert not model(name).retired_on(last_day)
    assert model(name).retired_on(date.fromordinal(last_day.toordinal() + 1))


def test_the_status_follows_the_dates() -> None:
    sonnet = model("claude-4-sonnet")
    assert sonnet.status_on(date(2026, 8, 11)) == "GA"
    assert sonnet.status_on(date(2026, 8, 12)) == "LEGACY"
    assert sonnet.status_on(date(2026, 10, 14)) == "LEGACY"
    assert sonnet.status_on(date(2026, 10, 15)) == "EOL"


def test_an_end_without_a_date_does_not_retire_a_model() -> None:
    assert model("llama3.1-70b").eol_not_before == date(2026, 10, 14)
    assert model("llama3.1-70b").status_on(date(2027, 1, 1)) == "LEGACY"


def test_models_that_not_every_account_can_start_are_not_offered() -> None:
    offered = {each.name for each in models.available(TODAY)}
    assert "llama3.1-8b" in offered
    assert "claude-opus-5-5" in offered, "a public preview is open to all"
    assert not offered & {"mistral-large", "llama3.1-70b", "claude-fable-5"}


def test_every_default_is_alive() -> None:
    assert models.DEFAULTS[0] == "llama3.1-8b"
    for name in models.DEFAULTS:
        assert model(name).status_on(TODAY) == "GA"


# The table's own form


def test_every_date_and_number_of_the_table_is_plausible() -> None:
    for each in models.MODELS:
        if each.legacy_date and each.eol_date:
            assert each.legacy_date < each.eol_date
        assert each.max_output_tokens >= 4_096


def test_a_limit_that_is_not_documented_is_the_rest_apis_cap() -> None:
    assert model("openai-gpt-5.2").max_output_tokens == 16_384


# SHOW CORTEX BASE MODELS


def show(on: date) -> dict[str, dict[str, object]]:
    return {str(row["name"]): dict(row) for row in models.shown(on)}


def test_show_has_the_documented_columns_in_order() -> None:
    assert list(models.shown(TODAY)[0]) == [
        "created_on",
        "name",
        "model_type",
        "database_name",
        "schema_name",
        "owner",
        "lifecycle_status",
        "in_region_availability",
        "legacy_date",
        "eol_date",
        "cross_region_availability",
    ]


def test_show_gives_a_row_for_every_model_by_name() -> None:
    rows = show(TODAY)
    assert len(rows) == len(models.MODELS)
    assert list(rows) == [name.upper() for name in sorted(each.name for each in models.MODELS)]


def test_show_gives_a_living_model() -> None:
    row = show(TODAY)["LLAMA3.1-8B"]
    assert row["model_type"] == "CORTEX_BASE"
    assert (row["database_name"], row["schema_name"]) == ("SNOWFLAKE", "MODELS")
    assert row["lifecycle_status"] == "GA"
    assert (row["legacy_date"], row["eol_date"]) == (None, None)


def test_show_gives_a_retired_model_with_its_last_day() -> None:
    row = show(TODAY)["CLAUDE-3-5-SONNET"]
    assert (row["lifecycle_status"], row["eol_date"]) == ("EOL", "2026-03-31")


def test_show_gives_an_end_without_a_date_in_words() -> None:
    row = show(TODAY)["MISTRAL-LARGE2"]
    assert row["lifecycle_status"] == "LEGACY"
    assert (row["legacy_date"], row["eol_date"]) == ("2026-08-12", "No sooner than 2026/10/14")


# Another table


def test_a_table_of_ones_own_is_read_also_with_a_byte_order_mark(tmp_path: Path) -> None:
    table = models.load(write(tmp_path, "\ufeff" + HEAD + ENTRY + "eol_date = 2027-01-01\n"))
    assert [each.name for each in table.model] == ["a"]
    assert table.model[0].eol_date == date(2027, 1, 1)


def test_the_environment_names_another_table(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + ENTRY)
    code = "from local_cortex import models; print(models.DEFAULTS, len(models.MODELS))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "COURSE_MODELS": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "('a',) 1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("as_of =", "not TOML"),
        ("x = " + "9" * 5000, "not TOML"),
        ("x = " + "[" * 9000, "not TOML"),
        (HEAD + ENTRY.replace('"a"', "0x" + "f" * 6000), "model number 1: name: Input should be"),
        (
            HEAD + ENTRY + "max_output_tokens = 0x" + "f" * 6000,
            "1: max_output_tokens: Input",
        ),
        (ENTRY, "as_of: Field required"),
        (HEAD, "model: Field required"),
        (HEAD + "modell = 3\n" + ENTRY, "modell: unknown field"),
        (HEAD + ENTRY + "zzz = 3\n", "model number 1: zzz: unknown field"),
        (HEAD + ENTRY + 'eol_date = "soon"\n', "model number 1: eol_date: Input should be a valid"),
        (
            HEAD + '[[model]]\nfamily = "x"\nlifecycle = "GA"\n',
            "model number 1: name: Field required",
        ),
        (HEAD + ENTRY.replace("GA", "BETA"), "model number 1: lifecycle: Input should be 'GA'"),
        (HEAD + ENTRY + ENTRY, "'a': names are lower case and unique"),
        (HEAD + ENTRY.replace('"a"', '"A"'), "'A': names are lower case and unique"),
        (HEAD.replace('"a"', '"b"') + ENTRY, "defaults: no [[model]] is named 'b'"),
        (
            HEAD + ENTRY + "eol_date = 2027-01-01\neol_not_before = 2027-01-01\n",
            "'a': eol_date or eol_not_before, not both",
        ),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_file_and_field(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ModelTableError) as caught:
        models.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelTableError, match="cannot be read"):
        models.load(tmp_path / "none.toml")


def test_reading_the_table_imports_nothing_heavy() -> None:
    code = (
        "import sys; from local_cortex import models;"
        "heavy = {'snowflake.connector', 'snowflake.snowpark', 'streamlit', 'starlette', 'httpx'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
