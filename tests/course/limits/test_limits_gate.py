"""The gate: what is refused and why, and what is counted in the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from course.limits import Admission, Policy, Refusal, open_policy
from course.limits.ledgers import Caps, Ledger, Over, SqliteLedger, Totals, Used
from course.limits.policy import StreamQueue
from course.progress.stores import StoreError
from course.settings import DEFAULT_OUTPUT_TOKENS, Settings
from local_cortex import tokens
from streaming import CompletionRequest, Pace, SimulatedStrategy, stream
from streaming.pump import CallEnd
from tests.streaming.fakes import Blocking

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PROMPT = "What is a token?"
ASKED = tokens.count(PROMPT)


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "progress.sqlite3")


class Down:
    """Counters that cannot be reached."""

    def reserve(self, day: date, learner: str, tokens: int, caps: Caps) -> Over | None:
        raise StoreError("locked")

    def correct(self, day: date, learner: str, requests: int, tokens: int) -> None:
        raise StoreError("locked")

    def totals(self, day: date) -> Totals:
        raise StoreError("locked")


def gate(
    limits: dict[str, Any],
    ledger: Ledger | None = None,
    *,
    local: bool = False,
    now: Callable[[], datetime] = lambda: NOON,
    **streams: int,
) -> Policy:
    settings = Settings.model_validate({"limits": limits, "streams": streams})
    return Policy(
        settings,
        "me",
        local=local,
        ledger=lambda: ledger or Down(),
        queue=StreamQueue(grace=0.0),
        now=now,
    )


def refused(gate: Policy, model: str = "a", prompt: str = PROMPT) -> Refusal:
    with pytest.raises(Refusal) as told:
        gate.reserve(model, prompt)
    return told.value


def test_where_nothing_is_limited_nothing_is_counted_and_no_counter_is_looked_for() -> None:
    def fail() -> Ledger:
        raise AssertionError("the counters were looked for")

    unlimited = Policy(Settings(), "me", local=False, ledger=fail, queue=StreamQueue(grace=0.0))
    reservation = unlimited.reserve("any", "x" * 100_000, 77)
    assert (reservation.max_tokens, reservation.is_counted) == (77, False)
    reservation.settle(5)
    reservation.give_back()


def test_a_days_requests_end_and_it_is_said_when_the_next_day_begins(ledger: SqliteLedger) -> None:
    limits = {"timezone": "Asia/Seoul", "learner": {"requests_per_day": 2}}
    for _ in range(2):
        gate(limits, ledger).reserve("a", PROMPT)
    refusal = refused(gate(limits, ledger))
    assert (refusal.reason, refusal.limit) == ("learner_requests", 2)
    assert refusal.opens == datetime(2026, 11, 25, 15, tzinfo=UTC)


def test_after_midnight_it_is_open_again(ledger: SqliteLedger) -> None:
    limits = {"everyone": {"requests_per_day": 1}}
    before, after = NOON.replace(hour=23, minute=59, second=59), NOON.replace(day=26, hour=0)
    gate(limits, ledger, now=lambda: before).reserve("a", PROMPT)
    assert refused(gate(limits, ledger, now=lambda: before)).opens == after
    gate(limits, ledger, now=lambda: after).reserve("a", PROMPT)


def test_an_answer_that_ends_after_midnight_is_counted_on_the_day_it_was_asked_for(
    ledger: SqliteLedger,
) -> None:
    moments = iter([NOON.replace(hour=23, minute=59)])
    reservation = gate(
        {"learner": {"requests_per_day": 9}}, ledger, now=lambda: next(moments)
    ).reserve("a", PROMPT)
    reservation.settle(50)
    assert ledger.totals(NOON.date()).used == Used(1, 50)


def test_tokens_are_set_aside_and_then_set_right(ledger: SqliteLedger) -> None:
    limits = {"output_tokens": 100, "learner": {"tokens_per_day": 300}}
    reservation = gate(limits, ledger).reserve("a", PROMPT)
    assert ledger.totals(NOON.date()).used == Used(1, ASKED + 100)
    reservation.settle(30)
    assert ledger.totals(NOON.date()).used == Used(1, 30)
    gate(limits, ledger).reserve("a", PROMPT, 40)
    assert ledger.totals(NOON.date()).used == Used(2, 30 + ASKED + 40)


def test_what_was_not_asked_after_all_is_not_counted(ledger: SqliteLedger) -> None:
    gate({"learner": {"requests_per_day": 1}}, ledger).reserve("a", PROMPT).give_back()
    assert ledger.totals(NOON.date()).used == Used()
    gate({"learner": {"requests_per_day": 1}}, ledger).reserve("a", PROMPT)


def test_without_an_output_cap_the_services_own_default_is_set_aside(ledger: SqliteLedger) -> None:
    gate({"everyone": {"requests_per_day": 9}}, ledger).reserve("a", PROMPT)
    assert ledger.totals(NOON.date()).used.tokens == ASKED + DEFAULT_OUTPUT_TOKENS


@pytest.mark.parametrize(("wanted", "sent"), [(None, 100), (50, 50), (1_000, 100)])
def test_an_answer_has_at_most_so_many_tokens(wanted: int | None, sent: int) -> None:
    assert gate({"output_tokens": 100}).reserve("a", PROMPT, wanted).max_tokens == sent


def test_only_the_models_that_are_listed_may_be_asked() -> None:
    only = gate({"models": ["a", "b"]})
    only.reserve("b", PROMPT)
    refusal = refused(only, "c")
    assert (refusal.reason, refusal.models) == ("model", ("a", "b"))


def test_a_statement_that_does_not_say_its_model_is_let_through() -> None:
    gate({"models": ["a"]}).reserve(None, PROMPT)


def test_a_prompt_has_at_most_so_many_characters() -> None:
    short = gate({"prompt_characters": 5})
    short.reserve("a", "한글 다섯")
    refusal = refused(short, prompt="한글 여섯자")
    assert (refusal.reason, refusal.limit) == ("prompt", 5)


@pytest.mark.parametrize("limited", [False, True])
def test_local_cortex_is_limited_only_where_the_settings_say_so(
    limited: bool, ledger: SqliteLedger
) -> None:
    limits = {"local": limited, "models": ["a"], "learner": {"requests_per_day": 1}}
    local = gate(limits, ledger, local=True)
    if limited:
        assert refused(local, "b").reason == "model"
    else:
        assert local.reserve("b", PROMPT).max_tokens is None
        assert ledger.totals(NOON.date()).used == Used()


def test_streams_at_once_are_limited_everywhere() -> None:
    here = gate({"learner": {"streams_at_once": 1}}, local=True)
    here.entry().enter()
    with pytest.raises(Refusal) as told:
        here.entry().enter()
    assert told.value.reason == "streams"


def test_counters_that_cannot_be_reached_let_nobody_through_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert refused(gate({"learner": {"requests_per_day": 9}})).reason == "store"
    assert "locked" in caplog.text


def test_where_no_day_is_limited_counters_need_not_be_reached() -> None:
    gate({"models": ["a"], "output_tokens": 5}).reserve("a", PROMPT)


def test_an_answer_that_cannot_be_counted_in_the_end_does_no_harm(
    ledger: SqliteLedger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation = gate({"learner": {"requests_per_day": 9}}, ledger).reserve("a", PROMPT)
    monkeypatch.setattr(SqliteLedger, "correct", Down.correct)
    with caplog.at_level(logging.WARNING):
        reservation.settle(1)
    assert "could not be counted" in caplog.text


def test_a_refusal_that_is_kept_holds_no_traceback() -> None:
    refusal = refused(gate({"models": ["a"]}), "c")
    kept = refusal.again()
    assert (kept.reason, kept.models) == (refusal.reason, refusal.models)
    assert (kept.__traceback__, kept.__context__) == (None, None)


def test_the_open_policy_lets_everything_through() -> None:
    gate = open_policy()
    assert gate.reserve("any", "x" * 10_000).is_counted is False
    gate.entry().enter().leave()


class Live:
    """A strategy whose text comes while the model is writing."""

    name, live = "live", True

    def open(self, request: CompletionRequest) -> Any:
        yield from ("one ", "two ", "three ", "four ")


class Silent(Live):
    """Silent after its first word, until nobody reads any more."""

    def open(self, request: CompletionRequest) -> Any:
        return Blocking("one ")


REQUEST = CompletionRequest(model="a", prompt=PROMPT)
WHOLE = SimulatedStrategy(lambda _: "one two three four ", delay=0.0)


def counted(ledger: SqliteLedger, strategy: Any, *, stop: bool = False) -> int:
    """Ask, read all of the answer or stop after its first piece, and return the tokens counted."""
    reservation = gate({"learner": {"requests_per_day": 9}}, ledger).reserve("a", PROMPT)
    known = threading.Event()

    def over(text: str, end: CallEnd) -> None:
        reservation.ended(text, end, live=strategy.live)
        known.set()

    answer = stream(strategy, REQUEST, pace=Pace.off(), on_end=over)
    if stop:
        next(answer)
        answer.cancel()
    answer.result()
    answer.close()
    assert known.wait(30)
    return ledger.totals(NOON.date()).used.tokens


@pytest.mark.parametrize("strategy", [Live(), WHOLE], ids=["live", "as a whole"])
def test_what_came_is_counted(strategy: Any, ledger: SqliteLedger) -> None:
    assert counted(ledger, strategy) == ASKED + tokens.count("one two three four ")


def test_of_a_live_answer_that_was_stopped_what_came_is_counted(ledger: SqliteLedger) -> None:
    assert counted(ledger, Silent(), stop=True) == ASKED + tokens.count("one ")


def test_of_an_answer_that_comes_as_a_whole_and_was_stopped_the_worst_is_assumed(
    ledger: SqliteLedger,
) -> None:
    slow = SimulatedStrategy(lambda _: "one two three four ", delay=0.3)
    assert counted(ledger, slow, stop=True) == ASKED + DEFAULT_OUTPUT_TOKENS


def asked(number: int, policy: Policy) -> Admission:
    return Admission(policy, [REQUEST] * number)


def test_questions_that_are_asked_together_have_one_place_until_the_last_is_over(
    ledger: SqliteLedger,
) -> None:
    policy = gate({"learner": {"requests_per_day": 9, "streams_at_once": 1}}, ledger)
    admission = asked(2, policy)
    assert admission.wait(0) is None
    admission.over(0, "one", "ended")
    assert_refused(policy, "streams")
    admission.over(1, "one", "ended")
    admission.over(1, "told twice", "ended")
    policy.entry().enter().leave()
    assert ledger.totals(NOON.date()).used == Used(2, 2 * (ASKED + tokens.count("one")))


def test_of_questions_that_are_asked_together_all_are_counted_or_none(
    ledger: SqliteLedger,
) -> None:
    policy = gate({"learner": {"requests_per_day": 2}}, ledger)
    with pytest.raises(Refusal):
        asked(3, policy)
    assert ledger.totals(NOON.date()).used.requests == 0
    asked(2, policy)


def test_questions_that_are_given_up_are_not_counted_and_leave_the_line(
    ledger: SqliteLedger,
) -> None:
    policy = gate({"learner": {"requests_per_day": 9, "streams_at_once": 1}}, ledger)
    admission = asked(2, policy)
    admission.wait(0)
    admission.cancel()
    admission.over(0, "too late", "ended")
    assert not admission.running
    assert ledger.totals(NOON.date()).used == Used()
    policy.entry().enter()


def test_a_refusal_in_the_line_gives_the_questions_back(ledger: SqliteLedger) -> None:
    policy = gate({"learner": {"requests_per_day": 9, "streams_at_once": 1}}, ledger)
    policy.entry().enter()
    admission = asked(1, policy)
    with pytest.raises(Refusal):
        admission.wait(0)
    assert ledger.totals(NOON.date()).used == Used()


def test_an_answer_is_limited_before_it_is_asked_for() -> None:
    assert asked(1, gate({"output_tokens": 7})).requests[0].max_tokens == 7


def assert_refused(policy: Policy, reason: str) -> None:
    with pytest.raises(Refusal) as told:
        policy.entry().enter()
    assert told.value.reason == reason


def test_questions_that_are_given_up_in_line_never_get_in_whatever_thread_still_waits() -> None:
    policy = gate({"learner": {"streams_at_once": 1}})
    first = policy.entry().enter()
    admission = Admission(policy, [REQUEST])
    admission.cancel()
    first.leave()
    assert admission.wait(0) == 1
    policy.entry().enter()
