"""What a page says about an error in a lesson's files, or in the code of its page.

Readers see that there is one, and in which file; what is wrong and how to fix it goes into the log,
for the lesson's author.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from typing import Literal

import streamlit as st

from course.language import text
from course.problems import Problem, places

__all__ = ["LOG", "described", "say_that_code_failed", "say_that_it_is_broken"]

LOG = logging.getLogger(__name__)
# Their errors' texts may name the account.
CLIENTS = frozenset({"snowflake", "requests", "urllib3", "httpx", "openai"})


def say_that_it_is_broken(name: str, problems: Iterable[Problem]) -> None:
    """Draw the page of a lesson that cannot be shown."""
    found = tuple(problems)
    LOG.error("The lesson %s cannot be shown:\n%s", name, "\n".join(map(str, found)))
    st.title(text("lesson.broken_title"), anchor="top")
    said = (text("lesson.broken"), f"{text('lesson.broken_where')} {places(found)}")
    st.error("\n\n".join([*said, text("lesson.broken_hint")]), icon=":material/build:")


def say_that_code_failed(name: str, what: Literal["page", "demo"], error: Exception) -> None:
    """Draw a note that the code of a lesson's page has raised ``error``."""
    LOG.error("The %s of %s fails:\n%s", what, name, described(error))
    st.error(text(f"lesson.{what}_failed", file=f"pages/{name}.py"), icon=":material/build:")


def described(error: Exception) -> str:
    """Return where an error comes from and what it says; of a client's error, only its type."""
    kind = type(error)
    frames = "".join(traceback.format_tb(error.__traceback__))
    if kind.__module__.partition(".")[0] in CLIENTS:
        return f"{frames}{kind.__module__}.{kind.__name__}"
    return f"{frames}{kind.__name__}: {error}"
