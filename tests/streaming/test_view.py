"""show(): a stream on a page, in Streamlit's test harness."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from streaming import Pace
    from streaming.view import show
    from tests.streaming.fakes import evenly, make_stream

    failing = {"error": ConnectionError()} if st.session_state.get("fail") else {}
    if "answer" not in st.session_state:
        arrivals = evenly("Some *text* that streams.", first=0.0)
        stream, _, _ = make_stream(arrivals, pace=Pace.off(), **failing)  # type: ignore[arg-type]
        result = show(stream, key="answer", cursor="▌")
    else:
        result = show(st.session_state.answer)
    st.text(f"{result.status} {result.error.code if result.error else ''}")
    st.button("Again")


def run(*, fail: bool = False) -> AppTest:
    app = AppTest.from_function(page)
    app.session_state["fail"] = fail
    return app.run()


def test_the_page_ends_with_the_whole_text_and_no_cursor() -> None:
    app = run()
    assert [part.value for part in app.markdown] == ["Some *text* that streams."]
    assert app.text[0].value == "complete"


def test_an_answer_that_has_ended_is_shown_again_by_the_next_run() -> None:
    app = run()
    app.button[0].click().run()
    assert [part.value for part in app.markdown] == ["Some *text* that streams."]
    assert app.text[0].value == "complete"


def test_an_error_leaves_the_partial_text_without_a_cursor_and_does_not_raise() -> None:
    app = run(fail=True)
    assert not app.exception
    assert [part.value for part in app.markdown] == ["Some *text* that streams."]
    assert app.text[0].value == "failed cut"
