"""A code editor for short Python programs, as a Streamlit component on a native text area.

What is typed stays in the browser until Run sends it: typing never reruns the page. The learner's
text is kept in the browser's local storage as well, so that it survives a refresh, a change of the
language and the component being taken off the page and put back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from practice.sandbox.job import RunLimits

__all__ = ["LIMIT", "Edited", "Labels", "Mark", "code_editor"]

#: How many characters a program may have; a lesson's have some 2,000.
LIMIT = RunLimits().code

HERE = Path(__file__).parent


def _source(*names: str) -> str:
    return "\n".join((HERE / name).read_text("utf-8") for name in names)


_component = st.components.v2.component(
    "course_code_editor",
    html=_source("editor.html"),
    css=_source("editor.css"),
    js=_source("python.js", "editing.js", "drafts.js", "sheet.js", "editor.js"),
)


@dataclass(frozen=True)
class Labels:
    """Every text that the editor shows or reads out.

    Args:
        code: what the text area is called.
        run: on the button that sends the program; ``running``: the same, while it runs.
        stop: on the button that ends it, which stands beside that one while it runs.
        reset: on the button that asks for the first text again; ``reset_question`` is asked before
            that is done, ``reset_yes`` and ``reset_no`` answer it.
        hint: how the keyboard is used, and how it leaves; ``{modifier}`` becomes Ctrl, or ⌘.
        leaving: said after Escape: the next Tab leaves the editor.
        line: before a mark's message; ``{line}`` becomes its number.
        limit: said when no more can be typed; ``{limit}`` becomes the number of characters.
    """

    code: str
    run: str
    running: str
    stop: str
    reset: str
    reset_question: str
    reset_yes: str
    reset_no: str
    hint: str
    leaving: str
    line: str
    limit: str


@dataclass(frozen=True)
class Mark:
    """A line of the program, from 1, with something wrong in it; ``message`` is plain text."""

    line: int
    message: str


@dataclass(frozen=True)
class Edited:
    """What the learner has done.

    Args:
        code: the text that Run has just sent, with LF for line ends; else what was given.
        ran: true in the one script run that Run caused.
        reset: true in the one script run that a confirmed Reset caused; the caller resets.
    """

    code: str
    ran: bool
    reset: bool


def _nothing() -> None:
    """Declare an event: Streamlit returns those that have a callback."""


def code_editor(
    code: str,
    *,
    key: str,
    labels: Labels,
    former: Sequence[str] = (),
    marks: Sequence[Mark] = (),
    revision: str = "",
    running: bool = False,
    on_stop: Callable[[], None] = _nothing,
) -> Edited:
    """Draw the editor and return what the learner has done with it.

    An editor that the learner has not touched shows ``code``, whatever it is. Once touched it keeps
    the learner's text, here and in the browser's storage, until a new ``revision`` arrives. A text
    that was run gives way to another ``code`` too, such as one run on another machine; but not to
    the one it began as, which only says that the server's session was lost.

    Args:
        code: the server's text: what the exercise begins with, or what was last run.
        key: the widget's key, and what the learner's text is stored under; one for each exercise.
        labels: the texts in the learner's language.
        former: keys that the exercise had before it moved; a text kept under one is taken over.
        marks: lines of ``code`` to mark. In a text that has changed since they stay with their
            lines; a line that has itself changed loses its mark.
        revision: a new one that is not empty makes ``code`` replace the learner's text. An empty
            one never does, so that a session that has lost its state takes nothing away.
        running: a program of this editor is running: Run says so, and does nothing until it ends.
        on_stop: called before the script run that Stop causes.

    Raises:
        ValueError: ``code`` has more than ``LIMIT`` characters.
    """
    if len(code) > LIMIT:
        raise ValueError(f"code has {len(code):,} characters; the editor holds {LIMIT:,}")
    code = code.replace("\r\n", "\n").replace("\r", "\n")
    done = _component(
        key=key,
        data={
            "key": key,
            "former": list(former),
            "code": code,
            "revision": revision,
            "labels": asdict(labels),
            "marks": [asdict(mark) for mark in marks],
            "running": running,
            "limit": LIMIT,
        },
        on_run_change=_nothing,
        on_reset_change=_nothing,
        on_stop_change=on_stop,
    )
    # It has no state here, but after each run Streamlit makes a class for every component's state
    # (components/v2/presentation.py). Without Day 3's a tab takes 0.03 MB less, streaming 0.06.
    with suppress(KeyError):  # outside of a page there is no session
        del st.session_state[key]
    sent = _accepted(done.get("run"))
    return Edited(
        code=code if sent is None else sent, ran=sent is not None, reset=done.get("reset") is True
    )


def _accepted(sent: object) -> str | None:
    """Return a text that Run sent, or ``None`` for what no editor of ours sends."""
    if not isinstance(sent, str) or len(sent) > LIMIT:
        return None
    # Half of a surrogate pair cannot be written to a file or a pipe.
    whole = sent.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\r\n", "\n").replace("\r", "\n")
