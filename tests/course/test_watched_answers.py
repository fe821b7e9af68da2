"""What a page says of an answer's end, and what that says of the connection."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from course import watching
from course.demo_state import Asked
from course.language import texts
from streaming import Pace, Retry, SimulatedStrategy, StreamUnavailable, stream
from tests.streaming.fakes import REQUEST, Given, make_stream


def page() -> None:
    import streamlit as st

    from course.watching import watch

    watch(st.session_state["asked"], "answer")


@pytest.mark.parametrize(("code", "noted"), [("unauthorised", "reset"), ("budget", "check")])
def test_an_answers_end_is_noted_once_however_often_the_page_reruns(
    monkeypatch: pytest.MonkeyPatch, code: str, noted: str
) -> None:
    seen: list[str] = []
    connection = SimpleNamespace(
        kind="account",
        reset=lambda: seen.append("reset"),
        check=lambda _: seen.append("check"),
    )
    monkeypatch.setattr(watching, "connect", lambda _: connection)

    def fail(_: object) -> list[str]:
        raise StreamUnavailable(code)

    asked = Asked(SimulatedStrategy(fail), REQUEST, Pace.off())
    asked.stream = stream(SimulatedStrategy(fail), REQUEST, retry=Retry(attempts=1))
    asked.stream.result()
    app = AppTest.from_function(page)
    app.session_state["asked"] = asked
    app.run().run()
    assert not app.exception
    assert len(app.error) == 1
    assert seen == [noted]


def ended(*deltas: str, error: bool = False, reason: str = "stop", stopped: bool = False) -> Asked:
    asked = Asked(Given([]), REQUEST, Pace.off())
    asked.stream, *_ = make_stream(
        [(float(second), delta) for second, delta in enumerate(deltas)],
        pace=Pace.off(),
        error=ConnectionError() if error else None,
        finish_reason=reason,
    )
    if stopped:
        for _ in deltas[1:]:
            next(asked.stream)
        asked.stream.cancel()
    asked.stream.result()
    return asked


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (ended("Hi"), []),
        (ended(), ["demo.empty_answer"]),
        (ended("Hi", reason="length"), ["demo.cut_at_max_tokens"]),
        (ended("Hi", "there", stopped=True), ["demo.stopped"]),
        (ended(stopped=True), ["demo.stopped_early"]),
        (ended("Hi", error=True), ["demo.partial"]),
        (ended(error=True), []),
    ],
)
def test_a_page_says_how_an_answer_has_ended(asked: Asked, said: list[str]) -> None:
    app = AppTest.from_function(page)
    app.query_params["lang"] = "en"
    app.session_state["asked"] = asked
    app.run()
    assert not app.exception
    infos = [key for key, text in texts("en").items() if text in [each.value for each in app.info]]
    kept = [texts("en")["demo.partial"] in each.value for each in app.error]
    assert infos + ["demo.partial"] * sum(kept) == said
    assert len(kept) == (asked.stream is not None and asked.stream.error is not None)
