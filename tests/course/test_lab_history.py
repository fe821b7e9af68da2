"""The figures of past runs: what a row says, how many are kept, and the file."""

from __future__ import annotations

import csv
import io

from course.lab.results import MOST_RUNS, Row, csv_of, remember, rows_of
from course.lab.streams import Settings
from tests.course.lab_making import make_lane

SETTINGS = Settings(("custom", "ours"), "Why?", tokens_per_second=80, chunk_size=7, delay=0.02)


def rows(run: int = 1) -> list[Row]:
    custom = make_lane("custom", time_to_first_delta=0.45, text="SECRET answer")
    return rows_of(run, SETTINGS, [custom, make_lane("ours", status="failed", code="cut")])


def test_a_row_has_the_settings_that_matter_to_its_way() -> None:
    custom, ours = rows()
    assert (custom["chunk_size"], custom["delay"], custom["pace"]) == (7, 0.02, None)
    assert (ours["chunk_size"], ours["delay"], ours["pace"]) == (None, None, "smooth")
    assert (custom["model"], custom["question_characters"]) == ("llama3.1-8b@80", 4)
    assert (custom["answer_existed"], custom["characters_per_second"]) == (0.45, 12.0)
    assert (custom["status"], ours["status"]) == ("unknown_end", "cut")


def test_only_the_last_runs_are_kept() -> None:
    kept: list[Row] = []
    for run in range(1, MOST_RUNS + 6):
        kept = remember(kept, rows(run))
    assert [row["run"] for row in kept[::2]] == list(range(6, MOST_RUNS + 6))


def test_the_file_has_a_head_and_no_text_of_any_answer() -> None:
    file = csv_of(rows())
    first, second = csv.DictReader(io.StringIO(file))
    assert first["way"] == "custom"
    assert float(first["first_text"]) == 0.5
    assert second["pace"] == "smooth"
    assert second["chunk_size"] == ""
    assert "SECRET" not in file
