"""What answers learners' programs: a script, or an account where and as far as that is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connection import Connection, ConnectionFailed, connect
from course.exercises import answering
from course.exercises.answering import MOST_TOKENS, Backend, _answering, _scene_of
from course.limits.ledgers import SqliteLedger, Used
from course.limits.policy import Entry, Policy, Refusal, StreamQueue
from course.settings import AnswerSettings, Settings
from local_cortex import tokens
from practice import Refused, SqlError
from practice.exercises import SceneText
from streaming import CompletionRequest, StreamError, stream

ON_ACCOUNT = AnswerSettings(account=True)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SQL = "SELECT SNOWFLAKE.CORTEX.COMPLETE(?, ?)"


class Account:
    """A connection to an account whose session is Local Cortex's."""

    kind = "account"

    def __init__(self) -> None:
        self.session = connect("local").session

    def check(self, error: Exception, session: object) -> None:
        """Take no notice."""


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str | None]]:
    """Connect to an account unless Local Cortex is asked for, and note what was."""
    asked: list[str | None] = []

    def connected(prefer: str | None) -> Any:
        asked.append(prefer)
        return connect("local") if prefer == "local" else Account()

    monkeypatch.setattr(answering, "connect", connected)
    yield asked
    connect("local").reset()


def request(model: str = "llama3.1-8b", **more: Any) -> CompletionRequest:
    return CompletionRequest(model=model, prompt="Explain a qubit in one sentence.", **more)


@pytest.mark.parametrize(
    ("environ", "settings"),
    [
        ({}, AnswerSettings()),
        *(({"COURSE_PRACTICE_ACCOUNT": on}, ON_ACCOUNT) for on in ("1", "true", "yes", " ON ")),
        ({"COURSE_PRACTICE_ACCOUNT": "no"}, AnswerSettings()),
        ({"COURSE_PRACTICE_MODELS": "a, b,"}, AnswerSettings(models=frozenset({"a", "b"}))),
    ],
)
def test_the_environment_says_what_is_allowed(
    environ: dict[str, str], settings: AnswerSettings
) -> None:
    assert AnswerSettings.from_environment(environ) == settings


def test_no_account_is_asked_where_it_is_not_allowed(asked: list[str | None]) -> None:
    answer = "".join(Backend(AnswerSettings(), None).complete(request("claude-haiku-4-5")))
    assert answer
    assert asked == ["local"]


def test_a_failed_connection_is_told_before_a_program_is_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Failing:
        kind = "account"

        @property
        def session(self) -> object:
            raise ConnectionFailed("network")

    monkeypatch.setattr(answering, "connect", lambda _: Failing())
    with pytest.raises(ConnectionFailed):
        Backend(ON_ACCOUNT)


def test_on_an_account_only_the_models_that_are_allowed_answer() -> None:
    backend = Backend(ON_ACCOUNT, None)
    assert "".join(backend.complete(request()))
    with pytest.raises(Refused, match="model"):
        backend.complete(request("claude-haiku-4-5"))
    with pytest.raises(Refused, match="model"):
        backend.sql(SQL, ["claude-haiku-4-5", "hi"])


@pytest.mark.parametrize(("wanted", "sent"), [(None, MOST_TOKENS), (10**9, MOST_TOKENS), (5, 5)])
def test_on_an_account_an_answer_has_a_longest_length(
    wanted: int | None, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[CompletionRequest] = []
    real = stream

    def noted(strategy: Any, request: CompletionRequest, **options: Any) -> Any:
        requests.append(request)
        return real(strategy, request, **options)

    monkeypatch.setattr(answering, "stream", noted)
    "".join(Backend(ON_ACCOUNT, None).complete(request(max_tokens=wanted)))
    assert [each.max_tokens for each in requests] == [sent]


@pytest.mark.parametrize("settings", [AnswerSettings(), ON_ACCOUNT], ids=["scripted", "account"])
@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("SELECT CURRENT_VERSION()", True),
        ("SELECT AI_COMPLETE('llama3.1-8b', 'Hi')", True),
        ("SELECT SNOWFLAKE.CORTEX.COMPLETE('llama3.1-8b', 'Hi')", True),
        ("SELECT 1", False),
        ("SELECT SNOWFLAKE.CORTEX.TRY_COMPLETE('llama3.1-8b', 'Hi')", False),
        ("SELECT AI_COMPLETE('llama3.1-8b', 'Hi') FROM TABLE(GENERATOR(ROWCOUNT => 200))", False),
        ("DROP TABLE x", False),
    ],
)
def test_only_the_statements_of_the_days_are_run_wherever(
    query: str, allowed: bool, settings: AnswerSettings
) -> None:
    backend = Backend(settings, None)
    if allowed:
        assert backend.sql(query, None)[1][0][0]
    else:
        with pytest.raises(Refused, match="statement"):
            backend.sql(query, None)


