"""Repeats on the page what a program in the sandbox did, with the real Streamlit, as it does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from practice.elements import MOST_MARKDOWN, NOT_CALLED, TABLE
from practice.events import Draw, Event, Idle, Piece, Printed, Shown
from practice.sandbox.job import RunLimits
from streaming.view.untrusted import safe

__all__ = ["replay"]

LOG = logging.getLogger(__name__)

# The argument that is a widget's value, where it has another name than ``value``, or none.
VALUES = {"selectbox": "index", "radio": "index"}
WITHOUT_VALUE = ("button", "form_submit_button", "chat_input")
SIDEBAR, PAGE = -1, 0
# All of a text that grows is sent again with each look at it: now and then, a quarter of the time.
SECONDS_BETWEEN_LOOKS = 0.1
LOOK_SHARE = 3
# Of what a program has printed, the end.
MOST_PRINTED = 20_000
# Each takes a thread; there can be more only where no run has counted them.
MOST_SPINNERS = RunLimits().spinners
# What Streamlit says of a call; it may repeat what the program gave it.
LONGEST_REASON = 200


def replay(
    events: Iterable[Event],
    *,
    key: str,
    printed: str,
    sidebar: str,
    undrawn: Callable[..., str] = "`{name}`: `{reason}`".format,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Draw where the page is now what a run's events tell, until they end.

    Nothing in it makes the server open a file or the browser fetch a picture.

    Args:
        events: of one run; they may still be coming.
        key: for the widgets, so that two programs' do not meet.
        printed: heading of what the program printed.
        sidebar: heading of what it drew into the sidebar, which belongs to the course.
        undrawn: the sentence for a call that Streamlit refuses, from ``name`` and ``reason``.
        clock: seconds.
    """
    with ExitStack() as spinners:
        drawing = _Replay(key, printed, sidebar, undrawn, clock, spinners)
        for event in events:
            drawing.take(event)
        drawing.end()


class _Growing:
    """A text that grows, and is shown now and then."""

    def __init__(self, show: Callable[[str], object], clock: Callable[[], float]) -> None:
        self._show, self._clock = show, clock
        self._next_look = 0.0
        self.text = ""
        self.has_more = False

    def add(self, text: str) -> None:
        """Take text in, and show it if it is time; only the end of very much of it is kept."""
        self.text = (self.text + text)[-MOST_PRINTED:]
        self.has_more = True
        self.show()

    def show(self, *, now: bool = False) -> None:
        """Show the text so far, unless it was shown a moment ago and need not be ``now``."""
        begun = self._clock()
        if self.has_more and (now or begun >= self._next_look):
            self.has_more = False
            self._show(self.text)
            ended = self._clock()
            self._next_look = ended + max(SECONDS_BETWEEN_LOOKS, LOOK_SHARE * (ended - begun))


class _Stream:
    """What ``st.write_stream`` shows: texts, with whatever else it was given between them."""

    def __init__(self, into: DeltaGenerator, cursor: str, clock: Callable[[], float]) -> None:
        self._into, self._cursor, self._clock = into, cursor, clock
        self.growing: _Growing | None = None

    def add(self, text: str | None) -> None:
        """Take a piece in; ``None`` stands for something that is no text."""
        if text is None or (self.growing and len(self.growing.text + text) > MOST_MARKDOWN):
            self.end()
        if text:
            if self.growing is None:
                self._place = self._into.empty()
                self.growing = _Growing(self._draw, self._clock)
            self.growing.add(text)

    def end(self) -> None:
        """Show the text as it is, without a cursor; what comes is another."""
        if self.growing and (self.growing.has_more or self._cursor):
            self._place.markdown(safe(self.growing.text))
        self.growing = None

    def _draw(self, text: str) -> None:
        self._place.markdown(safe(text + self._cursor))


