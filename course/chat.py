"""A live chat on a lesson's page: a model remembers what its request holds, and nothing else.

The messages belong to the tab, as a demo's answers do: they outlive any click, a change of page and
a refresh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from connection import connect
from course import connection_panel, limits, shelf
from course.connection_panel import preferred
from course.demo import MAX_PROMPT_CHARACTERS, failures_explained
from course.demo_state import Asked, Demo
from course.language import text
from course.script import focus_script
from course.watching import watch
from local_cortex import tokens
from streaming import CompletionRequest, Strategy
from streaming.fair_queue import BEGINNING
from streaming.request import Message
from streaming.view import safe

# The messages scroll in a box of their own, or the input would move away from its reader. Pixels.
HEIGHT = 420
FOCUS = '<span class="demo-chat-focus"></span>' + focus_script(".st-key-demo-chat-box")
# Of the messages in one request, where a page has no budget; far less than a model takes.
MOST_CHARACTERS = 32_000
# Each message is drawn again at every click in the demo.
MOST_TURNS = 40


@dataclass(eq=False)
class Turn:
    """A question of a chat and what has come of it.

    ``left_out`` is how many earlier messages its request lacks because of a limit.
    """

    asked: Asked
    left_out: int

    @property
    def request(self) -> CompletionRequest:
        """What was sent: earlier messages, and the question as the last one."""
        return self.asked.request

    @property
    def messages(self) -> Sequence[Message]:
        return self.request.messages or ()

    @property
    def question(self) -> str:
        return self.messages[-1].content

    @property
    def answer(self) -> str:
        return self.asked.stream.text if self.asked.stream is not None else ""

    @cached_property
    def tokens_sent(self) -> int:
        """The tokens of all messages that were sent, as Local Cortex counts them."""
        return sum(tokens.count(message.content) for message in self.messages)

    @property
    def tokens_received(self) -> int:
        return tokens.count(self.answer)


def in_words(turn: Turn) -> str:
    """Show in one line what an answer took: messages and tokens sent, tokens received."""
    said = text(
        "demo.chat_turn",
        messages=len(turn.messages),
        sent=turn.tokens_sent,
        received=turn.tokens_received,
    )
    return f"{said} · {text('demo.chat_left_out', count=turn.left_out)}" if turn.left_out else said


# A fragment: a message draws nothing above it again.
@st.fragment
def draw(
    strategy: Callable[[], Strategy],
    model: str,
    *,
    suggestions: Sequence[str] = (),
    budget: int | None = None,
    system: str = "",
    describe: Callable[[Turn], str] = in_words,
) -> None:
    """Draw a chat: its messages, buttons with suggestions, "New chat" and Stop, and its input.

    Every question is sent with all earlier questions that have an answer, and these answers.

    Args:
        strategy: makes what asks the model, for each question.
        model: who answers the next question.
        suggestions: messages that a click sends.
        budget: tokens of one request; the oldest questions and answers that don't fit are left
            out, the new question never is.
        system: a message from ``system`` that every request begins with.
        describe: returns a line of Markdown for below an answer that has ended, or ``""``.
    """
    connection_panel.rerun_if_fixed()
    with failures_explained(shelf.page()):
        demo = shelf.of_page(Demo)
        # Above the input, and filled last: an answer takes as long as nobody clicks.
        place = st.container()
        # A class that presses at once is served one by one; the answers take their time.
        with BEGINNING.turn():
            said = _said(demo, suggestions)
            if said:
                demo.cancel()
                request, left_out = _request(model, said, demo.turns, budget, system)
                asked = Asked(strategy(), request, None)
                # The window stays where it is: what comes stands above the input.
                asked.watched = ""
                asked.begin(connect(preferred()))
                demo.turns.append(Turn(asked, left_out))
        _watch_all(place, demo, describe)
    # Below all else, so that nothing changes its place.
    connection_panel.say_if_replaced(*shelf.of_page(Demo).turns[-1:])


def _said(demo: Demo, suggestions: Sequence[str]) -> str:
    """Draw what a message is sent with, and return the one that was sent, or ``""``."""
    is_full = len(demo.turns) >= MOST_TURNS
    with st.container(horizontal=True, key="demo-buttons"):
        pressed = [each for each in suggestions if st.button(each, disabled=is_full)]
        st.button(
            text("demo.new_chat"), icon=":material/refresh:", key="new-chat", on_click=_start_over
        )
        st.button(
            text("demo.stop"), icon=":material/stop_circle:", key="stop", on_click=demo.cancel
        )
    typed = st.chat_input(
        text("demo.chat_full" if is_full else "demo.chat_input"),
        key="demo-chat",
        max_chars=limits.longest_prompt(MAX_PROMPT_CHARACTERS),
        disabled=is_full,
    )
    return (typed or "").strip() or "".join(pressed[:1])


def _start_over() -> None:
    demo = shelf.of_page(Demo)
    demo.cancel()
    demo.turns.clear()


def _request(
    model: str, question: str, turns: Sequence[Turn], budget: int | None, system: str
) -> tuple[CompletionRequest, int]:
    """Return what is asked, and how many earlier messages are left out."""
    asked = Message(content=question)
    always = [Message(role="system", content=system)] if system else []
    kept = list[Message]()
    answered = [each for each in turns if each.answer.strip()]
    characters, counted = _size([*always, asked])
    most = limits.longest_prompt(MOST_CHARACTERS)
    for turn in reversed(answered):
        pair = [Message(content=turn.question), Message(role="assistant", content=turn.answer)]
        more_characters, more_tokens = _size(pair)
        characters, counted = characters + more_characters, counted + more_tokens
        if characters > most or (budget is not None and counted > budget):
            break
        kept = pair + kept
    messages = (*always, *kept, asked)
    return CompletionRequest(model=model, messages=messages), 2 * len(answered) - len(kept)


def _size(messages: Sequence[Message]) -> tuple[int, int]:
    """Return the characters of messages, each with its separator, and their tokens."""
    texts = [each.content for each in messages]
    return sum(len(each) + 1 for each in texts), sum(map(tokens.count, texts))


def _watch_all(
    place: st.delta_generator.DeltaGenerator, demo: Demo, describe: Callable[[Turn], str]
) -> None:
    """Show the messages from top to bottom; the last answer may go on."""
    if not demo.turns:
        return
    shelf.keep_page(demo)
    with place.container(height=HEIGHT, autoscroll=True, key="demo-chat-box"):
        st.html(FOCUS, unsafe_allow_javascript=True)
        for number, turn in enumerate(demo.turns):
            with st.chat_message("user"):
                st.markdown(safe(turn.question))
            with st.chat_message("assistant"):
                result = watch(turn.asked, f"chat-{number}")
                said = describe(turn) if result is not None else ""
                if said:
                    st.caption(said)
