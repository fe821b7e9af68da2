"""What a program did is drawn with the real Streamlit, and nothing of it harms the page."""

from __future__ import annotations

from pydantic import JsonValue
from streamlit.testing.v1 import AppTest

from practice.events import Done, Draw, Event, Idle, Piece, Printed, Shown
from practice.replay import MOST_PRINTED


def _app(events):  # type: ignore[no-untyped-def]
    # Streamlit runs its text alone.
    import streamlit as st

    from practice.replay import replay

    replay(events, key="test", printed="Printed", sidebar="Sidebar")
    st.caption("below")


def drawn(*events: Event) -> AppTest:
    """Return the page on which these events have been drawn."""
    page = AppTest.from_function(_app, args=(events,), default_timeout=10).run()
    assert not page.exception
    return page


def draw(name: str, id: int, into: int = 0, count: int = 1, **args: JsonValue) -> Draw:  # noqa: A002
    return Draw(name=name, args=args, into=into, id=id, count=count)


def test_elements_are_drawn_where_the_program_put_them() -> None:
    page = drawn(
        draw("columns", 1, spec=2, count=2),
        draw("markdown", 3, into=2, body="right"),
        draw("markdown", 4, into=1, body="left"),
        draw("success", 5, body="below"),
    )
    assert [each.value for column in page.columns for each in column.markdown] == ["left", "right"]
    assert page.success[0].value == "below"


def test_what_goes_into_the_sidebar_stays_in_the_exercise() -> None:
    page = drawn(draw("markdown", 1, into=-1, body="aside"))
    assert [each.value for each in page.main.markdown] == ["aside"]
    assert not page.sidebar.markdown
    assert [each.value for each in page.caption] == ["Sidebar", "below"]


def test_a_stream_grows_and_what_happens_meanwhile_is_drawn() -> None:
    page = drawn(
        draw("stream", 1, source={"kind": "complete", "call": 0}, cursor=None),
        Piece(id=1, text="One "),
        Printed(text="a piece\n"),
        Piece(id=1, text=None),
        Piece(id=1, text="two."),
        Shown(id=1),
        draw("info", 2, body="after"),
    )
    assert [each.value for each in page.markdown] == ["One", "two."]
    assert page.code[0].value == "a piece"
    assert page.info[0].value == "after"


def test_html_of_a_program_stays_text() -> None:
    page = drawn(draw("markdown", 1, body="<script>1</script>"))
    assert page.markdown[0].allow_html is False


def test_widgets_show_what_the_program_was_given_and_cannot_be_touched() -> None:
    page = drawn(
        draw("selectbox", 1, label="Model", options=["a", "b"], now=1),
        draw("text_input", 2, label="Prompt", now="Hi"),
        draw("button", 3, label="Go", now=True),
    )
    assert (page.selectbox[0].value, page.selectbox[0].disabled) == ("b", True)
    assert (page.text_input[0].value, page.text_input[0].disabled) == ("Hi", True)
    assert page.button[0].disabled
    assert page.text_input[0].key == "test-2"


def test_a_call_that_streamlit_refuses_is_shown_as_its_refusal_and_keeps_nothing_else_off() -> None:
    page = drawn(draw("header", 1, body="x", divider="pink"), draw("markdown", 2, body="next"))
    assert page.error[0].value.startswith("`st.header`: ")
    assert page.markdown[0].value == "next"


def test_a_spinner_ends_with_its_block_or_with_the_run() -> None:
    for last in ([Done(id=1)], []):
        page = drawn(draw("spinner", 1, text="Thinking..."), *last)
        assert "Thinking" not in str(page.main)


def test_what_is_printed_is_shown_ten_times_a_second_and_in_the_end() -> None:
    looks: list[str] = []

    def app(looks):  # type: ignore[no-untyped-def]
        from itertools import count
        from unittest.mock import patch

        from practice.events import Printed
        from practice.replay import replay

        events = [Printed(text=f"{number} ") for number in range(10)]
        ticks = (tick / 100 for tick in count(0, 3))
        with patch("streamlit.code", lambda text, **_: looks.append(text)):
            replay(events, key="", printed="", sidebar="", clock=lambda: next(ticks))

    AppTest.from_function(app, args=(looks,), default_timeout=10).run()
    assert looks == ["0 ", "0 1 2 3 4 ", "0 1 2 3 4 5 6 7 8 ", "0 1 2 3 4 5 6 7 8 9 "]


def test_only_the_end_of_very_much_that_is_printed_is_kept() -> None:
    page = drawn(Printed(text="begin"), Printed(text="x" * MOST_PRINTED), Idle())
    assert page.code[0].value == "x" * MOST_PRINTED
