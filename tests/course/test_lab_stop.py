"""What the lab's Stop view shows of two calls, one closed and one left open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from course.lab import stop, views
from course.lab.stop import Call, figures, rows
from tests.course.lab_making import Page


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a text say its own name."""
    for module in (stop, views):
        monkeypatch.setattr(module, "text", lambda key, **_: key.rpartition(".")[2])


def call(*, closes: bool = True, **given: Any) -> Call:
    return Call(None, 20, closes, **given)  # type: ignore[arg-type]


def test_before_local_cortex_has_been_asked_nobody_knows_what_it_made() -> None:
    shown = figures(call(read=3))
    assert "made **not_yet**" in shown
    assert "late **-**" in shown


def test_at_least_as_much_has_been_made_as_was_read() -> None:
    assert "made **7**" in figures(call(read=7, made=4, marks=[(0.0, 0), (0.5, 4)]))


@pytest.mark.parametrize(("closes", "state"), [(True, "over"), (False, "whole")])
def test_a_call_that_is_over_was_closed_or_made_its_whole_answer(closes: bool, state: str) -> None:
    assert f"status **{state}**" in figures(call(closes=closes, stopped=True, running=False))


def test_a_call_that_the_lab_ends_is_no_longer_said_to_make_more() -> None:
    left = call(closes=False, stopped=True)
    assert "status **running**" in figures(left)
    left.strategy = SimpleNamespace(close=lambda: None)  # type: ignore[assignment]
    left.end()
    assert "status **over**" in figures(left)


def test_the_line_of_a_closed_call_goes_on_as_long_as_the_other_one() -> None:
    closed = call(made=20, marks=[(0.0, 0), (1.0, 20)])
    left = call(closes=False, made=345, marks=[(0.0, 0), (9.0, 345)])
    ends = {each["call"]: (each["seconds"], each["tokens"]) for each in rows([closed, left], "ab")}
    assert ends == {"a": (9.0, 20), "b": (9.0, 345)}


@pytest.mark.parametrize(
    ("reads", "job", "is_said"),
    [
        ((20, 20), {}, True),
        ((20, 20), {"running": True}, False),
        ((20, 20), {"stopped": True}, False),
        ((20, 19), {}, False),
        ((0, 0), {}, False),
    ],
)
def test_what_both_calls_show_is_said_once_unless_they_were_stopped_before(
    reads: tuple[int, int], job: dict[str, bool], is_said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page()
    monkeypatch.setattr(stop, "Spot", page.spot)
    calls = [
        call(read=read, closes=closes) for read, closes in zip(reads, (True, False), strict=True)
    ]
    board: Any = SimpleNamespace(**{"calls": calls, "running": False, "stopped": False} | job)
    stop._board(board)()
    assert page.drawn.count("info") == is_said
