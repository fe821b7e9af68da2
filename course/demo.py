"""A lesson's live demo: its fields and buttons, and its answers with their figures.

A page decides what to ask and calls ``ask``; ``course.demo_state`` asks, ``course.watching`` draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial

import streamlit as st
from streamlit.errors import FragmentHandledException

from connection import Connection, ConnectionFailed, connect, diagnose
from course import connection_panel, content, limits, shelf
from course.connection_panel import preferred
from course.demo_state import Asked, Demo, Note
from course.language import choice, current, text
from course.watching import watch
from local_cortex import models
from streaming import CompletionRequest, Pace, Strategy, StreamResult
from streaming.fair_queue import BEGINNING
from streaming.view import Turn, again, pulse

# Far more than a lesson needs, far less than any model takes.
MAX_PROMPT_CHARACTERS = 8_000
# How often a figure that goes on after its answer is drawn; seconds.
NOTE_SECONDS = 0.5


def choose_model(label: str, handout: Sequence[str], connection: Connection) -> str:
    """Draw a select box with the handout's models and living ones; mark what cannot be used.

    That is what has retired, and what this server's settings do not allow. The first model that is
    neither is chosen to begin with.
    """
    today = date.today()
    allowed = limits.allowed_models()
    names = list(dict.fromkeys([*handout, *models.DEFAULTS, *(allowed or ())]))
    labels = {name: name for name in names}
    for name in names:
        model = models.find(name)
        if allowed is not None and name not in allowed:
            labels[name] = text("demo.not_offered", model=name)
        elif model is not None and model.retired_on(today):
            labels[name] = text("demo.retired", model=name, date=model.eol_date)
    usable = next((index for index, name in enumerate(names) if labels[name] == name), 0)
    local = connection.kind == "local"
    # One box, which stands beside other fields as one thing.
    with st.container(key="demo-field-model"):
        chosen = choice(
            st.selectbox, label, names, key="model", index=usable, format_func=labels.__getitem__
        )
        # Always there, empty or not: what stands below keeps its place, and with it, to Streamlit,
        # its identity; a button pressed meanwhile would be forgotten.
        note = st.empty()
    if allowed is not None and chosen not in allowed:
        offered = ", ".join(f"`{name}`" for name in allowed)
        note.caption(text("limits.model", models=offered))
    elif labels[chosen] != chosen:
        note.caption(text("demo.retired_local" if local else "demo.retired_account"))
    return chosen


def in_language(*, ko: str, en: str) -> str:
    """Return the one that is in the page's language."""
    return ko if current() == "ko" else en


def prompt(label: str, *, ko: str, en: str) -> str:
    """Draw the prompt's field, preset in the page's language until the learner writes another.

    The handout has the English preset; the Korean page says so.
    """
    state, preset, kept = st.session_state, in_language(ko=ko, en=en), shelf.preset_key()
    # An untouched preset follows the language.
    if state.get("prompt") == state.get(kept, preset) != preset:
        state["prompt"] = preset
    state[kept] = preset
    with st.container(key="demo-field-prompt"):
        # A preset that stands in the session's state alone comes a moment after the field: a run
        # that anything else begins by then would read the field as emptied.
        written = st.text_input(label, preset, key="prompt")
        if written == preset != en:
            st.caption(text("demo.english_preset"))
    return written


def request(model: str, prompt: str) -> CompletionRequest | None:
    """Return the request, or say what is wrong with the prompt and return ``None``."""
    longest = limits.longest_prompt(MAX_PROMPT_CHARACTERS)
    if prompt.strip() and len(prompt) <= longest:
        return CompletionRequest(model=model, prompt=prompt)
    wrong = "long_prompt" if prompt.strip() else "empty_prompt"
    message = text(f"demo.{wrong}", length=len(prompt), limit=longest)
    st.warning(message, icon=":material/edit:")
    return None


@contextmanager
def explained(connection: Connection) -> Iterator[None]:
    """Show on the page that a statement has failed, with Snowflake's number for it.

    The error's own text stays off the page: it may name the account.
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("snowflake."):
            raise
        over = connection.check(error)
        number = diagnose(error).errno
        # On this machine there is neither a role nor a warehouse to check.
        key = "demo.sql_lost" if over and connection.kind == "local" else "demo.sql_failed"
        message = text(key, number=f"{number:06}" if number else "-")
        st.error(message, icon=":material/error:")


@contextmanager
def failures_explained(lesson: str) -> Iterator[None]:
    """Show an error from a demo's code on the page, with its fix."""
    try:
        yield
    except ConnectionFailed as error:
        connection_panel.failure(error)
    except FragmentHandledException:
        raise  # Streamlit's own: it has been shown already
    except Exception as error:  # whatever the page's own code raises
        content.say_that_code_failed(lesson, "demo", error)


