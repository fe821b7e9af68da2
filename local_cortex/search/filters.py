"""The filters of a search: which rows an object such as ``{"@eq": {"REGION": "East"}}`` lets pass.

Operators are those of Snowflake's documentation: ``@eq``, ``@contains``, ``@gte``, ``@lte``,
``@primarykey``, and ``@and``, ``@or``, ``@not`` of others.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from local_cortex.faults import Refusal
from local_cortex.sql.bounds import MAX_FILTER_DEPTH, MAX_FILTER_PARTS

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

OPERATORS = "@eq, @contains, @gte, @lte, @primarykey, @and, @or and @not"


def compiled(filter_: Any, attributes: Sequence[str], keys: Sequence[str]) -> Test:
    """Return what tells whether a row passes; ``Refusal`` 400, the filter is wrong."""
    parts = count(1)

    def test(condition: Any, depth: int) -> Test:
        if depth > MAX_FILTER_DEPTH or next(parts) > MAX_FILTER_PARTS:
            most = f"{MAX_FILTER_PARTS} conditions, {MAX_FILTER_DEPTH} within one another"
            raise Refusal(400, f"filter: Local Cortex allows {most}, at most")
        if not isinstance(condition, dict) or len(condition) != 1:
            raise Refusal(400, f"filter: a condition is an object of one operator: {OPERATORS}")
        ((word, operand),) = condition.items()
        if word in {"@and", "@or"}:
            if not isinstance(operand, list) or not operand:
                raise Refusal(400, f"filter: {word} takes a list of conditions")
            tests = [test(one, depth + 1) for one in operand]
            together = all if word == "@and" else any
            return lambda row: together(each(row) for each in tests)
        if word == "@not":
            inner = test(operand, depth + 1)
            return lambda row: not inner(row)
        if word == "@primarykey":
            return _primary_key(operand, keys)
        return _compare(str(word), operand, attributes)

    return test(filter_, 1)


def _compare(word: str, operand: Any, attributes: Sequence[str]) -> Test:
    if word != "@contains" and word not in _COMPARE:
        raise Refusal(400, f"filter: unknown operator {word[:50]!r}; there are {OPERATORS}")
    if not isinstance(operand, dict) or len(operand) != 1:
        raise Refusal(400, f"filter: {word} takes an object of one column and its value")
    ((name, value),) = operand.items()
    column = _column(name, attributes, "ATTRIBUTES")
    # NaN, which is not even equal to itself, can't be compared with a NUMBER.
    if not isinstance(value, str | int | float | bool) or value != value:
        raise Refusal(400, f"filter: {word} compares {column} with a text or a number")
    if word == "@contains":
        return lambda row: row[column] is not None and value in _list(row[column])
    compare = _COMPARE[word]
    return lambda row: row[column] is not None and compare(*_pair(row[column], value))


def _primary_key(operand: Any, keys: Sequence[str]) -> Test:
    """Read rows' keys: an object of the key's columns, or a list of such objects."""
    if not keys:
        raise Refusal(400, "filter: @primarykey needs a service with a PRIMARY KEY")
    wanted: set[tuple[str, ...]] = set()
    for one in operand if isinstance(operand, list) else [operand]:
        given = one if isinstance(one, dict) else {}
        named = {_column(name, keys, "PRIMARY KEY"): given[name] for name in given}
        if set(named) != set(keys):
            raise Refusal(400, f"filter: @primarykey takes {', '.join(keys)}")
        wanted.add(tuple(str(named[name]) for name in keys))
    return lambda row: tuple(str(row[name]) for name in keys) in wanted


def _column(name: str, known: Sequence[str], clause: str) -> str:
    found = next((one for one in known if one.upper() == name.upper()), None)
    if found is None:
        raise Refusal(
            400, f"filter: column {name[:100]!r} is not among the {clause} of the service"
        )
    return found


def _moment(value: Any) -> dt.datetime:
    """Read a date or time, in UTC."""
    moment = dt.datetime.fromisoformat(value if isinstance(value, str) else value.isoformat())
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _list(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise Refusal(400, "filter: @contains is for columns of type ARRAY")
    return found


def _pair(found: Any, value: Any) -> tuple[Any, Any]:
    """Return a row's value and the filter's so that they compare; ``Refusal`` 400, they can't."""
    try:
        if isinstance(found, dt.date):
            return _moment(found), _moment(value)
        if isinstance(found, int | float | Decimal) and not isinstance(value, str):
            return found, value
        if isinstance(found, str) and isinstance(value, str):
            return found, value
    except (AttributeError, TypeError, ValueError):
        pass
    raise Refusal(400, f"filter: {str(value)[:50]!r} is not of the column's type")


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "@eq": operator.eq,
    "@gte": operator.ge,
    "@lte": operator.le,
}
