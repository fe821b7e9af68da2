"""Runs a learner's program in the sandbox and reports how it ended."""

from __future__ import annotations

import builtins
import io
import linecache
import os
import sys
import time
from types import CodeType, ModuleType

from practice.guest import channel, chat_completions, cortex, magic, snowpark, st
from practice.guest.channel import MOST_LINES, PROGRAM, NotHere, Stop

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, NoReturn

__all__ = ["main"]

# The worker's PROTOCOL: how the program ended could not be said, because it has meddled with this.
UNHEARD = 93
LONGEST_NAME = 200
LONGEST_MESSAGE = 2_000


def main(job: dict[str, Any]) -> None:
    """Run ``job["code"]`` and send its end, or the error that ended it."""
    # Given back when memory has run out, so that there is some to say so with.
    reserve = [bytearray(1 << 20)]
    source = job["code"]
    linecache.cache[PROGRAM] = (len(source), None, source.splitlines(keepends=True), PROGRAM)
    sys.stdin = _NoKeyboard()
    sys.stdout = sys.stderr = channel.Printed()
    modules = {
        **st.modules(job),
        **snowpark.modules(job),
        **cortex.modules(),
        **chat_completions.modules(),
    }
    modules["snowflake"].cortex = modules["snowflake.cortex"]  # type: ignore[attr-defined]
    sys.modules.update(modules)
    builtins.input = _no_input
    # Of the module site, which is not run here.
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]
    time.sleep = _announced(time.sleep)
    channel.say("ready")
    try:
        try:
            _run(source)
        except (Stop, SystemExit):
            channel.say("end")
        except BaseException as error:
            reserve.clear()
            channel.say("error", **_described(error))
        else:
            channel.say("end")
    except BaseException:
        os._exit(UNHEARD)
    os._exit(0)


def _run(source: str) -> None:
    tree = magic.with_magic(source, PROGRAM)
    code: CodeType = compile(tree, PROGRAM, "exec", dont_inherit=True)
    module = ModuleType("__main__")
    module.__dict__[magic.NAME] = magic.transparent_write
    sys.modules["__main__"] = module
    exec(code, module.__dict__)  # noqa: S102 - that is what the sandbox is for


def _no_input(prompt: object = "") -> NoReturn:  # noqa: ARG001 - as the real one's
    raise NotHere("input", "there is no keyboard here")


class _NoKeyboard(io.TextIOBase):
    def read(self, size: int | None = -1) -> NoReturn:  # noqa: ARG002 - as the real one's
        _no_input()

    readline = read


def _announced(sleep: Any) -> Any:
    def announced(*args: Any, **kwargs: Any) -> None:
        # Python's own words say what is wrong with it.
        if len(args) == 1 and not kwargs and isinstance(args[0], int | float) and args[0] > 0:
            channel.say("sleep", seconds=float(args[0]))
        sleep(*args, **kwargs)

    announced.__name__ = announced.__qualname__ = "sleep"
    return announced


def _described(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    try:
        import traceback  # takes 7 ms, and most programs end well

        builtin = kind.__module__ in ("__main__", "builtins")
        name = kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}"
        # Python's own suggestions are in there, which str(error) has not.
        made = traceback.TracebackException(kind, error, error.__traceback__, compact=True)
        message = "".join(made.format_exception_only()).removeprefix(name).removeprefix(": ")
        if isinstance(error, SyntaxError):
            message = str(error.msg)
        if isinstance(error, ImportError):
            message = _with_the_name_that_was_meant(error, message)
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
    }


def _with_the_name_that_was_meant(error: ImportError, message: str) -> str:
    """Return the message without a place that there is not, and with Python's kind of suggestion.

    Python itself suggests no name of a module in a package: it looks at the package instead.
    """
    import difflib  # takes 10 ms

    message = message.replace(" (unknown location)", "").strip()
    known = dir(sys.modules.get(error.name or ""))
    close = difflib.get_close_matches(str(getattr(error, "name_from", "")), known, 1)
    is_wanted = close and "Did you mean" not in message
    return f"{message}. Did you mean: '{close[0]}'?" if is_wanted else message


def _name(name: object, instead: str) -> str:
    """Return a name if it is one; a class may be called anything."""
    text = str(name)
    plain = len(text) <= LONGEST_NAME and text.replace(".", "_").isidentifier()
    return text if plain else instead


def _frames(trace: TracebackType | None) -> tuple[list[int], str]:
    """Return the program's lines that led to the error, and the module in which it was raised."""
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
