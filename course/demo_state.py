"""A learner's questions to a model: each is let in or refused, and its answer goes on by itself.

They belong to the tab: they outlive any click, a change of page and a refresh.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from streamlit.delta_generator import DeltaGenerator

from connection import Connection
from course import limits
from course.limits import Admission, Refusal
from streaming import CompletionRequest, Limits, Pace, Strategy, StreamResult, TextStream, stream

if TYPE_CHECKING:
    from course.chat import Turn

#: The relay waits two minutes for a model that has to be loaded; the page waits for the relay.
LIMITS = Limits(first_chunk=130.0)
#: How often a question that waits for its place looks whether it is its turn; seconds.
LOOK_SECONDS = 0.1
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
        waits = self._admission is not None and self._admission.running
        return waits or (self.stream is not None and self.stream.running)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self.stream is not None:
                self.stream.cancel()
            elif self._admission is not None:
                self._admission.cancel()

    def tend(self) -> None:
        """Enforce its limits while nobody reads."""
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
    turns: list[Turn] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    # In each language, what came of a press that asks no model; ``None`` until there is one.
    said: dict[str, str] | None = None
    # Each question takes the other one of two places: Streamlit sends no st.empty() before a
    # container in the same place, and the last answer would stand below the new one.
    place: int = 0

    @property
    def running(self) -> bool:
        return any(each.running for each in self.questions)

    @property
    def characters(self) -> int:
        return sum(each.characters for each in self.streams)

    @property
    def streams(self) -> list[TextStream]:
        return [each.stream for each in self.questions if each.stream is not None]

    def cancel(self) -> None:
        for each in self.questions:
            each.cancel()

    def tend(self) -> None:
        for each in self.questions:
            each.tend()

    @property
    def questions(self) -> list[Asked]:
        """All that has been asked, in the chat, too."""
        return [*self.answers.values(), *(turn.asked for turn in self.turns)]
