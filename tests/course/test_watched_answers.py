"""What the end of an answer says of its connection."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from course import watching
from course.demo_state import Asked
from streaming import Pace, Retry, SimulatedStrategy, StreamUnavailable, stream
from tests.streaming.fakes import REQUEST


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
