"""show() and write(): a stream on a page, in Streamlit's test harness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from streaming import view
from streaming.untrusted import safe
from streaming.view import write
from tests.browser.nasty_markdown import ATTACKS


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


def icons() -> None:
    from streaming import Pace
    from streaming.view import show
    from tests.streaming.fakes import evenly, make_stream

    text = '**So:**\n\n```py\nst.button("Go", icon=":material/star:")\n```\n\nand\u2028![a](b)'
    show(make_stream(evenly(text, first=0.0), pace=Pace.off())[0], cursor="▌")


def test_an_icons_name_in_code_keeps_its_slash() -> None:
    app = AppTest.from_function(icons).run()
    assert not app.exception
    assert [part.value for part in app.code] == ['st.button("Go", icon=":material/star:")']
    assert app.code[0].language == "py"
    assert [part.value for part in app.markdown] == ["**So:**", "and\u2028\\![a](b)"]


class Place:
    """An ``st.empty()`` that notes every state of what is written into it."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def write_stream(self, pieces: Iterable[str], cursor: str | None = None) -> None:
        text = ""
        for piece in pieces:
            text += piece
            self.states.append(text + (cursor or ""))
        self.states.append(text)


def icons_and_more() -> None:
    import streamlit as st

    from streaming import CompletionRequest, Pace, SimulatedStrategy, stream
    from streaming.view import show

    text = "one\n\n```py\n:material/star:\n```\n\n" + "more\n\n" * 5 + "end"
    strategy = SimulatedStrategy(lambda _: text, chunk_size=3, delay=0.0)
    with st.container(key="answer"):
        show(stream(strategy, CompletionRequest(model="m", prompt="p"), pace=Pace.off()))


def test_no_block_of_the_growing_text_stays_behind_the_code_with_an_icon() -> None:
    app = AppTest.from_function(icons_and_more).run()
    assert not app.exception
    assert [part.value for part in app.markdown] == ["one", "\n\n".join(["more"] * 5 + ["end"])]


def written(pieces: Iterable[str]) -> list[str]:
    place = Place()
    pieces = list(pieces)
    assert write(cast("DeltaGenerator", place), pieces, clock=lambda: 0.0) == "".join(pieces)
    return place.states


def test_what_is_written_grows() -> None:
    states = written(["One ", "and ", "two."])
    assert list(dict.fromkeys(states)) == ["", "One ", "One and ", "One and two."]


def test_what_turns_out_to_be_code_is_written_again_as_it_came() -> None:
    states = written(["`if (![20", "0].includes(x))`", " and ![a](b)"])
    assert "`if (\\![20" in states
    assert "`if (![200].includes(x))`" in states
    assert states[-1] == "`if (![200].includes(x))` and \\![a](b)"


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_state_of_a_growing_text_has_an_image_in_it(attack: str) -> None:
    states = written(attack[start : start + 2] for start in range(0, len(attack), 2))
    assert states[-1] == safe(attack)
    assert all(state == safe(state) for state in states)


def test_a_text_that_takes_long_to_make_harmless_is_looked_at_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    looks = []

    def slow(text: str) -> str:
        nonlocal now
        now += 1.0
        looks.append(text)
        return text

    def pieces() -> Iterator[str]:
        nonlocal now
        for _ in range(300):
            now += 0.1
            yield "a"

    monkeypatch.setattr(view, "safe", slow)
    place = Place()
    write(cast("DeltaGenerator", place), pieces(), clock=lambda: now)
    assert len(looks) <= 6
    assert place.states[-1] == "a" * 300
