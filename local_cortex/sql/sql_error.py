"""Errors as Snowflake words and numbers them, so that clients show what an account would show.

Numbers and wordings are those that Snowflake's clients print as ``<code> (<sqlstate>): <message>``.
Where Local Cortex lacks something that Snowflake has, the message says so and says what it runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from difflib import get_close_matches

from local_cortex.sql.bounds import MEMORY

WHAT_RUNS = (
    "It runs queries, INSERT, UPDATE, DELETE and MERGE, CREATE, ALTER, DROP, DESCRIBE and SHOW of "
    "tables and views, USE, SET, transactions, stages with COPY INTO, PUT and GET, and the Cortex "
    "functions; local_cortex/README.md lists them."
)
NOWHERE = (None, None)


@dataclass(eq=False)
class SqlError(Exception):
    """A statement was refused.

    ``code`` is Snowflake's six-digit error number as text (``"001003"``), ``sqlstate`` the
    five-character SQLSTATE; ``line`` (from 1) and ``position`` (from 0) say where in the text, if
    known. ``str(error)`` is the message without code and SQLSTATE: clients put these in front.
    """

    message: str
    _: KW_ONLY
    code: str
    sqlstate: str
    line: int | None = None
    position: int | None = None

    def __str__(self) -> str:
        return self.message


def compile_error(
    message: str,
    code: str = "001003",
    sqlstate: str = "42000",
    where: tuple[int | None, int | None] = NOWHERE,
) -> SqlError:
    """A statement that Snowflake refuses before it runs it; ``where`` is the line and position."""
    at = "" if message.startswith(" ") else "\n"
    text = f"SQL compilation error:{at}{message}"
    return SqlError(text, code=code, sqlstate=sqlstate, line=where[0], position=where[1])


def _beyond(message: str) -> SqlError:
    """Something that Snowflake runs and Local Cortex does not."""
    return SqlError(message, code="000002", sqlstate="0A000")


def syntax_error(sql: str, offset: int, found: str) -> SqlError:
    """``found`` is the token that does not belong; ``<EOF>`` for the end of the text."""
    before = sql[:offset]
    line, position = before.count("\n") + 1, offset - (before.rfind("\n") + 1)
    message = f"syntax error line {line} at position {position} unexpected '{found}'."
    return compile_error(message, where=(line, position))


def invalid_identifier(name: str, where: tuple[int, int] | None = None) -> SqlError:
    """A column that the statement's tables do not have; ``where`` is its line and position."""
    place = f" error line {where[0]} at position {where[1]}\n" if where else ""
    return compile_error(f"{place}invalid identifier '{name}'", "000904", where=where or NOWHERE)


def object_missing(kind: str, name: str, hint: str = "") -> SqlError:
    """A table (or other ``kind``) that does not exist."""
    message = f"{kind} '{name}' does not exist or not authorized. {hint}".rstrip()
    return compile_error(message, "002003", "42S02")


def unknown_function(name: str, known: Iterable[str]) -> SqlError:
    """A function that neither Snowflake nor Local Cortex has; ``known`` are those that run."""
    near = get_close_matches(name, [*known], 3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    lists = "local_cortex/README.md lists the functions that Local Cortex runs."
    return compile_error(f"Unknown function {name}. {hint}{lists}", "002140", "42601")


def not_run(what: str, instead: str = WHAT_RUNS) -> SqlError:
    """Something that Snowflake has and Local Cortex has not."""
    return _beyond(f"Unsupported feature '{what}': Local Cortex does not run it. {instead}")


def exists_already(name: str) -> SqlError:
    """An object that CREATE would make a second time."""
    return compile_error(f"Object '{name}' already exists.", "002002", "42710")


def wrong_argument_count(name: str, got: int, expected: str) -> SqlError:
    """Too few or too many arguments."""
    message = f"wrong number of arguments for function [{name}] expected {expected}, got {got}"
    return compile_error(message, "000938", "22023")


def wrong_argument_types(name: str, types: Iterable[str]) -> SqlError:
    """Arguments whose types the function or operator does not take."""
    message = f"Invalid argument types for function '{name}': ({', '.join(types)})"
    return compile_error(message, "001044", "42P13")


def canceled() -> SqlError:
    """A statement that somebody aborted, or whose session was closed."""
    return SqlError("SQL execution canceled", code="000604", sqlstate="57014")


def timed_out(seconds: float) -> SqlError:
    """A statement that computed for longer than it may."""
    limit = f"its statement or warehouse timeout of {seconds:g} second(s)"
    return SqlError(f"Statement reached {limit} and was canceled.", code="000630", sqlstate="57014")


def too_large(what: str, limit: int, advice: str) -> SqlError:
    """More than Local Cortex, which lives in the learner's process, is ready to hold."""
    return _beyond(f"{what}: Local Cortex allows {limit:,} at most. {advice}")


def out_of_memory() -> SqlError:
    """A statement that needs more memory than all of them may have."""
    limit = f"Local Cortex allows {MEMORY} of memory for all statements"
    return _beyond(f"{limit}, and this one needs more. Select less.")
