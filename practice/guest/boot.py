"""Runs a learner's program in the sandbox and reports how it ended."""

from __future__ import annotations

import builtins
import io
import linecache
import os
import sys
import time
from types import ModuleType, SimpleNamespace

from practice.guest import (
    channel,
    graphemes,
    openai_client,
    snowflake_cortex,
    snowpark,
    st,
    values,
    widgets,
)
from practice.guest.carried import streamlit_magic as magic
from practice.guest.channel import MOST_LINES, PROGRAM, NotHere, Rerun, Stop

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, NoReturn

# The worker's PROTOCOL: the program has meddled with this, so its end cannot be reported.
UNHEARD = 93
# The program gets the function itself, so that nothing has to be imported in it.
magic._insert_import_statement = lambda _: None
LONGEST_NAME = 200
# The sandbox's own clocks begin at 0 with the program.
UPTIME_SECONDS = 100_000
LONGEST_MESSAGE = 2_000


def main(job: dict[str, Any]) -> None:
    """Run ``job["code"]`` and send its end, or the error that ended it."""
    # Given back when memory has run out, so that there is some to report it with.
    reserve = [bytearray(1 << 20)]
    source = job["code"]
    linecache.cache[PROGRAM] = (len(source), None, source.splitlines(keepends=True), PROGRAM)
    sys.stdin = _NoKeyboard()
    sys.stdout = sys.stderr = channel.Printed()
    sys.modules.update(st.modules(job) | snowpark.modules(job) | snowflake_cortex.modules())
    sys.modules.update(openai_client.modules(job) | graphemes.modules())
    sys.modules["snowflake"].__dict__["cortex"] = sys.modules["snowflake.cortex"]
    builtins.input = _no_input
    # The module site would define these; it isn't run here.
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]
    time.sleep = _announced(time.sleep)
    for name in ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"):
        setattr(time, name, _since_boot(getattr(time, name)))
    channel.stop_after(job["stop_after"])
    channel.say("ready")
    again = False
    try:
        try:
            tree = magic.add_magic(source, PROGRAM)
            notes = values.watch(tree)
            code = compile(tree, PROGRAM, "exec", 0, True)
            sys.modules["__main__"] = module = ModuleType("__main__")
            module.__dict__.update(notes)
            writing = SimpleNamespace(transparent_write=st.transparent_write)
            module.__dict__[magic.MAGIC_MODULE_NAME] = writing
            exec(code, module.__dict__)  # noqa: S102 - that is what the sandbox is for
        except (Stop, SystemExit):
            pass
        except Rerun:
            again = True
        except BaseException as error:
            reserve.clear()
            channel.say("error", **_described(error))
            os._exit(0)
        if decided := values.decided():
            channel.say("decided", conditions=decided)
        if again or job["state"] is not None:
            channel.say("kept", rerun=again, **widgets.kept())
        channel.say("end")
    except BaseException:
        os._exit(UNHEARD)
    os._exit(0)


def _no_input(prompt: object = "") -> NoReturn:  # noqa: ARG001 - as the real one's
    raise NotHere("input", "there is no keyboard here")


class _NoKeyboard(io.TextIOBase):
    def read(self, size: int | None = -1) -> NoReturn:  # noqa: ARG002 - as the real one's
        _no_input()

    readline = read


def _announced(sleep: Any) -> Any:
    def announced(*args: Any, **kwargs: Any) -> None:
        # Python's own error says what is wrong with anything else.
        if len(args) == 1 and not kwargs and isinstance(args[0], int | float) and args[0] > 0:
            channel.say("sleep", seconds=float(args[0]))
        sleep(*args, **kwargs)

    announced.__name__ = announced.__qualname__ = "sleep"
    return announced


def _since_boot(clock: Any) -> Any:
    """Return a clock that, as on a real machine, began long before the program did."""
    begun = type(clock())(UPTIME_SECONDS * (1e9 if clock.__name__.endswith("_ns") else 1))

    def read() -> Any:
        return begun + clock()

    read.__name__ = read.__qualname__ = clock.__name__
    return read


def _described(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    try:
        import traceback  # takes 7 ms, and most programs end well

        builtin = kind.__module__ in ("__main__", "builtins")
        name = kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}"
        # It holds Python's own suggestions, which str(error) lacks.
        made = traceback.TracebackException(kind, error, error.__traceback__, compact=True)
        message = "".join(made.format_exception_only()).removeprefix(name).removeprefix(": ")
        if isinstance(error, SyntaxError):
            message = str(error.msg)
        if isinstance(error, ImportError):
            message = message.replace(" (unknown location)", "")
    except BaseException:
        # A program may define an error that cannot be printed, or leave no memory to print it.
        message = ""
    lines, inside = _frames(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename == PROGRAM and error.lineno:
        lines = [min(error.lineno, MOST_LINES)]
    # Half a character cannot be sent; it becomes its escape.
    told = message.strip()[:LONGEST_MESSAGE].encode("utf-8", "backslashreplace").decode()
    return {
        "type": _name(kind.__name__, "Exception"),
        "module": _name(kind.__module__, ""),
        "message": told[:LONGEST_MESSAGE],
        "lines": lines[-20:],
        "inside": _name(inside, ""),
        "what": _name(error.what, "") if isinstance(error, NotHere) else "",
        "values": _values(error),
    }


def _values(error: BaseException) -> dict[str, str]:
    try:
        return values.values_at(error.__traceback__)
    except BaseException:
        # There may be no memory left for it.
        return {}


def _name(name: object, instead: str) -> str:
    """Return a name if it is one: a program may give a class any."""
    text = str(name)
    plain = len(text) <= LONGEST_NAME and text.replace(".", "_").isidentifier()
    return text if plain else instead


def _frames(trace: TracebackType | None) -> tuple[list[int], str]:
    """Return the program's lines that led to the error, and the module that raised it."""
    lines, inside = [], ""
    while trace is not None:
        frame: FrameType = trace.tb_frame
        if frame.f_code.co_filename == PROGRAM:
            lines.append(min(max(trace.tb_lineno or 0, 0), MOST_LINES))
            inside = ""
        else:
            inside = str(frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
    return lines, inside
