"""How the programs of the table are written."""

from __future__ import annotations

from typing import Any

from tests.practice.parity import Program

__all__ = ["CONNECT", "each", "program", "tried"]

#: Opens a session as the course's days do.
CONNECT = """\
import streamlit as st
from snowflake.snowpark import Session
session = Session.builder.configs(st.secrets["connections"]["snowflake"]).create()
"""
TRIED = """\
def tried(number, act):
    try:
        value = act()
        print(number, type(value), repr(value))
    except Exception as error:
        print(number, type(error), error, repr(error))

"""


def program(title: str, code: str, **options: Any) -> Program:
    """Return a program that imports Streamlit first."""
    return Program(title, f"import streamlit as st\n{code}", **options)


def each(title: str, *expressions: str, first: str = "", **options: Any) -> Program:
    """Return a program that tells the value of each expression, or its error."""
    return program(title, first + TRIED + tried(*expressions), **options)


def tried(*expressions: str) -> str:
    """Return lines that tell the value of each expression, or its error."""
    return "".join(f"tried({n}, lambda: {text})\n" for n, text in enumerate(expressions))
