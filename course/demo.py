"""A lesson's live demo: it decides on a question, asks it, and shows the answer and its figures.

``ask`` decides (limits, model, prompt), a stream is made once the question is let in, and
``show`` shows it. The answers belong to the tab: they outlive any click, a change of page and a
refresh.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import FragmentHandledException

from connection import Connection, ConnectionFailed, connect, diagnose
from course import connection_panel, content, limits, progress, shelf
from course.connection_panel import preferred, relayed
from course.language import choice, current, text
from course.limits import Admission, Refusal
from course.script import scroll_script
from course.stream_errors import explain
from local_cortex import models
from streaming import (
    CompletionRequest,
    Limits,
    Pace,
    Strategy,
    StreamError,
    StreamResult,
    TextStream,
    stream,
)
from streaming.fair_queue import BEGINNING
from streaming.view import Turn, again, pulse, show

if TYPE_CHECKING:
    from course.chat import Turn as ChatTurn

# What a relay's trouble looks like from here.
RELAY_CODES = frozenset({"bad_request", "rate_limited", "service", "unavailable"})

__all__ = [
    "Asked",
    "ask",
    "buttons",
    "choose_model",
    "explained",
    "failures_explained",
    "in_language",
    "prompt",
    "request",
    "watch",
]

# Far more than a lesson needs, far less than any model takes.
MAX_PROMPT_CHARACTERS = 8_000
#: The relay waits two minutes for a model that has to be loaded; the page waits for the relay.
LIMITS = Limits(first_chunk=130.0)
# The window scrolls to this.
WATCHED = '<span class="demo-watched watched-{}"></span>'
# Tells the style sheet that there is something to stop.
RUNNING = '<span class="demo-running"></span>'
# Tells the learner, until the first word, what the answer waits for.
STATUS = '<span class="demo-status">{}</span>'
# How often a question that waits for its place looks whether it is its turn; seconds.
LOOK_SECONDS = 0.1
# How often a figure that goes on after its answer is drawn; seconds.
NOTE_SECONDS = 0.5

#: Draws something about an answer that has ended; true: it will change, draw it again.
Note = Callable[[DeltaGenerator, StreamResult], bool]


class Asked:
    """A question of this tab, and what became of it.

    It was refused (``refusal``), waits for its place (``ahead`` says how many are before it), or
    was asked (``stream``). It goes on in its own threads, even if nobody watches.
    """

    def __init__(
        self,
        strategy: Strategy,
        request: CompletionRequest,
        pace: Pace | None,
        note: Note | None = None,
    ) -> None:
        self.request, self.note = request, note
        self.stream: TextStream | None = None
        self.refusal: Refusal | None = None
        self.ahead: int | None = None
        # In most windows an answer begins below the lower edge, and its reader wants to watch it:
        # by this name the browser knows to which it has scrolled. Empty: it scrolls to none.
        self.watched = uuid.uuid4().hex
        # Whether its end has been noted.
        self.ended = False
        self._strategy, self._pace = strategy, pace
        self._admission: Admission | None = None
        self._cancelled = False
        self._lock = threading.Lock()

    def begin(self, connection: Connection) -> None:
        """Decide whether to ask, and ask as soon as there is a place."""
        try:
            self._admission = limits.ask(connection, [self.request])
            self.ahead = self._admission.wait(0)
        except Refusal as refusal:
            # Without the traceback, which holds all of a script's run.
            self.refusal = refusal.again()
            return
        if self.ahead is None:
            self._ask(self._admission)
        else:
            wait = partial(self._wait, self._admission)
            threading.Thread(target=wait, name="demo-wait", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        waits = self._admission is not None and self._admission.running
        return waits or (self.stream is not None and self.stream.running)

    def cancel(self) -> None:
        """Stop it, wherever it is."""
        with self._lock:
            self._cancelled = True
            if self.stream is not None:
                self.stream.cancel()
            elif self._admission is not None:
                self._admission.cancel()

    def tend(self) -> None:
        """See to its limits while nobody reads."""
        if self.stream is not None:
            self.stream.tend()

    def _wait(self, admission: Admission) -> None:
        try:
            while admission.running:
                self.ahead = admission.wait(LOOK_SECONDS)
        except Refusal as refusal:
            self.refusal = refusal.again()
        else:
            self._ask(admission)

    def _ask(self, admission: Admission) -> None:
        with self._lock:
            if self._cancelled:
                return
            over = partial(admission.over, 0, live=self._strategy.live)
            let_in = admission.requests[0]
            self.stream = stream(
                self._strategy, let_in, pace=self._pace, limits=LIMITS, on_end=over
            )
            self.stream.start()


@dataclass(eq=False)
class Demo:
    """A page's answers by the names of their methods, its chat, and the values of its fields."""

    answers: dict[str, Asked] = field(default_factory=dict)
    turns: list[ChatTurn] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    # Each question takes the other one of two places: Streamlit sends no st.empty() before a
    # container in the same place, and the last answer would stand below the new one.
    place: int = 0

    @property
    def running(self) -> bool:
        """Whether an answer goes on."""
        return any(each.running for each in self.questions)

    @property
    def characters(self) -> int:
        """How much text it holds."""
        return sum(each.characters for each in self.streams)

    @property
    def streams(self) -> list[TextStream]:
        """The streams of what was asked."""
        return [each.stream for each in self.questions if each.stream is not None]

    def cancel(self) -> None:
        """End what goes on."""
        for each in self.questions:
            each.cancel()

    def tend(self) -> None:
        """See to the limits of what goes on while nobody reads."""
        for each in self.questions:
            each.tend()

    @property
    def questions(self) -> list[Asked]:
        """All that has been asked, in the chat, too."""
        return [*self.answers.values(), *(turn.asked for turn in self.turns)]


