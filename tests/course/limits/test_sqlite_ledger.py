"""Counters in a SQLite file: never more than the limit, even when many ask at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from course import ROOT
from course.limits.ledgers import Caps, SqliteLedger, Totals, Used, passed

TODAY = date(2026, 11, 25)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "data" / "progress.sqlite3")


def test_a_request_is_counted_for_its_learner_and_for_all(ledger: SqliteLedger) -> None:
    assert ledger.reserve(TODAY, "me", 10, Caps()) is None
    assert ledger.reserve(TODAY, "you", 5, Caps()) is None
    assert ledger.totals(TODAY) == Totals(Used(2, 15), 2)


@pytest.mark.parametrize(
    ("caps", "over"),
    [
        (Caps(learner_requests=2), "learner_requests"),
        (Caps(learner_tokens=29), "learner_tokens"),
        (Caps(everyone_requests=2), "everyone_requests"),
        (Caps(everyone_tokens=29), "everyone_tokens"),
        (Caps(2, 29, 2, 29), "learner_requests"),
    ],
)
def test_what_would_pass_a_limit_is_told_which_and_is_not_counted(
    caps: Caps, over: str, ledger: SqliteLedger
) -> None:
    assert [ledger.reserve(TODAY, "me", 10, caps) for _ in range(4)] == [None, None, over, over]
    assert ledger.totals(TODAY).used == Used(2, 20)


def test_what_others_have_used_is_against_the_limit_of_all_only(ledger: SqliteLedger) -> None:
    caps = Caps(learner_requests=1, everyone_requests=2)
    assert ledger.reserve(TODAY, "me", 1, caps) is None
    assert ledger.reserve(TODAY, "you", 1, caps) is None
    assert ledger.reserve(TODAY, "they", 1, caps) == "everyone_requests"


def test_the_next_day_begins_at_nothing(ledger: SqliteLedger) -> None:
    caps = Caps(learner_requests=1)
    assert ledger.reserve(TODAY, "me", 1, caps) is None
    assert ledger.reserve(TODAY, "me", 1, caps) == "learner_requests"
    assert ledger.reserve(TOMORROW, "me", 1, caps) is None


def test_what_was_set_aside_is_set_right_on_its_own_day(ledger: SqliteLedger) -> None:
    ledger.reserve(TODAY, "me", 1000, Caps())
    ledger.reserve(TOMORROW, "me", 1000, Caps())
    ledger.correct(TODAY, "me", 0, -900)
    assert ledger.totals(TODAY).used == Used(1, 100)
    assert ledger.totals(TOMORROW).used == Used(1, 1000)


def test_what_a_process_leaves_behind_stays_counted_after_a_restart(ledger: SqliteLedger) -> None:
    ledger.reserve(TODAY, "me", 1000, Caps())
    again = SqliteLedger(ledger._database.path)
    assert again.reserve(TODAY, "me", 1, Caps(learner_tokens=1000)) == "learner_tokens"


def test_old_counters_go(ledger: SqliteLedger) -> None:
    ledger.reserve(TODAY, "me", 1, Caps())
    ledger.reserve(TOMORROW + timedelta(days=1), "me", 1, Caps())
    assert ledger.totals(TODAY) == Totals(Used(), 0)


def test_counters_never_fall_below_nothing(ledger: SqliteLedger) -> None:
    ledger.correct(TODAY, "me", -1, -5)
    ledger.reserve(TODAY, "me", 3, Caps())
    ledger.correct(TODAY, "me", -1, -5)
    assert ledger.totals(TODAY).used == Used()


ASKER = """
import sys
from datetime import date
from pathlib import Path
from course.limits.ledgers import Caps
from course.limits.ledgers import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]), patience=60)
day, caps = date(2026, 11, 25), Caps(everyone_requests=100)
print(sum(ledger.reserve(day, sys.argv[2], 7, caps) is None for _ in range(50)))
"""


@pytest.mark.thorough
def test_of_four_processes_with_fifty_requests_each_exactly_a_hundred_pass(
    ledger: SqliteLedger,
) -> None:
    path = str(ledger._database.path)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, path, f"learner {number}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    told = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert sum(map(int, told)) == 100
    assert ledger.totals(TODAY).used == Used(100, 700)


some_limit = some.none() | some.integers(1, 60)


@settings(max_examples=60, deadline=None)
@given(
    asked=some.lists(
        some.tuples(some.sampled_from("abc"), some.integers(0, 20), some.booleans()), max_size=12
    ),
    caps=some.builds(Caps, some_limit, some_limit, some_limit, some_limit),
)
def test_whatever_is_asked_and_given_back_no_limit_is_ever_passed(
    asked: list[tuple[str, int, bool]], caps: Caps, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = SqliteLedger(tmp_path_factory.mktemp("ledger") / "progress.sqlite3")
    used: dict[str, Used] = {}
    for learner, tokens, is_given_back in asked:
        before, everyone = used.get(learner, Used()), _sum(used)
        over = ledger.reserve(TODAY, learner, tokens, caps)
        assert over == passed(before, everyone, tokens, caps)
        if over is not None:
            continue
        if is_given_back:
            ledger.correct(TODAY, learner, -1, -tokens)
        else:
            used[learner] = Used(before.requests + 1, before.tokens + tokens)
    all_of_it = ledger.totals(TODAY).used
    assert all_of_it == _sum(used)
    assert all_of_it.requests <= (caps.everyone_requests or all_of_it.requests)
    assert all_of_it.tokens <= (caps.everyone_tokens or all_of_it.tokens)
    for mine in used.values():
        assert mine.requests <= (caps.learner_requests or mine.requests)
        assert mine.tokens <= (caps.learner_tokens or mine.tokens)


def _sum(used: dict[str, Used]) -> Used:
    each = used.values()
    return Used(sum(one.requests for one in each), sum(one.tokens for one in each))