class _Replay:
    def __init__(
        self,
        key: str,
        printed: str,
        sidebar: str,
        undrawn: Callable[..., str],
        clock: Callable[[], float],
        spinning: ExitStack,
    ) -> None:
        self._key, self._printed, self._sidebar = key, printed, sidebar
        self._undrawn, self._clock, self._spinning = undrawn, clock, spinning
        self._sidebar_place = st.container()
        self._places: dict[int, DeltaGenerator] = {PAGE: st.container()}
        self._terminal_place = st.empty()
        self._terminal = _Growing(self._show_printed, clock)
        self._streams: dict[int, _Stream] = {}
        self._spinners: dict[int, ExitStack] = {}

    def take(self, event: Event) -> None:
        match event:
            case Draw() | Piece() | Shown():
                self._draw(event)
            case Printed():
                self._terminal.add(event.text)
            case Idle():
                for growing in (self._terminal, *(each.growing for each in self._streams.values())):
                    if growing:
                        growing.show()
                # Reading the session state is where Streamlit lets a waiting script be stopped.
                _ = "practice" in st.session_state

    def end(self) -> None:
        for number in [*self._streams]:
            self.take(Shown(id=number))
        self._terminal.show(now=True)

    def _show_printed(self, text: str) -> None:
        with self._terminal_place.container():
            st.caption(self._printed)
            st.code(text, language=None, wrap_lines=True)

    def _draw(self, event: Draw | Piece | Shown) -> None:
        try:
            match event:
                case Draw():
                    made = self._drawn(self._into(event), event)
                    for number, place in enumerate(
                        made if isinstance(made, list | tuple) else [made]
                    ):
                        if isinstance(place, DeltaGenerator):
                            self._places[event.id + number] = place
                case Piece() if event.id in self._streams:
                    self._streams[event.id].add(event.text)
                case Shown() if event.id in self._streams:
                    self._streams.pop(event.id).end()
                case Shown() if event.id in self._spinners:
                    self._spinners.pop(event.id).close()
        except Exception as error:
            # What Streamlit says of what a program gave it, as a rule; but it may be our fault.
            name = event.name if isinstance(event, Draw) else "stream"
            LOG.info("st.%s of a practice program cannot be drawn", name, exc_info=True)
            reason = " ".join(str(error).replace("`", "").split())[:LONGEST_REASON]
            name = f"st.{NOT_CALLED.get(name, name)}"
            self._places[PAGE].error(self._undrawn(name=name, reason=reason))

    def _into(self, event: Draw) -> DeltaGenerator:
        if event.into == SIDEBAR and SIDEBAR not in self._places:
            box = self._sidebar_place.container(border=True)
            box.caption(self._sidebar)
            self._places[SIDEBAR] = box
        return self._places.get(event.into, self._places[PAGE])

    def _drawn(self, into: DeltaGenerator, event: Draw) -> Any:
        element = TABLE[event.name]
        args = element.checked(event.args)
        args |= {name: _without_images(args[name]) for name in element.markdown & args.keys()}
        match event.name:
            case "stream":
                self._streams[event.id] = _Stream(into, args.get("cursor") or "", self._clock)
                return None
            case "spinner":
                if len(self._spinners) < MOST_SPINNERS:
                    self._spinners[event.id] = self._spinning.enter_context(ExitStack())
                    self._spinners[event.id].enter_context(into.spinner(**args))
                return None
            case "exception":
                return into.error(args["exception"])
            case "help":
                return into.code(args["text"], language=None)
        if element.is_widget:
            # It shows the value that the program was given; nothing happens when it is touched.
            now = args.pop("now")
            args |= {"disabled": True, VALUES.get(event.name, "value"): now}
        if event.name in WITHOUT_VALUE:
            del args["value"]
        if element.is_widget or event.name == "form":
            args["key"] = f"{self._key}-{event.id}"
        draw: Callable[..., Any] = getattr(into, event.name)
        return draw(**args)


def _without_images(value: Any) -> Any:
    """Return an argument with its Markdown made harmless."""
    if isinstance(value, list):
        return [_without_images(each) for each in value]
    return safe(value) if isinstance(value, str) else value
