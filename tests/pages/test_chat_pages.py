"""A page's chat: what it sends with each message, what it shows, and how it starts over."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from course import chat
from course.demo_state import Demo
from streaming.request import Message
from tests.pages.pressing import finish

SECONDS = 60
PAGE = "day_03_write_streams"


def _page(budget, system, told):  # type: ignore[no-untyped-def]
    # Streamlit runs its text alone.
    import streamlit as st

    from course import chat, shelf

    class Model:
        name, live = "model", True

        def open(self, request):  # type: ignore[no-untyped-def]
            if request.messages[-1].content == "fail":
                raise ConnectionError
            yield from ("Heard ", str(len(request.messages)), " messages.")

    shelf.begin("day_03_write_streams")
    words = {"describe": lambda turn: f"told {turn.left_out}"} if told else {}
    suggestions = ["My name is Mina.", "What is my name?"]
    chat.draw(Model, "m", suggestions=suggestions, budget=budget, system=system, **words)
    st.caption("below")
    shelf.end()


def opened(budget: int | None = None, system: str = "", *, told: bool = False) -> AppTest:
    args = (budget, system, told)
    app = AppTest.from_function(_page, default_timeout=SECONDS, args=args)
    app.query_params["lang"] = "en"
    return app.run()


def say(app: AppTest, message: str) -> AppTest:
    app.chat_input[0].set_value(message).run()
    return finish(app)


def shown(app: AppTest) -> list[tuple[str, str]]:
    assert not app.exception
    return [(each.name, each.markdown[0].value) for each in app.chat_message if each.markdown]


def sent(app: AppTest) -> list[list[Message]]:
    demo: Demo = app.session_state[f"shelf-{PAGE}"]
    return [list(turn.messages) for turn in demo.turns]


def test_each_message_goes_with_all_earlier_ones_and_is_shown_once() -> None:
    app = say(say(opened(), "one"), "two")
    assert shown(app) == [
        ("user", "one"),
        ("assistant", "Heard 1 messages."),
        ("user", "two"),
        ("assistant", "Heard 3 messages."),
    ]
    assert shown(app.run()) == shown(app)
    assert [(each.role, each.content) for each in sent(app)[1]] == [
        ("user", "one"),
        ("assistant", "Heard 1 messages."),
        ("user", "two"),
    ]


def test_below_an_answer_stands_what_it_took() -> None:
    app = say(opened(), "one")
    assert app.chat_message[1].caption[0].value == (
        "Messages sent: 1 · tokens sent: 1 · tokens received: 5"
    )


def test_a_page_words_what_an_answer_took() -> None:
    app = say(opened(told=True), "one")
    assert app.chat_message[1].caption[0].value == "told 0"


def test_a_suggestion_is_sent_with_a_click() -> None:
    app = opened()
    app.button[0].click().run()
    assert shown(finish(app))[0] == ("user", "My name is Mina.")


def test_beyond_the_budget_the_oldest_messages_are_left_out_and_the_page_says_so() -> None:
    app = opened(budget=9)
    for message in ("one", "two", "three"):
        say(app, message)
    assert [len(each) for each in sent(app)] == [1, 3, 3]
    assert sent(app)[2][0].content == "two"
    assert "earlier messages left out: 2" in app.chat_message[5].caption[0].value


def test_a_question_that_is_more_than_the_budget_is_sent_alone() -> None:
    app = say(say(opened(budget=2), "one"), "a question of very many words that costs a lot")
    assert [len(each) for each in sent(app)] == [1, 1]


def test_a_system_message_comes_first_whatever_is_left_out() -> None:
    app = opened(budget=9, system="Be brief.")
    for message in ("one", "two", "three"):
        say(app, message)
    assert {each[0].content for each in sent(app)} == {"Be brief."}
    assert sent(app)[2][-1].content == "three"


def test_a_question_without_an_answer_is_shown_and_not_sent_again() -> None:
    app = say(say(opened(), "fail"), "two")
    assert [len(each) for each in sent(app)] == [1, 1]
    assert ("user", "fail") in shown(app)
    assert app.chat_message[1].error


def test_a_new_chat_knows_nothing_of_the_one_before() -> None:
    app = say(opened(), "one")
    next(each for each in app.button if each.key == "new-chat").click().run()
    assert shown(app) == []
    assert [len(each) for each in sent(say(app, "two"))] == [1]


def test_a_full_chat_takes_no_more_messages_until_a_new_one_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat, "MOST_TURNS", 1)
    app = say(opened(), "one").run()
    assert app.chat_input[0].disabled
    next(each for each in app.button if each.key == "new-chat").click().run()
    assert not app.chat_input[0].disabled


def test_what_the_learner_writes_fetches_nothing() -> None:
    app = say(opened(), "![x](https://attacker.invalid/x.png)")
    assert shown(app)[0][1].startswith("!\u2060[")
