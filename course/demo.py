"""The parts of a live demo that are the same on every page: models, prompt, Stop, figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from html import escape

import streamlit as st

from connection import Connection, diagnose
from course import limits
from course.connection_panel import relayed
from course.language import choice, current, text
from course.limits import Refusal
from course.page import LessonPage
from course.script import scroll_script
from course.stream_errors import explain
from local_cortex import models
from streaming import CompletionRequest, Limits, StreamResult, TextStream
from streaming.view import show

# What a relay's trouble looks like from here.
RELAY_CODES = frozenset({"bad_request", "rate_limited", "service", "unavailable"})

__all__ = ["LIMITS", "choose_model", "explained", "request", "watch"]

# In most windows an answer begins below the lower edge, and its reader wants to watch it.
WATCH = '<span class="demo-watched"></span>' + scroll_script(".demo-watched")
# Far more than a lesson needs, far less than any model takes.
MAX_PROMPT_CHARACTERS = 8_000
#: The relay waits two minutes for a model that has to be loaded; the page waits for the relay.
LIMITS = Limits(first_chunk=130.0)
# Tells the style sheet that there is something to stop, and, until the first word, the learner.
RUNNING = '<span class="demo-running">{}</span>'


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


def watch(page: LessonPage, stream: TextStream, connection: Connection) -> None:
    """Show a stream, and what it measured when it has ended; Stop is shown meanwhile.

    It is not started before this server's limits have let it in.
    """
    asked = stream.status in ("new", "running")
    running = st.empty()
    if asked:
        # One message to the page says all of it: a class that presses at once waits for each.
        waiting = escape(text("demo.waiting", model=stream.request.model))
        running.html(WATCH + RUNNING.format(waiting), unsafe_allow_javascript=True)
        thinking = escape(text("demo.thinking", model=stream.request.model))
        stream.on_thinking = lambda: running.html(RUNNING.format(thinking))
    page.give_way()
    try:
        result = _shown(page, stream, connection)
    except Exception:
        # The page is going to say what has failed, and its buttons are to work.
        running.empty()
        raise
    if asked:
        # Once, when it has ended: this function shows the same answer again at every rerun.
        running.empty()
        if isinstance(result.error, Refusal):
            # It came so soon that the browser has not even drawn what was to scroll there.
            running.html(WATCH, unsafe_allow_javascript=True)
        elif result.error is not None and result.error.code == "unauthorised":
            # The session may be over: the next use connects again.
            connection.reset()
        elif result.error is not None:
            connection.check(result.error.__cause__ or result.error)
    _say_how_it_ended(result, connection)
    metrics = result.metrics
    if metrics.time_to_first_text is None or metrics.total is None:
        return
    first, total, pieces = st.columns(3)
    seconds = f"{metrics.time_to_first_text:.2f}"
    first.metric(text("demo.first_text"), text("demo.seconds", seconds=seconds))
    total.metric(text("demo.total"), text("demo.seconds", seconds=f"{metrics.total:.2f}"))
    pieces.metric(text("demo.pieces"), metrics.pieces)


def _shown(page: LessonPage, stream: TextStream, connection: Connection) -> StreamResult:
    with st.container(key="answer"), limits.admitted(connection, stream):
        let_in = stream.status == "new"
        if let_in:
            # The model thinks while the page is drawn.
            stream.start()
        try:
            return show(stream)
        finally:
            if let_in:
                # Not earlier: the first word should not wait for the disk.
                page.tried()


def _say_how_it_ended(result: StreamResult, connection: Connection) -> None:
    if result.status == "cancelled":
        kept = "demo.stopped" if result.text else "demo.stopped_early"
        st.info(text(kept), icon=":material/stop_circle:")
    elif result.error is None and not result.text:
        st.info(text("demo.empty_answer"), icon=":material/chat_bubble:")
    elif result.finish_reason == "length":
        st.info(text("demo.cut_at_max_tokens"), icon=":material/content_cut:")
    error = result.error
    if isinstance(error, Refusal):
        limits.say_refusal(error)
    if error is None or isinstance(error, Refusal):
        return
    message = explain(error, current(), getattr(LIMITS, error.code, None))
    if connection.kind == "local" and relayed() and error.code in RELAY_CODES:
        message = text("demo.relay_failed")
    if result.text:
        message += f" {text('demo.partial')}"
    st.error(message, icon=":material/error:")
