"""The figures of past runs: what a row says, and how many are kept."""

from __future__ import annotations

from course.lab.compare import MOST_ROWS, remember
from course.lab.results import Row, rows_of
from course.lab.streams import Settings
from tests.course.lab_making import make_lane

SETTINGS = Settings(("custom", "ours"), "Why?", tokens_per_second=80, chunk_size=7, delay=0.02)


def rows() -> list[Row]:
    custom = make_lane("custom", time_to_first_delta=0.45, text="SECRET answer")
    return rows_of(1, SETTINGS, [custom, make_lane("ours", status="failed", code="cut")])


def test_a_row_has_the_settings_that_matter_to_its_way() -> None:
    custom, ours = rows()
    assert (custom["chunk_size"], custom["delay"], custom["pace"]) == (7, 0.02, None)
    assert (ours["chunk_size"], ours["delay"], ours["pace"]) == (None, None, "smooth")
    assert (custom["model"], custom["question_characters"]) == ("llama3.1-8b@80", 4)
    assert (custom["answer_existed"], custom["characters_per_second"]) == (0.45, 12.0)
    assert (custom["status"], ours["status"]) == ("unknown_end", "cut")


def test_a_row_has_no_text_of_any_answer() -> None:
    assert "SECRET" not in str(rows())


def test_only_the_last_runs_are_kept() -> None:
    past: list[Row] = []
    for _ in range(MOST_ROWS):
        remember(past, SETTINGS, [make_lane("custom"), make_lane("ours")])
    assert (len(past), past[-1]["run"]) == (MOST_ROWS, MOST_ROWS)
