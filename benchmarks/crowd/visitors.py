"""Visitors of a page that need no browser: they speak Streamlit's protocol and follow an answer.

A visitor opens a page, fills in a field, presses a button, and notes when each piece of the answer
comes (streamlit/proto/BackMsg.proto and ForwardMsg.proto). It serves the course's pages and any
other that shows its answer as Markdown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

# Text that a page may have put before a new block, such as blank lines, is looked for so far back.
OVERLAP = 4


@dataclass(slots=True)
class Answered:
    """How an answer came; seconds from the press of the button.

    Attributes:
        updates: when each message came that showed text which had not been there.
        finished: when the page's run ended, if it did.
        shown: how many characters of the expected answer have been shown.
        error: what a red box of the page said, if there is one.
        lost: whether the server hung up.
        queued: whether the page said that there are others ahead.
    """

    expected: str
    updates: list[float] = field(default_factory=list)
    finished: float | None = None
    shown: int = 0
    error: str = ""
    lost: bool = False

    @property
    def first(self) -> float | None:
        """Seconds to the first text."""
        return self.updates[0] if self.updates else None

    @property
    def gaps(self) -> list[float]:
        """Seconds between two updates."""
        return [after - before for before, after in pairwise(self.updates)]

    @property
    def failed(self) -> bool:
        """Whether anything of the answer is missing, or something else came."""
        whole = self.shown == len(self.expected)
        return self.finished is None or not whole or bool(self.error) or self.lost

    def saw(self, body: str, seconds: float) -> None:
        """Take in a Markdown element's text."""
        body = body.strip()
        if not body:
            return
        # It begins where text has been shown already, or right after it: nothing may be left out.
        begins = max(0, self.shown - len(body) - OVERLAP)
        at = self.expected.find(body, begins, self.shown + OVERLAP + len(body))
        if at >= 0 and at + len(body) > self.shown:
            self.shown = at + len(body)
            self.updates.append(seconds)


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget of the page: its id, and the fragment in which it stands, if in one."""

    id: str
    fragment: str


class Visitor:
    """One open tab. ``open`` it, ``ask`` as often as you like, ``leave``."""

    def __init__(self, url: str, page: str = "", query: str = "") -> None:
        self._url, self._page, self._query = url, page, query
        self._websocket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._page_hash = ""
        self._widgets: dict[str, Widget] = {}
        self._filled: dict[str, str] = {}
        self._answer: Answered | None = None
        self._asked_at = 0.0
        self._ended = asyncio.Event()
        self.errors: list[str] = []

    async def open(self, timeout_seconds: float = 60.0) -> None:
        """Connect as a browser does, and return when the page stands.

        Raises:
            TimeoutError, OSError, websockets.WebSocketException: it does not.
        """
        address = urlsplit(self._url)
        self._websocket = await connect(
            f"ws://{address.netloc}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            # As a browser offers it; the server decides.
            compression="deflate",
            proxy=None,
            max_size=None,
            max_queue=None,
            ping_interval=None,
        )
        self._reader = asyncio.create_task(self._read(self._websocket))
        request = BackMsg()
        request.rerun_script.query_string = self._query
        request.rerun_script.page_name = self._page
        await self._run(request, timeout_seconds)

    async def fill(self, label: str, value: str, timeout_seconds: float = 60.0) -> None:
        """Type into a field, and return when the page has taken it in.

        Raises:
            KeyError: the page has no such field.
            TimeoutError, websockets.WebSocketException: it does not.
        """
        field = self._widgets[label]
        self._filled[label] = value
        await self._run(self._rerun(field.fragment), timeout_seconds)

    async def ask(self, button: str, expected: str, *, timeout_seconds: float) -> Answered:
        """Press a button and follow the answer to its end.

        Raises:
            KeyError: the page has no such button.
        """
        self._answer = answer = Answered(expected.strip())
        pressed = self._widgets[button]
        request = self._rerun(pressed.fragment)
        request.rerun_script.widget_states.widgets.add(id=pressed.id, trigger_value=True)
        try:
            await self._run(request, timeout_seconds)
            answer.finished = time.monotonic() - self._asked_at
        except TimeoutError:
            pass  # it says that it has not finished
        except ConnectionClosed:
            answer.lost = True
        return answer

    async def leave(self) -> None:
        """Close the tab."""
        if self._websocket is not None:
            # Not a farewell: a browser that is closed or off the network says none.
            self._websocket.transport.abort()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    def _rerun(self, fragment: str) -> BackMsg:
        """Return what a browser sends: where it is, and what stands in the fields."""
        request = BackMsg()
        rerun = request.rerun_script
        rerun.query_string, rerun.page_script_hash = self._query, self._page_hash
        rerun.fragment_id = fragment
        for label, value in self._filled.items():
            rerun.widget_states.widgets.add(id=self._widgets[label].id, string_value=value)
        return request

    async def _run(self, request: BackMsg, timeout_seconds: float) -> None:
        assert self._websocket is not None
        self._ended.clear()
        data = request.SerializeToString()
        self._asked_at = time.monotonic()
        await self._websocket.send(data)
        async with asyncio.timeout(timeout_seconds):
            await self._ended.wait()
        if self._reader is not None and self._reader.done() and self._reader.exception():
            raise self._reader.exception()  # type: ignore[misc]

    async def _read(self, websocket: ClientConnection) -> None:
        try:
            while True:
                data = await websocket.recv(decode=False)
                self._take(ForwardMsg.FromString(data), time.monotonic() - self._asked_at)
        finally:
            self._ended.set()

    def _take(self, message: ForwardMsg, seconds: float) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            if message.delta.WhichOneof("type") == "new_element":
                self._element(message.delta, seconds)
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "new_session" and not self._page_hash:
            self._page_hash = message.new_session.page_script_hash
        elif (
            kind == "script_finished"
            # One that ended early is followed by another.
            and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):
            self._ended.set()

    def _element(self, delta: Delta, seconds: float) -> None:
        element = delta.new_element
        for label, identity in _widgets(element):
            self._widgets[label] = Widget(identity, delta.fragment_id)
        kind = element.WhichOneof("type")
        if kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR):
            said = element.exception.message if kind == "exception" else element.alert.body
            self.errors.append(said)
            if self._answer is not None:
                self._answer.error = said or kind
        elif kind == "markdown" and self._answer is not None:
            self._answer.saw(element.markdown.body, seconds)


def _widgets(element: Element) -> Iterator[tuple[str, str]]:
    for kind in ("button", "text_input"):
        if element.HasField(kind):
            widget = getattr(element, kind)
            yield widget.label, widget.id
