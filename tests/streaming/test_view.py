"""show(): a stream on a page; drawing, turns and closed tabs without one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from streamlit.testing.v1 import AppTest

from streaming.view import growing
from streaming.view.blocks import Blocks
from streaming.view.growing import CROWD, LONG_BLOCK, LONG_TICK, TICK, Drawing
from streaming.view.kept import ARRIVING, GONE, LOOK, Answer, Keeper
from streaming.view.untrusted import safe
from tests.browser.nasty_markdown import ATTACKS
from tests.streaming.fakes import FakeClock, evenly, make_stream

TEXT = "One *word*\n\nand two."


def page() -> None:
    import streamlit as st

    from streaming import Pace
    from streaming.view import show
    from tests.streaming.fakes import evenly, make_stream

    failing = {"error": ConnectionError()} if st.session_state.get("fail") else {}
    if "answer" not in st.session_state:
        arrivals = evenly("One *word*\n\nand two.", first=0.0)
        stream, _, _ = make_stream(arrivals, pace=Pace.off(), **failing)  # type: ignore[arg-type]
        st.session_state.answer = stream
    result = show(st.session_state.answer, key=st.session_state.get("key"), cursor="▌")
    st.text(f"{result.status} {result.error.code if result.error else ''}")
    st.button("Again")


def run(**state: object) -> AppTest:
    app = AppTest.from_function(page)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def shown(app: AppTest) -> list[str]:
    assert not app.exception
    return [part.value for part in app.markdown]


def test_the_page_ends_with_the_whole_text_and_no_cursor() -> None:
    app = run()
    assert shown(app) == ["One *word*", "and two."]
    assert app.text[0].value == "complete"


def test_an_answer_that_has_ended_is_shown_again_by_the_next_run() -> None:
    app = run()
    app.button[0].click().run()
    assert shown(app) == ["One *word*", "and two."]
    assert app.text[0].value == "complete"


def test_an_error_leaves_the_partial_text_without_a_cursor_and_does_not_raise() -> None:
    app = run(fail=True)
    assert shown(app) == ["One *word*", "and two."]
    assert app.text[0].value == "failed cut"


def test_what_ends_the_script_ends_an_answer_without_a_key_and_leaves_its_text() -> None:
    def stopped() -> None:
        import streamlit as st

        from streaming import Pace
        from streaming.view import show
        from tests.streaming.fakes import make_stream

        stream, _, _ = make_stream([(0.0, "One word.")], pace=Pace.off(), silent=True)
        st.session_state.answer = stream
        show(stream, cursor="▌", on_wait=st.stop)

    app = AppTest.from_function(stopped).run()
    assert shown(app) == ["One word"]
    assert app.session_state["answer"].status == "cancelled"


def test_with_a_key_the_page_goes_on_at_once_and_the_run_after_the_end_has_the_result() -> None:
    app = run(key="answer")
    assert app.text[0].value == "running"
    app.session_state["answer"].result()
    app.run()
    assert app.text[0].value == "complete"


def thinking_page() -> None:
    from streaming import Part, Thinking
    from streaming.view.kept import Section
    from streaming.view.parts import Picture

    picture = Picture("", "Thinking")
    parts: list[Part] = [Thinking("Let me see."), "An answer"]
    sections = [Section(part) for part in parts]
    for number in (1, 2):
        state = [each.take_in(part) for each, part in zip(sections, parts[:number], strict=False)]
        picture.update(state, parts[:number], over=False)


def test_what_a_model_thought_is_folded_away_when_it_answers() -> None:
    (box,) = AppTest.from_function(thinking_page).run().status
    # Without the field the browser leaves the box open.
    assert (box.state, box.proto.HasField("expanded")) == ("complete", True)
    assert not box.proto.expanded


def rethinking_page() -> None:
    from streaming import Thinking
    from streaming.view.kept import Section
    from streaming.view.parts import Picture

    picture = Picture("", "Thinking")
    for thought in ("Let me see.", "No."):
        part = Thinking(thought)
        picture.update([Section(part).take_in(part)], [part], over=False)


def test_what_a_model_thought_in_an_attempt_that_failed_goes_from_the_page() -> None:
    app = AppTest.from_function(rethinking_page).run()
    assert [text.value for box in app.status for text in box.markdown] == ["No."]


CODE = 'st.button("Go", icon=":material/star:")', "if (![200].includes(x))", "~~~mermaid"


def with_code(code: str, gap: str) -> None:
    from streaming import Pace
    from streaming.view import show
    from tests.streaming.fakes import evenly, make_stream

    text = f"**So:**{gap}```py\n{code}\n```\n\nand\u2028![a](b)"
    show(make_stream(evenly(text, first=0.0), pace=Pace.off())[0], cursor="▌")


@pytest.mark.parametrize(("code", "gap"), [*((each, "\n\n") for each in CODE), (CODE[0], "\n")])
def test_code_that_markdown_would_change_stays_as_it_is(code: str, gap: str) -> None:
    app = AppTest.from_function(with_code, args=(code, gap)).run()
    assert shown(app) == ["**So:**", "and\u2028!\u2060[a](b)"]
    assert app.code[0].value == code


class Page:
    """Notes what stands on the page after each message."""

    def __init__(self) -> None:
        self.elements: list[str] = []
        self.states: list[list[str]] = []

    def draw(self, text: str, place: int | None, *, grows: bool = False) -> int:
        if place is None:
            place = len(self.elements)
            self.elements.append("")
        self.elements[place] = safe(text)
        self.states.append(list(self.elements))
        return place


def written(pieces: Iterable[str]) -> Page:
    on_page, blocks = Page(), Blocks()
    drawing = Drawing("▌", draw=on_page.draw)
    finished: list[str] = []
    for piece in pieces:
        finished += blocks.feed(piece)
        drawing.update(finished, blocks.open)
    drawing.update(finished, blocks.open, last=True)
    return on_page


def test_a_finished_block_stays_and_only_the_open_one_is_drawn_again() -> None:
    on_page = written(["One ", "word.\n\n", "And ", "two."])
    assert [[element.rstrip("\n") for element in state] for state in on_page.states] == [
        ["One ▌"],
        ["One word.\n\n▌"],
        ["One word."],
        ["One word.", "And ▌"],
        ["One word.", "And two.▌"],
        ["One word.", "And two."],
    ]


def test_markup_is_drawn_with_its_first_word() -> None:
    assert [state[-1] for state in written(["#", "# ", "Why"]).states] == ["## Why▌", "## Why"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_state_of_a_growing_text_has_an_image_in_it(attack: str) -> None:
    on_page = written(attack[start : start + 2] for start in range(0, len(attack), 2))
    assert all(element == safe(element) for state in on_page.states for element in state)


def test_a_long_block_costs_no_more_a_second_than_a_short_one() -> None:
    on_page = Page()
    drawing = Drawing(draw=on_page.draw)
    drawing.update([], "a" * LONG_BLOCK)
    assert drawing.tick == TICK
    drawing.update([], "a" * LONG_BLOCK * 5)
    assert drawing.tick == 5 * TICK


def test_in_a_crowd_a_short_answer_is_drawn_as_seldom_as_a_long_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawing = Drawing(draw=Page().draw)
    drawing.update([], "short")
    monkeypatch.setattr(growing, "GROWING", set(range(CROWD)))
    assert drawing.tick == TICK
    growing.GROWING.add("one more")
    assert drawing.tick == LONG_TICK


def test_an_answer_whose_turn_is_over_is_none_of_the_crowd() -> None:
    app = run(key="answer", fail=True)
    app.session_state["answer"].result()
    app.run()
    assert not growing.GROWING


def test_an_answer_that_is_taken_over_is_shown_as_far_as_it_has_come() -> None:
    stream, _, _ = make_stream(evenly(TEXT))
    next(stream)
    ((section, _, _, still),) = Answer(stream).state
    assert "".join(section.finished) + still == stream.text


class Tabs:
    """A keeper whose looks a test makes itself, and an answer of the tab ``"tab"``."""

    def __init__(self, *there: str) -> None:
        self.there, self.clock = {*there}, FakeClock()
        self.keeper = Keeper(self.there.__contains__, self.clock)
        self.stream, _, _ = make_stream(evenly(TEXT))
        self.keeper.keep(self.stream, "tab")
        self.stream.start()
        self.keeper.look()

    def after(self, seconds: float, *, late: float = 1.0) -> None:
        """Let ``seconds`` pass, with a look every ``LOOK`` seconds times ``late``."""
        for _ in range(round(seconds / LOOK)):
            self.clock.now += LOOK * late
            self.keeper.look()


def test_the_call_of_a_tab_that_stays_closed_is_ended() -> None:
    tabs = Tabs("tab")
    tabs.after(GONE * 2)
    tabs.there.clear()
    tabs.after(GONE)
    assert tabs.stream.running
    tabs.after(LOOK)
    assert tabs.stream.status == "cancelled"


def test_a_tab_that_comes_back_in_time_keeps_its_answer() -> None:
    tabs = Tabs()
    tabs.after(GONE / 2)
    tabs.keeper.keep(tabs.stream, "the tab after a refresh")
    tabs.there.add("the tab after a refresh")
    tabs.after(GONE)
    assert tabs.stream.running


def test_a_server_that_looks_late_gives_a_tab_longer_to_come_back() -> None:
    tabs = Tabs()
    tabs.after(GONE - LOOK, late=4)
    assert tabs.stream.running


def test_a_call_that_cannot_be_ended_keeps_no_other_from_its_end() -> None:
    class Stubborn:
        running = True

        def cancel(self) -> None:
            raise ValueError

    tabs, stubborn = Tabs(), Stubborn()
    tabs.keeper.keep(stubborn, "tab")
    tabs.after(GONE)
    assert tabs.stream.status == "cancelled"
    assert tabs.keeper.look()
    stubborn.running = False


def test_a_slow_server_may_take_a_minute_for_the_page_that_takes_an_answer_over() -> None:
    tabs = Tabs("refreshed")
    tabs.keeper.arriving("refreshed")
    tabs.after(ARRIVING / 2)
    # Refreshed once more, since it takes so long.
    tabs.there.clear()
    tabs.after(GONE / 2)
    tabs.there.add("refreshed again")
    tabs.keeper.arriving("refreshed again")
    tabs.after(ARRIVING / 2 - LOOK)
    tabs.keeper.keep(tabs.stream, "refreshed again")
    tabs.keeper.arrived("refreshed again")
    tabs.after(ARRIVING)
    assert tabs.stream.running


@pytest.mark.parametrize("how", ["says which it is", "is closed", "says nothing for a minute"])
def test_a_page_of_another_tab_is_waited_for_until_it(how: str) -> None:
    tabs = Tabs("another")
    tabs.keeper.arriving("another")
    tabs.after(GONE * 2)
    assert tabs.stream.running
    if how == "says which it is":
        tabs.keeper.arrived("another")
    elif how == "is closed":
        tabs.there.clear()
    else:
        tabs.after(ARRIVING - GONE * 2)
    tabs.after(GONE + LOOK)
    assert tabs.stream.status == "cancelled"


def test_pages_that_come_one_after_the_other_keep_no_call_for_good() -> None:
    tabs = Tabs()
    for number in range(round((ARRIVING + GONE) / LOOK)):
        tabs.there.add(f"tab {number}")
        tabs.keeper.arriving(f"tab {number}")
        tabs.after(LOOK)
    assert tabs.stream.status == "cancelled"


def test_two_runs_that_overlap_lose_no_text_and_double_none() -> None:
    stream, _, _ = make_stream(evenly(TEXT, first=0.0))
    answer = Answer(stream)
    pages = [Page(), Page()]
    drawings = [Drawing(draw=each.draw) for each in pages]
    turn = 0
    while answer.running:
        answer.read(lambda: None)
        turn += 1
        for section, _, blocks, still in answer.state:
            drawings[turn % 2].update(section.finished[:blocks], still, last=not answer.running)
    for drawing in drawings:
        drawing.update(section.finished, still, last=True)
    assert [each.elements for each in pages] == [["One *word*\n\n", "and two."]] * 2
