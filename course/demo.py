"""A lesson's live demo: a question is decided upon, asked, and its answer shown with its figures.

``ask`` decides (limits, model, prompt), a stream is made once the question is let in, and ``watch``
shows it. The answers belong to the tab: they outlive any click, a change of page and a refresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import Connection, connect, diagnose
from course import limits, progress, shelf
from course.connection_panel import preferred, relayed
from course.language import choice, current, text
from course.limits import Admission, Refusal
from course.script import scroll_script
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
from streaming.messages import explain
from streaming.view import Turn, again, keep, show

# What a relay's trouble looks like from here.
RELAY_CODES = frozenset({"bad_request", "rate_limited", "service", "unavailable"})

__all__ = ["Asked", "ask", "buttons", "choose_model", "explained", "request", "watch"]

# In most windows an answer begins below the lower edge, and its reader wants to watch it.
WATCH = '<span class="demo-watched"></span>' + scroll_script(".demo-watched")
# Far more than a lesson needs, far less than any model takes.
MAX_PROMPT_CHARACTERS = 8_000
#: The relay waits two minutes for a model that has to be loaded; the page waits for the relay.
LIMITS = Limits(first_chunk=130.0)
# Tells the style sheet that there is something to stop.
RUNNING = '<span class="demo-running"></span>'
# Tells the learner, until the first word, what the answer waits for.
STATUS = '<span class="demo-status">{}</span>'
# How often a question that waits for its place looks whether it is its turn; seconds.
LOOK_SECONDS = 0.1


@dataclass(eq=False)
class Asked:
    """A question of this tab's and what has come of it.

    It was refused, or it waits for its place (``admission``), or it has been asked (``stream``).
    """

    strategy: Strategy
    request: CompletionRequest
    pace: Pace | None = None
    admission: Admission | None = None
    stream: TextStream | None = None
    refusal: Refusal | None = None
    # What has been done about it once: the window was scrolled to it, its end was looked at.
    seen: bool = False
    ended: bool = False

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        waits = self.admission is not None and self.admission.running
        return waits or (self.stream is not None and self.stream.running)

    def cancel(self) -> None:
        """Stop it, wherever it is."""
        if self.stream is not None:
            self.stream.cancel()
        elif self.admission is not None:
            self.admission.cancel()

    def wait(self, seconds: float) -> int | None:
        """Wait for its place, and ask; return how many are ahead, or ``None``."""
        if self.admission is None or not self.admission.running:
            return None
        try:
            ahead = self.admission.wait(seconds)
        except Refusal as refusal:
            # Without the traceback, which holds all of a script's run.
            self.refusal = refusal.again()
            return None
        if ahead is None:
            over = partial(self.admission.over, 0, live=self.strategy.live)
            let_in = self.admission.requests[0]
            self.stream = stream(self.strategy, let_in, pace=self.pace, limits=LIMITS, on_end=over)
            self.stream.start()
        return ahead


@dataclass(eq=False)
class Demo:
    """A page's answers by the names of their methods, and the values of its fields."""

    answers: dict[str, Asked] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    # Whether a question was asked in this run: nothing of the last answer is to stand beside it.
    fresh: bool = False

    @property
    def running(self) -> bool:
        """Whether an answer goes on."""
        return any(each.running for each in self.answers.values())

    @property
    def characters(self) -> int:
        """How much text it holds."""
        streams = (each.stream for each in self.answers.values())
        return sum(len(each.received) for each in streams if each is not None)

    def cancel(self) -> None:
        """End what goes on."""
        for each in self.answers.values():
            each.cancel()


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
    chosen = choice(
        st.selectbox, label, names, key="model", index=usable, format_func=labels.__getitem__
    )
    # Always there, empty or not: what stands below keeps its place, and with it, to Streamlit, its
    # identity; a button pressed meanwhile would be forgotten.
    note = st.empty()
    if allowed is not None and chosen not in allowed:
        offered = ", ".join(f"`{name}`" for name in allowed)
        note.caption(text("limits.model", models=offered))
    elif labels[chosen] != chosen:
        local = connection.kind == "local"
        note.caption(text("demo.retired_local" if local else "demo.retired_account"))
    return chosen


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
    """Say on the page that a statement has failed, with Snowflake's number for it.

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


def buttons(*labels: str) -> str | None:
    """Draw the demo's buttons with Stop beside them, and return the one that was pressed.

    The first one is what the lesson is about. The style sheet shows Stop while there is something
    to stop, and keeps the row in sight.
    """
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


def ask(
    strategy: Strategy, request: CompletionRequest, *, method: str = "", pace: Pace | None = None
) -> None:
    """Decide about a question, and ask it as soon as it may be asked.

    Its answer replaces the last one of this ``method``, and ends what still runs.
    """
    demo = _demo()
    demo.cancel()
    demo.fresh = True
    asked = demo.answers[method] = Asked(strategy, request, pace)
    try:
        asked.admission = limits.ask(connect(preferred()), [request])
    except Refusal as refusal:
        asked.refusal = refusal.again()
    asked.wait(0)


def watch(heading: str = "") -> None:
    """Show the answers under a heading, two methods' side by side, each with its figures."""
    demo = _demo()
    if not demo.answers:
        return
    shelf.keep(demo)
    keep(demo)
    names = sorted(demo.answers)
    box = st.empty().container() if demo.fresh else st.container()
    demo.fresh = False
    if heading:
        box.markdown(heading)
    places = box.columns(len(names)) if len(names) > 1 else [box]
    # The one that runs comes last: it takes as long as nobody clicks.
    for name, place in sorted(
        zip(names, places, strict=True), key=lambda pair: demo.answers[pair[0]].running
    ):
        with place:
            if len(names) > 1:
                st.markdown(f"**{name}**")
            _watch(demo.answers[name], f"answer-{names.index(name)}")


