"""``snowflake.snowpark.functions``: the columns that the course's days use, as Snowpark's SQL."""

from __future__ import annotations

import json
from types import ModuleType

from practice.guest import signatures
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["Column", "module", "quoted", "selected"]


class Column:
    """An expression of a column."""

    __module__ = "snowflake.snowpark.column"

    def __init__(self, sql: str, name: str, argument: str | None = None) -> None:
        self._sql, self._name = sql, name
        # Literals are written otherwise as an argument of a function.
        self._argument = sql if argument is None else argument

    def alias(self, alias: str) -> Column:
        name = quoted(alias)
        return Column(f"{self._sql} AS {name}", f"{self._name} AS {name}")

    as_ = name = alias

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "Cannot convert a Column object into bool: please use '&' for 'and', '|' for 'or', "
            "'~' for 'not' if you're building DataFrame filter expressions. For example, use "
            "df.filter((col1 > 1) & (col2 > 2)) instead of df.filter(col1 > 1 and col2 > 2)."
        )

    def __repr__(self) -> str:
        return f"Column({self._name})"

    def __str__(self) -> str:
        return f"Column[{self._name}]"


def quoted(name: str) -> str:
    """Return a name as Snowpark quotes it: upper case, unless it is quoted or needs to be."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name
    plain = name.replace("$", "_").isidentifier() and name.isascii()
    return f'"{name.upper() if plain else name}"'


def selected(cols: tuple[Any, ...]) -> list[str]:
    """Return what ``select`` is given, as SQL.

    Raises:
        ValueError, TypeError: it is nothing, or not columns.
    """
    given = cols[0] if len(cols) == 1 and isinstance(cols[0], list | tuple | set) else cols
    if not given:
        raise ValueError("The input of select() cannot be empty")
    if not all(isinstance(each, Column | str) for each in given):
        raise TypeError(
            "The input of select() must be Column, column name, TableFunctionCall, "
            "or a list of them"
        )
    return [each._sql if isinstance(each, Column) else quoted(each) for each in given]


def ai_complete(
    model: Any,
    prompt: Any,
    file: Any = None,
    model_parameters: Any = None,
    response_format: Any = None,
    show_details: Any = None,
    return_error_details: Any = None,
) -> Column:
    """Return the column of a model's answers."""
    if file is not None:
        raise NotHere("snowpark", "ai_complete(file=...)")
    if not isinstance(prompt, Column | str | int | float | list | tuple | dict | None):
        raise TypeError(
            "'ai_complete' expected Column, DataFrame, Iterable or LiteralType, "
            f"got: {type(prompt)}"
        )
    options = {"model_parameters": model_parameters, "response_format": response_format}
    flags = {"show_details": show_details, "return_error_details": return_error_details}
    arguments = {"model": _column(model)._argument, "prompt": _column(prompt)._argument}
    arguments |= {name: _constant(value) for name, value in options.items() if value is not None}
    arguments |= {name: _column(flag)._argument for name, flag in flags.items() if flag is not None}
    told = ", ".join(f"{name} => {value}" for name, value in arguments.items())
    return Column(f"ai_complete({told})", "ai_complete")


def lit(literal: Any, datatype: Any = None) -> Column:
    """Return a column of one value."""
    if datatype is not None:
        raise NotHere("snowpark", "lit(value, datatype)")
    return _column(literal)


def col(name1: str, name2: str | None = None) -> Column:
    """Return a column of the table that is selected from."""
    if name2 is not None:
        raise NotHere("snowpark", "col(table, column)")
    if not isinstance(name1, str):
        text = f"Expects first argument to be of type str, got {type(name1)}."
        raise ValueError(text)  # noqa: TRY004 - Snowpark's
    return Column(quoted(name1), quoted(name1))


def _column(value: Any) -> Column:
    if isinstance(value, Column):
        return value
    if value is None:
        return Column("NULL", "LITERAL")
    if isinstance(value, bool):
        return Column(f"{value} :: BOOLEAN", "LITERAL", str(value).upper())
    if isinstance(value, int):
        return Column(f"{value} :: INT", "LITERAL", str(value))
    if isinstance(value, float):
        return Column(f"'{value}' :: FLOAT", "LITERAL", str(value))
    if isinstance(value, list | tuple | dict):
        kind = "OBJECT" if isinstance(value, dict) else "ARRAY"
        return Column(f"PARSE_JSON({_text(json.dumps(value))}) :: {kind}", "LITERAL")
    if isinstance(value, str):
        return Column(_text(value), "LITERAL")
    raise NotHere("snowpark", f"lit({type(value).__name__})")


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


def _constant(value: Any) -> str:
    """Return a value as Snowflake's constants are written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(k)}: {_constant(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_constant, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def module() -> ModuleType:
    """Return ``snowflake.snowpark.functions``."""
    named = {function.__name__: function for function in (ai_complete, lit, col)}
    for function in named.values():
        function.__module__ = "snowflake.snowpark.functions"
    known = signatures.FUNCTIONS
    return Partial("snowflake.snowpark.functions", "snowpark", known, **named)
