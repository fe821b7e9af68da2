"""Repeats on the page what a program in the sandbox did, with the real Streamlit, as it does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.Spinner_pb2 import Spinner

from practice.elements import MOST_MARKDOWN, NOT_CALLED, TABLE
from practice.events import Draw, Event, Piece, Printed, Shown
from streaming.view.blocks import Blocks
from streaming.view.growing import Drawing
from streaming.view.untrusted import safe

LOG = logging.getLogger(__name__)

# The argument that is a widget's value, where it has another name than ``value``, or none.
VALUES = {"selectbox": "index", "radio": "index"}
WITHOUT_VALUE = ("button", "form_submit_button", "chat_input")
# The widgets that a learner can use in the output: those with plain values.
USABLE = (
    *("button", "selectbox", "radio", "checkbox", "toggle", "text_input", "text_area"),
    "chat_input",
)
# The argument that is called when a widget is used, and the one that it is known by.
TOLD = {"button": "on_click", "chat_input": "on_submit"}
LABELS = {"chat_input": "placeholder"}
SIDEBAR, PAGE = -1, 0
# Of what a program has printed, the end.
MOST_PRINTED = 20_000
# What a turn may draw. A thousand elements and a minute of growing text take a third of that; texts
# that nobody but an attacker writes would take much longer.
MOST_SECONDS = 3.0
# What Streamlit says of a call; it may repeat what the program gave it.
LONGEST_REASON = 200


class Replay:
    """Draws, where the page is now, what a program has done, as far as it is told.

    A page that is drawn again takes all events at once and shows them then: what is on it already
    neither vanishes nor restarts. Nothing in it makes the server open a file or the browser
    fetch a picture.

    Args:
        key: for the widgets, so that two programs' do not meet.
        use: called with the label and the new value of a widget that the learner uses. Without it,
            or in a program with a form, widgets are disabled.
        printed: heading of what the program printed.
        sidebar: heading of what it drew into the sidebar, which belongs to the course.
        undrawn: the sentence for a call that Streamlit refuses, from ``name`` and ``reason``.
        too_much: the sentence for a program whose output takes too long to draw.
        clock: seconds of this thread's work.
    """

    def __init__(
        self,
        *,
        key: str,
        use: Callable[[str, object], None] | None = None,
        printed: str,
        sidebar: str,
        undrawn: Callable[..., str] = "`{name}`: `{reason}`".format,
        too_much: str = "...",
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._key, self._printed, self._sidebar = key, printed, sidebar
        self._undrawn, self._too_much, self._clock = undrawn, too_much, clock
        self._use, self._has_form = use, False
        self._left = MOST_SECONDS
        self._sidebar_place = st.container()
        self._places: dict[int, DeltaGenerator] = {PAGE: st.container()}
        # Streamlit moves the page's own chat input down there, too.
        self._bottom_place = st.container()
        self._terminal_place = st.empty()
        self._terminal = Drawing(draw=self._show_printed)
        self._text = ""
        # Places that hold one element at a time, and those that another one has taken over.
        self._holders: set[int] = set()
        self._replaced: set[int] = set()
        self._streams: dict[int, _Stream] = {}
        self._spinners: dict[int, DeltaGenerator] = {}

    @property
    def tick(self) -> float:
        """How many seconds to leave between two updates."""
        drawings = [self._terminal, *(each.drawing for each in self._streams.values())]
        return max(each.tick for each in drawings)

    def take(self, events: Sequence[Event]) -> None:
        """Draw what is new, except for texts that grow: see ``show``."""
        replaced = self._overwritten(events)
        for number, event in enumerate(events):
            if self._left <= 0:
                return
            begun = self._clock()
            match event:
                case Printed():
                    self._text = (self._text + event.text)[-MOST_PRINTED:]
                case Draw() if number in replaced:
                    self._replaced.update(range(event.id, event.id + event.count))
                case Draw() | Piece() | Shown():
                    self._draw(event)
            self._spend(begun)

    def show(self, *, last: bool = False) -> None:
        """Show the texts so far; the ``last`` time as they are, without a cursor or a spinner."""
        begun = self._clock()
        for stream in self._streams.values():
            stream.show(last=last)
        self._terminal.update((), self._text, last=last)
        if last:
            for each in self._spinners.values():
                each.empty()
        self._spend(begun)

    def _spend(self, begun: float) -> None:
        had = self._left
        self._left -= self._clock() - begun
        if had > 0 >= self._left:
            st.caption(self._too_much)

    def _overwritten(self, events: Sequence[Event]) -> set[int]:
        """Find the calls whose place another call among the same events takes over."""
        found: set[int] = set()
        latest: dict[int, int] = {}
        for number, event in enumerate(events):
            if isinstance(event, Draw):
                if event.into in self._holders:
                    if event.into in latest:
                        found.add(latest[event.into])
                    latest[event.into] = number
                if event.name == "empty":
                    self._holders.add(event.id)
        return found

    def _show_printed(
        self,
        text: str,
        _: DeltaGenerator | None,
        *,
        grows: bool = False,  # noqa: ARG002
    ) -> DeltaGenerator:
        with self._terminal_place.container():
            st.caption(self._printed)
            st.code(text, language=None, wrap_lines=True)
        return self._terminal_place

    def _draw(self, event: Draw | Piece | Shown) -> None:
        try:
            match event:
                case Draw() if event.into in self._replaced:
                    self._replaced.update(range(event.id, event.id + event.count))
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
                    self._streams.pop(event.id).show(last=True)
                case Shown() if event.id in self._spinners:
                    self._spinners.pop(event.id).empty()
        except Exception as error:
            # What Streamlit says of what a program gave it, as a rule; but it may be our fault.
            name = event.name if isinstance(event, Draw) else "stream"
            LOG.info("st.%s of a practice program cannot be drawn", name, exc_info=True)
            reason = " ".join(str(error).replace("`", "").split())[:LONGEST_REASON]
            name = f"st.{NOT_CALLED.get(name, name)}"
            self._places[PAGE].error(self._undrawn(name=name, reason=reason))

    def _into(self, event: Draw) -> DeltaGenerator:
        if event.name == "chat_input" and event.into == PAGE:
            return self._bottom_place
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
                self._streams[event.id] = _Stream(into, args.get("cursor") or "")
                return None
            case "spinner":
                # st.spinner's own waits half a second, each time the page is drawn again.
                spinner = Spinner(text=args["text"], show_time=bool(args.get("show_time")))
                self._spinners[event.id] = into._enqueue("spinner", spinner)
                return None
            case "exception":
                return into.error(args["exception"])
            case "help":
                return into.code(args["text"], language=None)
        if element.is_widget:
            now = args.pop("now")
            # It is about the program's run, which is over: on the page it would stop the page's.
            args.pop("submit_mode", None)
            usable = self._use is not None and event.name in USABLE and not self._has_form
            args |= {"disabled": bool(args.get("disabled")) or not usable}
            args |= {VALUES.get(event.name, "value"): now}
            if usable:
                key = f"{self._key}-{event.id}"
                label = event.args.get(LABELS.get(event.name, "label"))
                args |= {TOLD.get(event.name, "on_change"): self._used, "args": (key, label)}
        if event.name in WITHOUT_VALUE:
            del args["value"]
        if event.name == "form":
            # Its fields tell nothing before it is sent.
            self._has_form = True
        if element.is_widget or event.name == "form":
            args["key"] = f"{self._key}-{event.id}"
        draw: Callable[..., Any] = getattr(into, event.name)
        return draw(**args)

    def _used(self, key: str, label: str) -> None:
        if self._use is not None:
            self._use(label, st.session_state[key])


class _Stream:
    """What ``st.write_stream`` shows: texts, with whatever else it was given between them."""

    def __init__(self, into: DeltaGenerator, cursor: str) -> None:
        self._into, self._cursor = into, cursor
        self._begin()

    def _begin(self) -> None:
        # What is no text stands below the text before it, and the next text below that.
        self._inside: DeltaGenerator | None = None
        self._blocks, self._finished = Blocks(), list[str]()
        self.drawing = Drawing(self._cursor)

    def add(self, text: str | None) -> None:
        """Take a piece in; ``None`` stands for something that is no text."""
        if text is None or len(self._blocks.open + text) > MOST_MARKDOWN:
            self.show(last=True)
            self._begin()
        self._finished += self._blocks.feed(text or "")

    def show(self, *, last: bool = False) -> None:
        """Show the text so far, below what came before it."""
        if not (self._finished or self._blocks.open):
            return
        self._inside = self._inside or self._into.container()
        with self._inside:
            self.drawing.update(self._finished, self._blocks.open, last=last)


def _without_images(value: Any) -> Any:
    """Return an argument with its Markdown made harmless."""
    if isinstance(value, list):
        return [_without_images(each) for each in value]
    return safe(value) if isinstance(value, str) else value
