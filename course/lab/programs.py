"""The two programs that meet a fault: what is shown of them is what was run."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from snowflake.cortex import Complete

from course.language import current
from streaming import CompletionRequest, DirectStrategy, Limits, StreamError, stream
from streaming.messages import explain

if TYPE_CHECKING:
    from snowflake.snowpark import Session

__all__ = ["LIMITS", "Program", "hand_out", "marked", "ours"]

#: (what the program knows as ``st``, session, model, prompt) -> the text that it is left with.
Program = Callable[[Any, "Session", str, str], str]

#: Shorter than on a page, so that the lab need not wait for half a minute.
LIMITS = Limits(first_chunk=4.0, idle=4.0)


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