def _watch(asked: Asked, key: str) -> None:
    _watch_it(asked)
    mark, place = st.empty(), st.empty()
    status = _Status(asked, place)
    if asked.running:
        mark.html(RUNNING)
    if not _is_let_in(asked, key, status):
        return
    if asked.running:
        status.say()
    if asked.stream is not None:
        with st.container(key=key):
            result = show(asked.stream, key=key, on_wait=status.say)
        if result.status == "running":
            return
    mark.empty()
    place.empty()
    if asked.refusal is not None:
        limits.say_refusal(asked.refusal)
        return
    if asked.stream is None:
        st.info(text("demo.stopped_early"), icon=":material/stop_circle:")
        return
    connection = connect(preferred())
    if not asked.ended:
        asked.ended = True
        _learn_from(result.error, connection)
    _say_how_it_ended(result, connection)
    _say_figures(result)


def _learn_from(error: StreamError | None, connection: Connection) -> None:
    """Note, once, what an answer's end says of the learner and of the connection."""
    progress.current().record(shelf.page(), "tried", "demo")
    if error is not None and error.code == "unauthorised":
        # The session may be over: the next use connects again.
        connection.reset()
    elif error is not None:
        connection.check(error.__cause__ or error)


def _is_let_in(asked: Asked, key: str, status: _Status) -> bool:
    """Wait in line until somebody else waits for the page; false: the browser calls again."""
    turn = Turn()
    while (ahead := asked.wait(LOOK_SECONDS)) is not None:
        status.say(ahead)
        if turn.over:
            again(turn, key)
            return False
    return True


def _watch_it(asked: Asked) -> None:
    """Let the window scroll to the answer, once."""
    if not asked.seen:
        asked.seen = True
        st.html(WATCH, unsafe_allow_javascript=True)


class _Status:
    """Says, until the first word, what the answer waits for."""

    def __init__(self, asked: Asked, place: DeltaGenerator) -> None:
        self._asked, self._place = asked, place
        self._said = ""

    def say(self, ahead: int | None = None) -> None:
        """Say how many are ahead, or else whether the model thinks."""
        stream, model = self._asked.stream, self._asked.request.model
        thinks = stream is not None and stream.thinking
        said = text("demo.thinking" if thinks else "demo.waiting", model=model)
        if ahead is not None:
            said = text("limits.waiting", ahead=ahead)
        if said == self._said:
            return
        self._said = said
        if ahead is not None:
            self._place.info(said, icon=":material/group:")
        else:
            self._place.html(STATUS.format(escape(said)))


def _say_figures(result: StreamResult) -> None:
    metrics = result.metrics
    if metrics.time_to_first_text is None or metrics.total is None:
        return
    first, total, pieces = st.columns(3)
    seconds = f"{metrics.time_to_first_text:.2f}"
    first.metric(text("demo.first_text"), text("demo.seconds", seconds=seconds))
    total.metric(text("demo.total"), text("demo.seconds", seconds=f"{metrics.total:.2f}"))
    pieces.metric(text("demo.pieces"), metrics.pieces)


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
