"""What a page says where a lesson's files, or the code of its page, are wrong.

Readers are told that it is so and which file it is; what exactly is wrong, and how to mend it, goes
into the log, for whoever maintains the lesson.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from typing import Literal

import streamlit as st

from course.language import text
from course.problems import Problem, short

__all__ = ["LOG", "described", "say_that_code_failed", "say_that_it_is_broken"]

LOG = logging.getLogger(__name__)
# Their errors' texts may name the account.
CLIENTS = frozenset({"snowflake", "requests", "urllib3", "httpx", "openai"})


def say_that_it_is_broken(name: str, problems: Iterable[Problem]) -> None:
    """Draw what there is to say of a lesson that cannot be shown."""
    found = tuple(problems)
    LOG.error("The lesson %s cannot be shown:\n%s", name, "\n".join(map(str, found)))
    st.title(text("lesson.broken_title"), anchor="top")
    places: dict[str, list[str]] = {}
    for problem in found:
        numbers = places.setdefault(short(problem.path), [])
        if problem.line:
            numbers.append(str(problem.line))
    where = "; ".join(
        f"`{file}`" + (f" ({', '.join(numbers)})" if numbers else "")
        for file, numbers in places.items()
    )
    said = (text("lesson.broken"), f"{text('lesson.broken_where')} {where}")
    st.error("\n\n".join([*said, text("lesson.broken_hint")]), icon=":material/build:")


def say_that_code_failed(name: str, what: Literal["page", "demo"], error: Exception) -> None:
    """Draw what there is to say where the code of a lesson's page has raised ``error``."""
    LOG.error("The %s of %s fails:\n%s", what, name, described(error))
    st.error(text(f"lesson.{what}_failed", file=f"pages/{name}.py"), icon=":material/build:")


def described(error: Exception) -> str:
    """Return where an error comes from and what it says; of a client's error, only its type."""
    kind = type(error)
    frames = "".join(traceback.format_tb(error.__traceback__))
    if kind.__module__.partition(".")[0] in CLIENTS:
        return f"{frames}{kind.__module__}.{kind.__name__}"
    return f"{frames}{kind.__name__}: {error}"
