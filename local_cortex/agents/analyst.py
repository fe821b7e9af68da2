"""A question to SQL, by words: counts, sums, averages, extremes and the top n of one table.

It is a rule, and no Cortex Analyst: what it doesn't recognise it leaves alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_cortex.sql.names import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_cortex.database.catalog import Column, Table

LONGEST_QUESTION = 1_000
MOST_ROWS = 10
NUMBERS = frozenset({"FIXED", "REAL"})
LABELS = frozenset({"TEXT", "DATE", "BOOLEAN"})
TOP = re.compile(
    r"\btop[ -](\d{1,3})\b|상위 ?(\d{1,3})|(\d{1,3}) ?(?:largest|highest|biggest|best)"
)
KEY = re.compile(r"(?:^|_)(?:ID|KEY|NO|NUMBER|YEAR)$")
# In this order: "the average number of ..." is an average.
AGGREGATES = {
    "AVG": re.compile(r"\b(?:average|mean)\b|평균"),
    "SUM": re.compile(r"\b(?:sum|total|altogether|overall)\b|합계|총액|총합|총 |전체 ?합"),
    "MIN": re.compile(
        r"\b(?:minimum|min|lowest|smallest|least|cheapest)\b"
        r"|최소|최저|가장 (?:작|적|낮|싼|저렴)"
    ),
    "MAX": re.compile(
        r"\b(?:maximum|max|highest|largest|biggest|most|best)\b|최대|최고|가장 (?:크|큰|많|높|비싼)"
    ),
    "COUNT": re.compile(r"\b(?:how many|count|number of)\b|몇 ?|개수|건수|얼마나 많"),
}


@dataclass(frozen=True, slots=True)
class Analysis:
    """A query. ``what`` is its number, ``label`` the column it is grouped by, if any."""

    sql: str
    what: str
    label: str | None


def choose_table(named: str, description: str, tables: Sequence[Table]) -> Table | None:
    """Choose the table that a resource is called like, or the first that the description names."""
    last = re.split(r"[./]", re.sub(r"\.ya?ml$", "", named.strip(), flags=re.IGNORECASE))[-1]
    wanted = last.strip('"').upper()
    readable = [one for one in tables if one.kind in {"TABLE", "VIEW"}]
    for one in readable:
        if one.name.name.upper() == wanted:
            return one
    words = set(re.findall(r"\w+", description.upper()))
    return next((one for one in readable if one.name.name.upper() in words), None)


def analyse(question: str, table: Table) -> Analysis | None:
    """Turn a question into a query of ``table``; ``None`` if no rule does."""
    asked = question[:LONGEST_QUESTION].casefold()
    aggregate = next((name for name, words in AGGREGATES.items() if words.search(asked)), None)
    top = TOP.search(asked)
    if aggregate is None and top is None:
        return None
    mentioned = [one for one in table.columns if _mentions(asked, one.name)]
    numbers = [one for one in table.columns if one.type.name in NUMBERS]
    measures = [one for one in numbers if not KEY.search(one.name.upper())] or numbers
    number = next((one for one in mentioned if one in numbers), None) or next(iter(measures), None)
    label = next((one for one in mentioned if one.type.name in LABELS and one != number), None)
    aggregate = aggregate or "SUM"
    if aggregate != "COUNT" and number is None:
        return None
    if label is None and (top or (aggregate in ("MAX", "MIN") and len(mentioned) == 0)):
        label = next((one for one in table.columns if one.type.name in LABELS), None)
    limit = int(next(filter(None, top.groups()))) if top else MOST_ROWS
    return _query(table, aggregate, number, label, limit)


def _query(
    table: Table, aggregate: str, number: Column | None, label: Column | None, limit: int
) -> Analysis:
    source = written(table.name.database, table.name.schema, table.name.name)
    # The one with the most, of several, is the one with the largest sum.
    function = "SUM" if label is not None and aggregate in ("MAX", "MIN") else aggregate
    column = written(number.name) if number is not None else "*"
    counted = "*" if function == "COUNT" else column
    what = f"{function}({counted})"
    name = written("COUNT" if counted == "*" else f"{function}_{number and number.name}")
    # Names are the catalog's and quoted where need be; no word of the question gets into it.
    if label is None:
        return Analysis(f"SELECT {what} AS {name} FROM {source}", what, None)  # noqa: S608
    by = written(label.name)
    order = "ASC" if aggregate == "MIN" else "DESC"
    return Analysis(
        f"SELECT {by}, {what} AS {name} FROM {source} "  # noqa: S608
        f"GROUP BY {by} ORDER BY {name} {order}, {by} LIMIT {max(1, min(limit, 100))}",
        what,
        label.name,
    )


def _mentions(asked: str, name: str) -> bool:
    spoken = name.casefold().replace("_", " ").strip()
    if not spoken:
        return False
    if re.search(r"[^\x00-\x7f]", spoken):
        return spoken in asked
    singular = re.escape(spoken.removesuffix("s"))
    return re.search(rf"(?<![a-z0-9]){singular}(?:s|es)?(?![a-z0-9])", asked) is not None