FAULT = "fault-stall-headers"


@pytest.mark.parametrize(
    "name",
    [
        *(FAULT, FAULT.upper(), f" {FAULT}", "fault-", "fault-nothing"),
        *("llama3.1-8b@0.1", "llama3.1-8b@100000", "@", f"{FAULT}@5", "llama3.1-8b@0.1@80"),
    ],
)
def test_a_program_asks_for_no_fault_and_no_speed(name: str) -> None:
    backend = Backend(AnswerSettings(), None)
    with pytest.raises(Refused, match="model"):
        backend.complete(request(name))
    with pytest.raises(Refused, match="model"):
        backend.sql(SQL, [name, "Hi"])
    with pytest.raises(Refused, match="model"):
        backend.sql(f"SELECT AI_COMPLETE('{name}', 'Hi')", None)


def test_a_program_may_ask_for_the_fault_of_its_scene() -> None:
    backend = Backend(AnswerSettings(), None)
    with pytest.raises(StreamError) as told:
        next(backend.complete(request("fault-403"), fault="fault-403"))
    assert told.value.status == 403
    with pytest.raises(SqlError):
        backend.sql(SQL, ["fault-403", "Hi"], fault="fault-403")
    with pytest.raises(Refused, match="model"):
        backend.complete(request("fault-403"), fault="fault-500")


def test_that_a_model_is_unknown_is_said_by_snowflake() -> None:
    backend = Backend(AnswerSettings(), None)
    with pytest.raises(StreamError) as told:
        next(backend.complete(request("lama3.1-8b")))
    assert told.value.status == 400
    with pytest.raises(SqlError, match="unknown model"):
        backend.sql(SQL, ["lama3.1-8b", "Hi"])


def test_what_an_account_says_of_an_error_is_not_passed_on() -> None:
    backend = Backend(ON_ACCOUNT, None)
    with pytest.raises(SqlError) as told:
        backend.sql(SQL, ["llama3.1-8b", ""])
    assert str(told.value) == ""


def test_an_answer_that_is_closed_unread_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    real = stream

    def noted(*given: Any, **options: Any) -> Any:
        answer = real(*given, **options)
        cancel = answer.cancel

        def noted_too(_: object) -> None:
            ended.append(True)
            cancel()

        monkeypatch.setattr(type(answer), "cancel", noted_too)
        return answer

    monkeypatch.setattr(answering, "stream", noted)
    answer: Any = Backend(AnswerSettings()).complete(request())
    answer.close()
    assert ended == [True]


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "progress.sqlite3")


def behind_a_gate(
    ledger: SqliteLedger,
    line: StreamQueue | None = None,
    on_wait: Callable[[int], object] = lambda _: None,
    **limits: Any,
) -> Backend:
    streams = {"at_once": 1, "queue": 5, "patience": 60}
    settings = Settings.model_validate(
        {"limits": {"local": True, "output_tokens": 300, **limits}, "streams": streams}
    )

    def policy_of(connection: Connection) -> Policy:
        return Policy(
            settings,
            "me",
            local=connection.kind == "local",
            ledger=lambda: ledger,
            queue=line or StreamQueue(),
            now=lambda: NOON,
        )

    return Backend(AnswerSettings(), policy_of=policy_of, on_wait=on_wait)