# A fragment: a press doesn't draw the fields above it again.
@st.fragment
def buttons(act: Callable[[str], None], *labels: str, heading: str = "") -> None:
    """Draw the demo's buttons with Stop beside them, and what comes of them under a ``heading``.

    ``act`` is called with the label of the one that was pressed. The first one is what the lesson
    is about. The style sheet shows Stop while there is something to stop, and keeps the row in
    sight.
    """
    connection_panel.rerun_if_fixed()
    with failures_explained(shelf.page()):
        # A class that presses at once is served one by one; the answers take their time.
        with BEGINNING.turn():
            pressed = _row(labels)
            if pressed is not None:
                demo = shelf.of_page(Demo)
                if demo.said:
                    demo.said = {}
                act(pressed)
        _say_again()
        _watch_all(heading)
    # Below all else, so that nothing changes its place.
    connection_panel.say_if_replaced(*shelf.of_page(Demo).answers.values())


def _row(labels: Sequence[str]) -> str | None:
    demo = shelf.of_page(Demo)
    with st.container(horizontal=True, key="demo-buttons"):
        pressed = [
            label
            for number, label in enumerate(labels)
            if st.button(label, type="secondary" if number else "primary")
        ]
        st.button(
            text("demo.stop"), icon=":material/stop_circle:", key="stop", on_click=demo.cancel
        )
    return pressed[0] if pressed else None


def _say_again() -> None:
    """Show what the last press said, in a place that stays once something has been said."""
    said = shelf.of_page(Demo).said
    if said is not None:
        place = st.empty()
        if said:
            place.success(in_language(**said))


def say(*, ko: str, en: str) -> None:
    """Show what came of a press that asks no model, until the next press."""
    shelf.of_page(Demo).said = {"ko": ko, "en": en}


def ask(
    strategy: Strategy,
    request: CompletionRequest,
    *,
    method: str = "",
    pace: Pace | None = None,
    note: Note | None = None,
) -> None:
    """Decide about a question, and ask it as soon as it may be asked.

    Its answer replaces the last one of this ``method``, and ends what still runs. ``note`` draws
    above an answer that has ended.
    """
    demo = shelf.of_page(Demo)
    demo.cancel()
    asked = Asked(strategy, request, pace, note)
    asked.begin(connect(preferred()))
    demo.answers[method] = asked
    demo.place = 1 - demo.place


def _watch_all(heading: str) -> None:
    """Show the answers under a heading, two methods' side by side, each with its figures."""
    demo = shelf.of_page(Demo)
    if not demo.answers:
        return
    shelf.keep_page(demo)
    names = sorted(demo.answers)
    boxes = [st.container() if number == demo.place else st.empty() for number in range(2)]
    box = boxes[demo.place]
    if heading:
        box.markdown(heading)
    places = box.columns(len(names)) if len(names) > 1 else [box]
    notes: list[Callable[[], bool]] = []
    # The one that runs comes last: it takes as long as nobody clicks.
    for name, place in sorted(
        zip(names, places, strict=True), key=lambda pair: demo.answers[pair[0]].running
    ):
        number = names.index(name)
        with place:
            if len(names) > 1:
                # The style sheet gives each its colour.
                with st.container(key=f"method-{number + 1}"):
                    st.markdown(f"**{name}**")
            _watch(demo.answers[name], f"answer-{number}", notes)
    _watch_notes(notes)


def _watch(asked: Asked, key: str, notes: list[Callable[[], bool]]) -> None:
    # Above the answer: two that stand side by side are compared by it, however long they are.
    note = partial(asked.note, st.empty()) if asked.note is not None else None
    result = watch(asked, key)
    if result is not None:
        _say_figures(result)
        if note is not None:
            notes.append(partial(note, result))


def _watch_notes(notes: Sequence[Callable[[], bool]]) -> None:
    """Draw what goes on after answers have ended, until it does not or somebody else waits."""
    turn = Turn()
    while going_on := [note for note in notes if note()]:
        pulse(turn, "notes")
        if turn.wait(NOTE_SECONDS):
            again(turn, "notes")
            return
        notes = going_on


def _say_figures(result: StreamResult) -> None:
    metrics = result.metrics
    if metrics.time_to_first_text is None or metrics.total is None:
        return
    first, total, pieces = st.columns(3)
    seconds = f"{metrics.time_to_first_text:.2f}"
    first.metric(text("demo.first_text"), text("demo.seconds", seconds=seconds))
    total.metric(text("demo.total"), text("demo.seconds", seconds=f"{metrics.total:.2f}"))
    # As the code of the lesson would get them; the pipeline may join several in one drawing.
    pieces.metric(text("demo.pieces"), metrics.deltas)
