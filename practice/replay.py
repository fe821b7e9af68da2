"""Repeats on the page what a program in the sandbox did, with the real Streamlit, as it does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from practice.events import Done, Draw, Event, Idle, Piece, Printed, Shown
from practice.signatures import ELEMENTS
from streaming.view import write

__all__ = ["replay"]

LOG = logging.getLogger(__name__)

# What a program's own text must not do on this page, or has no effect here.
DROPPED = {"unsafe_allow_html", "source", "now", "key", "help"}
# Widgets show the value that the program was given; nothing happens when one is touched.
VALUED = {"text_input": "value", "text_area": "value", "checkbox": "value", "toggle": "value"}
CHOICES = ("selectbox", "radio")
SIDEBAR, PAGE = -1, 0
# All that a program has printed is sent again with each look at it: the end of it, now and then.
MOST_PRINTED = 20_000
SECONDS_BETWEEN_LOOKS = 0.1


def replay(
    events: Iterable[Event],
    *,
    key: str,
    printed: str,
    sidebar: str,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Draw where the page is now what a run's events tell, until they end.

    A program that calls Streamlit in a way that the real one refuses is shown that refusal.

    Args:
        events: of one run; they may still be coming.
        key: for the widgets, so that two programs' do not meet.
        printed: heading of what the program printed.
        sidebar: heading of what it drew into the sidebar, which belongs to the course.
        clock: seconds.
    """
    _Replay(iter(events), key, printed, sidebar, clock).all()


class _Terminal:
    """What a program has printed, from here down the page."""

    def __init__(self, heading: str, clock: Callable[[], float]) -> None:
        self._heading = heading
        self._clock = clock
        self._place = st.empty()
        self._text = ""
        self._has_more = False
        self._looked = -SECONDS_BETWEEN_LOOKS

    def add(self, text: str) -> None:
        """Take in what has been printed."""
        self._text = (self._text + text)[-MOST_PRINTED:]
        self._has_more = True

    def show(self, *, now: bool = False) -> None:
        """Show what there is, unless that was done a moment ago and need not be ``now``."""
        time_passed = self._clock() - self._looked
        if self._has_more and (now or time_passed >= SECONDS_BETWEEN_LOOKS):
            with self._place.container():
                st.caption(self._heading)
                st.code(self._text, language=None, wrap_lines=True)
            self._has_more, self._looked = False, self._clock()


class _Replay:
    def __init__(
        self,
        events: Iterator[Event],
        key: str,
        printed: str,
        sidebar: str,
        clock: Callable[[], float],
    ) -> None:
        self._events = events
        self._key = key
        self._sidebar = sidebar
        self._sidebar_place = st.container()
        self._places: dict[int, DeltaGenerator] = {PAGE: st.container()}
        self._terminal = _Terminal(printed, clock)
        self._blocks: dict[int, AbstractContextManager[Any]] = {}

    def all(self) -> None:
        """Take the events in until there are no more."""
        try:
            for event in self._events:
                self._take(event)
            self._terminal.show(now=True)
        finally:
            for block in self._blocks.values():
                block.__exit__(None, None, None)

    def _take(self, event: Event) -> None:
        match event:
            case Draw(name="stream"):
                write(
                    self._into(event).empty(),
                    self._pieces(event.id),
                    cursor=_text_or_none(event.args.get("cursor")),
                )
            case Draw():
                self._draw(event)
            case Done() if event.id in self._blocks:
                self._blocks.pop(event.id).__exit__(None, None, None)
            case Printed():
                self._terminal.add(event.text)
                self._terminal.show()
            case Idle():
                self._terminal.show()
                # Reading the session state is where Streamlit lets a waiting script be stopped.
                _ = "practice" in st.session_state

    def _pieces(self, number: int) -> Iterator[str]:
        """Give a stream's texts as they come, and take in what else happens meanwhile."""
        for event in self._events:
            if isinstance(event, Piece) and event.id == number:
                if event.text:
                    yield event.text
            elif isinstance(event, Shown) and event.id == number:
                return
            else:
                self._take(event)

    def _into(self, event: Draw) -> DeltaGenerator:
        if event.into == SIDEBAR and SIDEBAR not in self._places:
            box = self._sidebar_place.container(border=True)
            box.caption(self._sidebar)
            self._places[SIDEBAR] = box
        return self._places.get(event.into, self._places[PAGE])

    def _draw(self, event: Draw) -> None:
        into = self._into(event)
        try:
            made = self._drawn(into, event)
        except Exception as error:
            # What Streamlit says of what a program gave it, as a rule; but it may be our fault.
            LOG.info("st.%s of a practice program cannot be drawn", event.name, exc_info=True)
            into.error(f"`st.{event.name}`: {error}")
            return
        for number, place in enumerate(made if isinstance(made, list) else [made]):
            if isinstance(place, DeltaGenerator):
                self._places[event.id + number] = place

    def _drawn(self, into: DeltaGenerator, event: Draw) -> Any:
        name, given = event.name, event.args
        args: dict[str, Any] = {key: value for key, value in given.items() if key not in DROPPED}
        if name == "spinner":
            block = into.spinner(**args)
            block.__enter__()
            self._blocks[event.id] = block
            return None
        if name == "exception":
            return into.error(str(given["exception"]))
        if name == "help":
            return into.code(str(given["text"]), language=None)
        if name not in ELEMENTS:
            raise KeyError(name)
        draw: Callable[..., Any] = getattr(into, name)
        if "now" in given:
            args |= {"disabled": True, "key": f"{self._key}-{event.id}"}
            args |= self._value(name, given)
            args.pop("format_func", None)
        return draw(**args)

    def _value(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        now = given["now"]
        if name in CHOICES:
            return {"index": now}
        if name == "slider":
            return {"value": now}
        return {VALUED[name]: now} if name in VALUED else {}


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