def test_each_question_of_a_program_is_counted_those_by_sql_too(ledger: SqliteLedger) -> None:
    backend = behind_a_gate(ledger, everyone={"requests_per_day": 3})
    answer = "".join(backend.complete(request()))
    used = ledger.totals(NOON.date()).used
    prompt = tokens.count("Explain a qubit in one sentence.")
    assert used == Used(1, prompt + tokens.count(answer))
    _, [[answer]] = backend.sql(SQL, ["llama3.1-8b", "Explain a qubit in one sentence."])
    assert ledger.totals(NOON.date()).used == Used(2, used.tokens + prompt + tokens.count(answer))
    backend.sql("SELECT CURRENT_VERSION()", None)
    before = ledger.totals(NOON.date()).used.tokens
    _, [[answer]] = backend.sql("SELECT AI_COMPLETE('llama3.1-8b', 'Hi')", None)
    now = ledger.totals(NOON.date()).used
    assert now == Used(3, before + tokens.count("Hi") + tokens.count(answer))


def test_a_refusal_of_the_server_is_kept_apart_from_what_the_program_did(
    ledger: SqliteLedger,
) -> None:
    backend = behind_a_gate(ledger, learner={"requests_per_day": 1})
    assert "".join(backend.complete(request()))
    assert backend.refusal is None
    for ask in (
        lambda: backend.complete(request()),
        lambda: backend.sql(SQL, ["llama3.1-8b", "Hi"]),
    ):
        with pytest.raises(Refused, match="limit"):
            ask()
        assert backend.refusal is not None
        assert backend.refusal.reason == "learner_requests"


def test_a_program_has_one_place_as_long_as_answers_come_in(ledger: SqliteLedger) -> None:
    line = StreamQueue()
    backend = behind_a_gate(ledger, line)
    one, two = (backend.complete(request()) for _ in range(2))
    assert len(line._ends) == 1
    "".join(one)
    assert len(line._ends) == 1
    two.close()  # type: ignore[attr-defined]
    assert len(line._ends) == 0


def test_a_statement_that_fails_gives_its_place_back_and_counts_what_was_asked(
    ledger: SqliteLedger,
) -> None:
    line = StreamQueue()
    backend = behind_a_gate(ledger, line, everyone={"requests_per_day": 3})
    with pytest.raises(SqlError):
        backend.sql("SELECT COMPLETE('a', 1, 2, 3, 4)", None)
    assert len(line._ends) == 0
    assert 0 < ledger.totals(NOON.date()).used.tokens < 100


def test_a_wait_that_is_stopped_counts_nothing(ledger: SqliteLedger) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    line = StreamQueue()
    waits = behind_a_gate(ledger, line, on_wait=stop, everyone={"requests_per_day": 3})
    Entry(line, "somebody else", at_once=1).enter()
    with pytest.raises(KeyboardInterrupt):
        waits.complete(request())
    assert ledger.totals(NOON.date()).used == Used()


def test_unusable_settings_refuse_a_question_and_nothing_before_it() -> None:
    def unusable(_: Connection) -> Policy:
        raise Refusal("settings")

    backend = Backend(AnswerSettings(), policy_of=unusable)
    assert backend.sql("SELECT CURRENT_VERSION()", None)
    with pytest.raises(Refused, match="limit"):
        backend.complete(request())
    assert backend.refusal is not None
    assert backend.refusal.reason == "settings"


def test_a_fault_of_the_first_call_is_gone_at_the_second() -> None:
    scene = SceneText(id="one", fault="fault-500", fault_calls=1)
    complete = _answering(Backend(AnswerSettings()).complete, scene)
    with pytest.raises(StreamError, match="500"):
        list(complete(request()))
    assert "".join(complete(request()))


def test_a_scene_presses_its_buttons_and_fills_in_its_fields() -> None:
    scene = SceneText(id="one", press=["Ask"], inputs={"Prompt": "hi"}, inside_snowflake=True)
    made = _scene_of(scene)
    assert (made.inputs, made.inside_snowflake) == ({"Prompt": "hi", "Ask": True}, True)
