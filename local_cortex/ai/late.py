"""For which rows a query asks models: those that its ORDER BY and LIMIT keep, if it has them.

DuckDB would ask for every row before it sorts, and for a whole chunk before it stops at a LIMIT.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

#: In the meta of a ``_cortex`` call: what it asks a model, or nothing.
ASKS: Final = "asks"
#: Among a call's arguments: how many TRUE answers the query takes.
KEEP: Final = "keep"
# Over a query of its own, which DuckDB does not look into for conditions that it may mix.
EVERYTHING: Final = "1000000000000"
# Parts of a query, or of a projection, that take more than the row they are about.
WHOLE_CLAUSES: Final = ("distinct", "group", "having", "qualify", "windows")
WHOLE: Final = (exp.AggFunc, exp.Window)


def late(tree: exp.Expression) -> exp.Expression:
    """Put what asks models around the query, in DuckDB's terms, that sorts and limits."""
    for select in reversed(list(tree.find_all(exp.Select))):
        around = _around(select)
        if around is not None and select is tree:
            tree = around
        _share(around or select)
    return tree


def _share(select: exp.Select) -> None:
    """Ask in the source for an answer that the query refers to by its alias: once, not again."""
    parts = [*select.expressions, *(select.args.get(one) for one in ("where", "order", "qualify"))]
    names = [_names(one) for one in parts if one is not None]
    shared = [
        one
        for one in select.expressions
        if isinstance(one, exp.Alias) and _asks(one) and one.alias not in _names(one)
        if any(one.alias in those for those in names)
    ]
    source = _source(select)
    if not shared or source is None or select.args.get("group") or any(map(_is_whole, shared)):
        return
    inner = exp.Select(expressions=[*_rows(source), *(one.copy() for one in shared)])
    for clause in ("from_", "joins"):
        inner.set(clause, select.args.pop(clause, None))
    answers = [exp.column(one.args["alias"].copy()) for one in shared]
    for star in filter(None, map(_star, select.expressions)):
        star.set("except_", [*(star.args.get("except_") or ()), *answers])
    for one, answer in zip(shared, answers, strict=True):
        one.replace(answer.copy())
    select.from_(_named(inner, source), copy=False)


def _star(node: exp.Expression) -> exp.Expression | None:
    """Return the star of a projection `*` or `t.*`."""
    node = node.this if isinstance(node, exp.Column) else node
    return node if isinstance(node, exp.Star) else None


def _around(select: exp.Select) -> exp.Select | None:
    projections, order = select.expressions, select.args.get("order")
    where = select.args.get("where")
    conditions = [] if where is None else _conditions(where.this)
    asking = [one for one in conditions if _asks(one)]
    keys = [] if order is None else order.expressions
    source = _source(select)
    if (
        not source
        or not select.args.get("limit")
        or not (asking or (keys and any(map(_asks, projections))))
        or any(select.args.get(one) for one in WHOLE_CLAUSES)
        or any(_is_whole(one) for one in [*projections, *keys])
    ):
        return None
    aliased = {one.alias: one.this for one in projections if isinstance(one, exp.Alias)}
    if any(_names(one) & aliased.keys() for one in conditions):
        return None
    meant = [_meant(key.this, projections, aliased) for key in keys]
    if any(one is None or _asks(one) for one in meant):
        return None
    for key, one in zip(keys, meant, strict=True):
        key.set("this", one)
    around = exp.Select()
    select.replace(around)
    around.set("with_", select.args.pop("with_", None))
    around.set("expressions", projections)
    if asking:
        for one in ("limit", "offset"):
            around.set(one, select.args.pop(one, None))
        _tell(asking, around)
        plain = [one for one in conditions if one not in asking]
        select.set("where", exp.Where(this=exp.and_(*plain)) if plain else None)
        select.limit(EVERYTHING, copy=False)
        around.where(*asking, copy=False)
    select.set("expressions", _rows(source))
    return around.from_(_named(select, source), copy=False)


def _rows(source: list[exp.Identifier]) -> list[exp.Expression]:
    """Select everything; a row of a joined table keeps its name, and `t.x` is a field of it."""
    rows = [exp.column(one.copy()) for one in source if len(source) > 1]
    return [exp.Star(), *rows] if source else []


def _named(inner: exp.Select, source: list[exp.Identifier]) -> exp.Expression:
    name = source[0].copy() if len(source) == 1 else exp.to_identifier("_late")
    return exp.alias_(inner.subquery(copy=False), name, table=True)


def _source(select: exp.Select) -> list[exp.Identifier] | None:
    """Return the names of the tables that a query reads, if each can be read from outside."""
    if select.args.get("laterals"):
        return None
    if not select.args.get("from_"):
        return []
    tables = [select.args["from_"].this, *(one.this for one in select.args.get("joins") or ())]
    names = [one.args.get("alias") or one.this for one in tables]
    names = [one.this if isinstance(one, exp.TableAlias) else one for one in names]
    columns = [one for item in select.expressions for one in item.find_all(exp.Column)]
    unreadable = not all(isinstance(one, exp.Identifier) for one in names)
    starred = len(tables) > 1 and any(map(_star, select.expressions))
    return None if unreadable or starred or any(one.args.get("db") for one in columns) else names


def _conditions(node: exp.Expression) -> list[exp.Expression]:
    node = node.unnest()
    parts = [node.left, node.right] if isinstance(node, exp.And) else []
    return [one for part in parts for one in _conditions(part)] or [node]


def _names(node: exp.Expression) -> set[str]:
    return {one.name for one in node.find_all(exp.Column) if not one.table}


def _asks(node: exp.Expression) -> bool:
    return any(one.meta.get(ASKS) for one in node.find_all(exp.Anonymous))


def _is_whole(node: exp.Expression) -> bool:
    return node.find(*WHOLE) is not None or any(
        one.name == "LIST" or one.meta.get("aggregate") for one in node.find_all(exp.Anonymous)
    )


def _meant(
    key: exp.Expression, projections: list[exp.Expression], aliased: Mapping[str, exp.Expression]
) -> exp.Expression | None:
    """Return what ORDER BY means by a position or an alias, in terms of the tables."""
    if isinstance(key, exp.Literal) and not key.is_string:
        before = projections[: int(key.this)]
        if len(before) < int(key.this) or any(map(_star, before)):
            return None
        key = before[-1].unalias()

    def named(node: exp.Expression) -> exp.Expression:
        known = isinstance(node, exp.Column) and not node.table and node.name in aliased
        return aliased[node.name].copy() if known else node

    once = key.copy().transform(named)
    # `a + 1 AS a` means the column of the table the second time, `a + 1 AS b, b AS c` does not.
    left = _names(once) & aliased.keys()
    return None if any(name != aliased[name].name for name in left) else once


def _tell(asking: list[exp.Expression], around: exp.Select) -> None:
    """Tell the one filter of a query how many rows the query takes."""
    counts = [around.args[one].expression for one in ("limit", "offset") if around.args.get(one)]
    asked = asking[0].this if isinstance(asking[0], exp.Cast) else asking[0]
    if len(asking) > 1 or asked.meta.get(ASKS) != "filter":
        return
    if all(isinstance(one, exp.Literal) for one in counts):
        count = exp.Literal.number(sum(int(one.this) for one in counts))
        asked.expressions[2].expressions.extend([exp.Literal.string(KEEP), count])