def choose_model(label: str, hand_out: Sequence[str], connection: Connection) -> str:
    """Draw a select box with the hand-out's models and living ones; mark what cannot be used.

    That is what has retired, and what this server's settings do not allow. The first model that is
    neither is chosen to begin with.
    """
    today = date.today()
    allowed = limits.allowed_models()
    names = list(dict.fromkeys([*hand_out, *models.DEFAULTS, *(allowed or ())]))
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
            st.selectbox,
            label,
            names,
            key="model",
            index=usable,
            format_func=labels.__getitem__,
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

    The hand-out has the English preset; the Korean page says so.
    """
    state, preset, kept = st.session_state, in_language(ko=ko, en=en), shelf.preset_key()
    # An untouched preset follows the language.
    if "prompt" not in state or state["prompt"] == state.get(kept, preset):
        state["prompt"] = preset
    state[kept] = preset
    with st.container(key="demo-field-prompt"):
        written = st.text_input(label, key="prompt")
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


def _demo() -> Demo:
    return shelf.of_page(Demo)


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
                act(pressed)
        _watch_all(heading)
    # Below all else, so that nothing changes its place.
    connection_panel.say_if_replaced(*_demo().answers.values())


def _row(labels: Sequence[str]) -> str | None:
    demo = _demo()
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
    demo = _demo()
    demo.cancel()
    asked = Asked(strategy, request, pace, note)
    asked.begin(connect(preferred()))
    demo.answers[method] = asked
    demo.place = 1 - demo.place


def _watch_all(heading: str) -> None:
    """Show the answers under a heading, two methods' side by side, each with its figures."""
    demo = _demo()
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


def _watch_notes(notes: Sequence[Callable[[], bool]]) -> None:
    """Draw what goes on after answers have ended, until it does not or somebody else waits."""
    turn = Turn()
    while going_on := [note for note in notes if note()]:
        pulse(turn, "notes")
        if turn.wait(NOTE_SECONDS):
            again(turn, "notes")
            return
        notes = going_on


