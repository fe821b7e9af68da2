"""The two pipes between a program in the sandbox and its host: events out, answers in.

Each is one line of JSON. The host trusts nothing of it: what is checked here is checked for honest
programs, so that they end with an error that names their line.
"""

from __future__ import annotations

import io
import json
import os
import sys
from types import ModuleType

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any

#: The file name of the learner's program in tracebacks.
PROGRAM = "<program>"
# Bytes of one event; the host takes no longer line.
LONGEST = 200_000
# How deep lists and dictionaries may be in each other; the host's readers have such limits, too.
DEEPEST = 60
# Characters that are kept until their line ends.
MOST_KEPT = 4_000
# The host takes no higher line number.
MOST_LINES = 100_000

# What Streamlit would see of a program: it can be stopped there.
SEEN = ("draw", "piece")

# Pieces of an answer until Stop is pressed, if it is.
_until_stop: list[int] = []
_printed: list[str] = []
_read = bytearray()


class NotHere(RuntimeError):
    """The sandbox lacks what the program wants; ``what`` is the code of the page's sentence."""

    __module__ = "practice"

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what


class Partial(ModuleType):
    """A module with some of its real names; the other ``known`` ones raise ``NotHere(what)``."""

    def __init__(self, name: str, what: str, known: Any, **contents: Any) -> None:
        super().__init__(name)
        self.__dict__.update(contents, __path__=[], _what=what, _known=known)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__["_known"]:
            raise NotHere(self.__dict__["_what"], f"{self.__name__}.{name}")
        text = f"module '{self.__name__}' has no attribute '{name}'"
        raise AttributeError(text, name=name, obj=self)


class Stop(BaseException):
    """``st.stop()``: the program ends here, and nothing is wrong."""

    __module__ = "streamlit.runtime.scriptrunner_utils.exceptions"
    __qualname__ = "StopException"


class Rerun(BaseException):
    """``st.rerun()``: the program ends here and runs again."""

    __module__ = "streamlit.runtime.scriptrunner_utils.exceptions"
    __qualname__ = "RerunException"


def stop_after(pieces: int | None) -> None:
    """Let Stop be pressed after this number of pieces of an answer."""
    _until_stop[:] = [] if pieces is None else [pieces]


def piece_came() -> None:
    """Note that a piece of an answer has come."""
    if _until_stop:
        _until_stop[0] -= 1


def yield_point() -> None:
    """End the program if Stop has been pressed: here, and wherever it goes on nevertheless."""
    if _until_stop and _until_stop[0] <= 0:
        raise Stop


def line() -> int:
    """Return the line of the learner's program that is running, or 0."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == PROGRAM:
            return min(frame.f_lineno or 0, MOST_LINES)
        frame = frame.f_back  # type: ignore[assignment]
    return 0


def say(op: str, **fields: Any) -> None:
    """Send an event, after what has been printed before it.

    Raises:
        NotHere: ``room`` or ``prompt``, it is too long; ``depth``, it is nested too deeply.
        UnicodeEncodeError: it holds half a character.
        Stop: Stop has been pressed, and Streamlit would see this.
    """
    if op in SEEN:
        yield_point()
    _send_printed()
    _send({"op": op, "line": line(), **fields})


def ask(op: str, **fields: Any) -> Any:
    """Send an event and wait for its answer."""
    say(op, **fields)
    while b"\n" not in _read:
        read = os.read(0, 1 << 16)
        if not read:
            os._exit(0)
        _read.extend(read)
    answer, _, rest = _read.partition(b"\n")
    _read[:] = rest
    return json.loads(answer)


def _send(event: dict[str, Any]) -> None:
    text = json.dumps(event, ensure_ascii=False)
    data = text.encode() + b"\n"
    if len(data) > LONGEST:
        asks = event["op"] in ("complete", "sql")
        raise NotHere("prompt" if asks else "room", f"{len(data)} bytes at once")
    # Counting is quick, and an upper bound.
    if text.count("[") + text.count("{") > DEEPEST and _is_deeper(event, DEEPEST):
        raise NotHere("depth", f"more than {DEEPEST} lists in lists")
    while data:
        data = data[os.write(1, data) :]


def _is_deeper(value: Any, most: int) -> bool:
    if not isinstance(value, dict | list | tuple):
        return False
    values = value.values() if isinstance(value, dict) else value
    return most < 1 or any(_is_deeper(each, most - 1) for each in values)


def _send_printed() -> None:
    text = "".join(_printed)
    _printed.clear()
    if text:
        _send({"op": "print", "text": text, "line": line()})


class Printed(io.TextIOBase):
    """What ``sys.stdout`` is in the sandbox: whole lines become events."""

    encoding = "utf-8"
    _kept = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        _printed.append(text)
        self._kept += len(text)
        if "\n" in text or self._kept > MOST_KEPT:
            self.flush()
        return len(text)

    def flush(self) -> None:
        self._kept = 0
        _send_printed()
