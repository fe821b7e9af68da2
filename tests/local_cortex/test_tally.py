"""How many tokens are made and sent for a streamed answer, also after its reader has gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from snowflake.cortex import Complete
from snowflake.snowpark import Session

from local_cortex import LocalCortex
from local_cortex.engines import Thinking
from local_cortex.tally import StreamedAnswer, Tally, report
from tests.local_cortex.cortex_engines import END, Playing, eventually

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Start = Callable[..., LocalCortex]


@pytest.fixture
def ask(start: Start) -> Iterator[Callable[..., tuple[Session, Any]]]:
    """Make a session on a server that plays these parts, and a stream of its answer."""
    sessions: list[Session] = []

    def asked(*parts: Any) -> tuple[Session, Any]:
        sessions.append(start(engine=Playing(*parts)).session())
        answer: Any = Complete("llama3.1-8b", "hi", session=sessions[-1], stream=True)
        return sessions[-1], answer

    yield asked
    for session in sessions:
        session.close()


def last(session: Session) -> dict[str, Any]:
    """Return the last row of SHOW LOCAL CORTEX STREAMS."""
    row: dict[str, Any] = session.sql("SHOW LOCAL CORTEX STREAMS").collect()[-1].as_dict()
    return row


Ask = Callable[..., tuple[Session, Any]]


def test_an_answer_that_was_read_to_its_end_is_complete(ask: Ask) -> None:
    session, answer = ask("one", " two", END)
    assert list(answer) == ["one", " two"]
    assert eventually(lambda: last(session)["state"] == "complete")
    assert (last(session)["made"], last(session)["sent"]) == (2, 2)


def test_what_a_model_thinks_is_counted_apart_from_its_answer(ask: Ask) -> None:
    session, answer = ask(Thinking("hm"), Thinking(" so"), "one", END)
    assert "".join(answer) == "one"
    assert eventually(lambda: last(session)["state"] == "complete")
    row = last(session)
    assert (row["thought"], row["made"], row["sent"]) == (2, 1, 1)


def test_no_token_is_made_after_the_reader_has_closed_its_stream(ask: Ask) -> None:
    session, answer = ask("one", None, " two", END)
    assert next(answer) == "one"
    assert last(session)["state"] == "running"
    answer.close()
    assert eventually(lambda: last(session)["state"] == "cut")
    assert last(session)["made"] == 1


def test_an_abandoned_stream_that_is_still_referenced_is_made_to_its_end(ask: Ask) -> None:
    session, answer = ask("one", *[" more"] * 50, END)
    assert next(answer) == "one"
    assert eventually(lambda: last(session)["state"] == "complete")
    assert last(session)["made"] == 51


def test_the_number_of_a_stream_is_a_header_of_its_response(ask: Ask) -> None:
    session, answer = ask("one", None)
    response = answer.gi_frame.f_locals["response"]
    assert response.headers["x-local-cortex-stream"] == str(last(session)["number"])


def test_an_answer_whose_engine_fails_has_failed(ask: Ask) -> None:
    session, answer = ask("one", ValueError("broken"))
    with pytest.raises(Exception, match="engine failed"):
        list(answer)
    assert eventually(lambda: last(session)["state"] == "failed")


def test_only_the_last_answers_are_kept() -> None:
    tally = Tally(clock=lambda: 0.0)
    for _ in range(501):
        tally.end(tally.begin("m"))
    assert [row[0] for row in tally.rows()][:1] == [2]


def test_a_row_says_for_how_many_milliseconds_an_answer_ran() -> None:
    seconds = iter((1.0, 3.5))
    tally = Tally(clock=lambda: next(seconds))
    tally.end(tally.begin("m"))
    assert tally.rows()[0][-1] == 2_500


def test_an_answer_ends_once() -> None:
    ended: list[StreamedAnswer] = []
    tally = Tally(lambda answer, _: ended.append(answer), clock=lambda: 0.0)
    answer = tally.begin("m")
    tally.end(answer)
    tally.end(answer)
    assert ended == [answer]


def test_the_log_says_how_much_was_thought(capsys: pytest.CaptureFixture[str]) -> None:
    report(StreamedAnswer(3, "claude-sonnet-4-5", 0.0, thought=9, state="cut"), 0)
    assert "cut after 0.0 s, 9 tokens thought, 0 tokens made, 0 sent" in capsys.readouterr().err


def test_the_log_says_what_became_of_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    report(StreamedAnswer(3, "llama3.1-8b", 0.0, made=20, sent=18, state="cut"), 1.25)
    said = capsys.readouterr().err
    assert said == (
        "Local Cortex: stream 3, llama3.1-8b: cut after 1.2 s, 20 tokens made, 18 sent\n"
    )