def _watch(asked: Asked, key: str, notes: list[Callable[[], bool]]) -> None:
    # Above the answer: two that stand side by side are compared by it, however long they are.
    place = st.empty() if asked.note is not None else None
    result = watch(asked, key)
    if result is not None:
        _say_figures(result)
        if asked.note is not None and place is not None:
            notes.append(partial(asked.note, place, result))


def watch(asked: Asked, key: str) -> StreamResult | None:
    """Show an answer where the page is now, in a container called ``key``, and how it ended.

    Return its result; ``None`` while it goes on, and where nothing was asked.
    """
    status = _Status(asked)
    if not _is_let_in(asked, key, status):
        return None
    if asked.stream is not None:
        with st.container(key=key):
            result = show(asked.stream, key=key, on_wait=status.say)
        if result.status == "running":
            return None
    status.end()
    if asked.refusal is not None:
        limits.say_refusal(asked.refusal)
        return None
    if asked.stream is None:
        st.info(text("demo.stopped_early"), icon=":material/stop_circle:")
        return None
    connection = connect(preferred())
    if not asked.ended:
        asked.ended = True
        _learn_from(result.error, connection)
    _say_how_it_ended(result, connection)
    return result


def _learn_from(error: StreamError | None, connection: Connection) -> None:
    """Note, once, what an answer's end says of the learner and of the connection."""
    progress.current().record(shelf.page(), "tried", "demo")
    if error is not None and error.code == "unauthorised":
        # The session may be over: the next use connects again.
        connection.reset()
    elif error is not None:
        connection.check(error.__cause__ or error)


def _is_let_in(asked: Asked, key: str, status: _Status) -> bool:
    """Show how many are ahead until somebody else waits; false: the browser calls again."""
    turn = Turn()
    if asked.running and asked.stream is None:
        pulse(turn, f"{key}-line")
    while asked.running and asked.stream is None:
        status.say()
        if turn.wait(LOOK_SECONDS):
            again(turn, key)
            return False
    return True


class _Status:
    """Says, until the first word, what the answer waits for; and that there is something to stop.

    It is one element, there or empty: what stands below keeps its place.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._said = self._text() if asked.running else ""
        if asked.running:
            self._place = st.html(self._html(), unsafe_allow_javascript=True)
        else:
            self._place = st.empty()

    def say(self) -> None:
        said = self._text()
        if said != self._said:
            self._said = said
            self._place.html(self._html(), unsafe_allow_javascript=True)

    def end(self) -> None:
        if self._said:
            self._place.empty()

    def _html(self) -> str:
        named = self._asked.watched
        watch = WATCHED.format(named) + scroll_script(f".watched-{named}", named) if named else ""
        return watch + RUNNING + STATUS.format(escape(self._said))

    def _text(self) -> str:
        stream, ahead = self._asked.stream, self._asked.ahead
        if stream is None and ahead is not None:
            return text("limits.waiting", ahead=ahead)
        thinks = stream is not None and stream.thinking
        return text("demo.thinking" if thinks else "demo.waiting", model=self._asked.request.model)


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


def _say_how_it_ended(result: StreamResult, connection: Connection) -> None:
    if result.status == "cancelled":
        kept = "demo.stopped" if result.text else "demo.stopped_early"
        st.info(text(kept), icon=":material/stop_circle:")
    elif result.error is None and not result.text:
        st.info(text("demo.empty_answer"), icon=":material/chat_bubble:")
    elif result.finish_reason == "length":
        st.info(text("demo.cut_at_max_tokens"), icon=":material/content_cut:")
    error = result.error
    if error is None:
        return
    message = explain(error, current(), getattr(LIMITS, error.code, None))
    if connection.kind == "local" and relayed() and error.code in RELAY_CODES:
        message = text("demo.relay_failed")
    if result.text:
        message += f" {text('demo.partial')}"
    st.error(message, icon=":material/error:")
