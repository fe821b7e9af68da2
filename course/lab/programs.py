"""The two programs that meet a fault, each in a thread of its own, and watched."""

from __future__ import annotations

import difflib
import inspect
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snowflake.cortex import Complete
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import add_script_run_ctx

from course.language import current
from streaming import CompletionRequest, DirectStrategy, Limits, StreamError, TextStream, stream
from streaming.strategies.direct import GuardedSession, response_of
from streaming.messages import explain
from streaming.one_context import share_context
from streaming.sockets import Watch, wake
from streaming.view import write

if TYPE_CHECKING:
    from requests import Response
    from snowflake.snowpark import Session

__all__ = ["LIMITS", "Outcome", "Program", "Side", "hand_out", "marked", "ours"]

#: (what the program knows as ``st``, session, model, prompt) -> the text that it is left with.
Program = Callable[[Any, "Session", str, str], str]

#: Shorter than on a page, so that the lab need not wait for half a minute.
LIMITS = Limits(first_chunk=4.0, idle=4.0)

# The client waits a second at least before it asks again, and looks at its session several times
# each time it asks.
APART_SECONDS = 0.5
JOIN_SECONDS = 0.3
ADDRESS = re.compile(r"https?://\S+")


def hand_out(st: Any, session: Session, model: str, prompt: str) -> str:
    answer = Complete(model, prompt, session=session, stream=True)
    text: str = st.write_stream(answer)
    return text


def ours(st: Any, session: Session, model: str, prompt: str) -> str:
    request = CompletionRequest(model=model, prompt=prompt)
    answer = stream(DirectStrategy(session), request, limits=LIMITS)
    try:
        st.write_stream(answer)
    except StreamError as error:
        st.warning(explain(error, current(), getattr(LIMITS, error.code, None)))
    return answer.text


def marked() -> str:
    """Return both programs as one text: lines of one only begin with ``-`` or ``+``."""
    before, after = (inspect.getsource(program).splitlines() for program in (hand_out, ours))
    return "\n".join(line for line in difflib.ndiff(before, after) if not line.startswith("?"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a program.

    Attributes:
        shown: the text that stands on the page.
        kept: the text that the program has; ``None`` if it has not come to its end.
        error: name of the error's class, and its message without addresses, if one ended it.
        said: what the program itself told its user of an error.
        seconds: until it ended, or was ended.
        requests: how many it sent.
        cut: whether the lab ended it.
        status: what the program knows of how the answer ended.
    """

    shown: str
    kept: str | None
    error: tuple[str, str] | None
    said: str | None
    seconds: float
    requests: int
    cut: bool
    status: str | None


class Side:
    """Runs a program that asks ``model``; ``place`` is its half of the page.

    ``address`` is what stands for an address in an error's message.
    """

    def __init__(
        self,
        program: Program,
        place: DeltaGenerator,
        session: Session,
        model: str,
        prompt: str,
        address: str,
    ) -> None:
        self._program = program
        self._page = _Page(place)
        self._watch = Watch()
        self._session = _Counted(session)
        self._address = address
        self._began = time.monotonic()
        self._ended_at: float | None = None
        self._kept: str | None = None
        self._error: tuple[str, str] | None = None
        self._cut_at: float | None = None
        self._thread = threading.Thread(
            target=self._run, args=(model, prompt), name="lab-side", daemon=True
        )

    def start(self) -> None:
        """Begin; the thread may write to the caller's page."""
        self._began = time.monotonic()
        add_script_run_ctx(self._thread)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._ended_at is None

    def end(self) -> None:
        """End it, wherever it waits; the outcome notes that."""
        if not self.running:
            return
        self._cut_at = time.monotonic()
        self._session.aborted = True
        self._watch.end()
        self._page.end()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(JOIN_SECONDS)

    def outcome(self) -> Outcome:
        """Return its outcome so far, from any thread."""
        page, error = self._page, self._error
        # An error that came from ending the program is none that a user would meet.
        cut_at = self._cut_at
        over = cut_at if cut_at is not None else self._ended_at
        return Outcome(
            shown=page.shown,
            kept=self._kept,
            error=error if cut_at is None else None,
            said=page.said,
            seconds=(time.monotonic() if over is None else over) - self._began,
            requests=self._session.requests,
            cut=cut_at is not None,
            status=page.status,
        )

    def _run(self, model: str, prompt: str) -> None:
        share_context()
        try:
            with self._watch.watching():
                self._kept = self._program(self._page, self._session, model, prompt)
        except Exception as error:  # whatever the program lets out: Streamlit would show it
            # Not the error itself: its traceback holds the answer, and with it the connection.
            self._error = self._described(error)
        finally:
            self._page.release()
            self._watch.close()
            self._ended_at = time.monotonic()

    def _described(self, error: Exception) -> tuple[str, str]:
        message = ADDRESS.sub(self._address, str(error))
        return type(error).__name__, message.encode("utf-8", "replace").decode()


class _Page:
    """What a program knows as ``st``: the real one, on its half of the page."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._answer: TextStream | None = None
        self._response: Response | None = None
        self._parts: list[str] = []
        self.said: str | None = None

    @property
    def shown(self) -> str:
        return "".join(self._parts)

    @property
    def status(self) -> str | None:
        return self._answer.status if self._answer is not None else None

    def write_stream(self, answer: Any) -> Any:
        if isinstance(answer, TextStream):
            self._answer = answer
        else:
            self._response = response_of(answer)
        return write(self._place.empty(), self._noted(answer))

    def warning(self, said: str) -> None:
        self.said = said
        self._place.warning(said, icon=":material/error:")

    def end(self) -> None:
        """End a wait for the model, from any thread."""
        if self._answer is not None:
            self._answer.cancel()
        wake(self._response)

    def release(self) -> None:
        """Give the connection back, in the thread that read."""
        if self._answer is not None:
            self._answer.close()
        if self._response is not None:
            self._response.close()

    def _noted(self, answer: Iterator[str]) -> Iterator[str]:
        """Give the pieces, and note each that Streamlit has taken."""
        for piece in answer:
            yield piece
            self._parts.append(piece)


class _Counted(GuardedSession):
    """A guarded session that counts the requests which are sent with it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.requests = 0
        self._looked_at: float | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "connection" and not self.aborted:
            now = time.monotonic()
            if self._looked_at is None or now - self._looked_at >= APART_SECONDS:
                self.requests += 1
            self._looked_at = now
        return super().__getattr__(name)
