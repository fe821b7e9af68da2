"""Where rows come from: VALUES, table functions, and what a SELECT says by position."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sqlglot import exp

from local_cortex.sql.errors import not_run, unknown_function
from local_cortex.sql.functions import ALIAS, duck, helper, integer, text

__all__ = ["register"]

SEQUENCE: Final = "_SEQ"  # the column of a GENERATOR that SEQ4() reads
TABLE_FUNCTIONS: Final = ("FLATTEN", "GENERATOR", "SPLIT_TO_TABLE", "STRTOK_SPLIT_TO_TABLE")


def register(
    before: dict[type, Callable[[Any], Any]],
    after: dict[type, Callable[[Any], Any]],
    rewrite: Callable[[Any], Any],
    rewrite_parts: Callable[..., None],
) -> None:
    """Add what is done to relations to the tables of :mod:`local_cortex.sql.expressions`."""

    def lateral(node: Any) -> Any:
        subquery = _table_function(node.this, rewrite, correlated=True)
        return exp.Lateral(this=subquery, alias=node.args.get("alias"))

    def table(node: Any) -> Any:
        within = isinstance(node.parent, exp.Join)
        subquery = _table_function(node.this, rewrite, correlated=within)
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_ROWS"))
        return exp.Lateral(this=subquery, alias=alias) if within else _aliased(subquery, alias)

    def select(node: Any) -> Any:
        _positions(node)
        _sequences(node)
        _aliases(node)
        rewrite_parts(node)
        return node

    before[exp.Lateral] = lateral
    before[exp.TableFromRows] = table
    before[exp.Select] = select
    after[exp.Values] = _values


def _aliased(subquery: Any, alias: Any) -> Any:
    subquery.set("alias", alias)
    return subquery


def _sources(select: Any) -> list[Any]:
    source = select.args.get("from_")
    joins = select.args.get("joins") or []
    return [one.this for one in ([source] if source else []) + joins]


def _positions(select: Any) -> None:
    """Name the columns that ``$1`` means, where the rows are VALUES."""
    sources = _sources(select)
    if not sources or not isinstance(sources[0], exp.Values):
        return
    names = _column_names(sources[0])
    for parameter in list(select.find_all(exp.Parameter)):
        at = integer(parameter.this)
        if (
            at is not None
            and 0 < at <= len(names)
            and parameter.find_ancestor(exp.Select) is select
        ):
            parameter.replace(exp.Column(this=names[at - 1].copy()))


def _aliases(select: Any) -> None:
    """Mark the columns that may be another projection's alias."""
    named = {
        one.alias.upper(): one
        for one in select.expressions
        if isinstance(one, exp.Alias)
        and not (isinstance(one.this, exp.Column) and one.this.name.upper() == one.alias.upper())
    }
    for column in select.find_all(exp.Column) if named else ():
        alias = named.get(column.name.upper())
        if alias is not None and not column.table and alias not in list(_ancestors(column)):
            column.meta[ALIAS] = True


def _ancestors(node: Any) -> Any:
    while node is not None:
        yield node
        node = node.parent


def _sequences(select: Any) -> None:
    for source in _sources(select):
        if isinstance(source, exp.TableFromRows) and source.this.name.upper() == "GENERATOR":
            for call in list(select.find_all(exp.Anonymous)):
                if re.fullmatch("SEQ[1248]", call.name.upper()):
                    call.replace(exp.column(SEQUENCE, quoted=True))
            return


def _column_names(values: Any) -> list[Any]:
    alias = values.args.get("alias")
    if alias is not None and alias.columns:
        return list(alias.columns)
    row = values.expressions[0]
    width = len(row.expressions) if isinstance(row, exp.Tuple) else 1
    return [exp.to_identifier(f"COLUMN{n + 1}", quoted=True) for n in range(width)]


def _values(values: Any) -> Any:
    if not isinstance(values.parent, (exp.From, exp.Join, exp.Subquery)):
        return values
    alias = values.args.get("alias") or exp.TableAlias(
        this=exp.to_identifier("VALUES", quoted=True)
    )
    alias.set("columns", _column_names(values))
    values.set("alias", alias)
    return values


def _table_function(call: Any, rewrite: Callable[[Any], Any], *, correlated: bool) -> Any:
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    named = {
        one.name.lower(): one.expression for one in call.expressions if isinstance(one, exp.Kwarg)
    }
    given = [one for one in call.expressions if not isinstance(one, exp.Kwarg)]
    if name == "FLATTEN":
        return _flatten(named, given, rewrite, correlated=correlated)
    if name == "GENERATOR":
        return _generator(named)
    if name == "SPLIT_TO_TABLE" and len(given) == 2:
        pieces = duck("string_split(main.sf_text(@0), @1)", *[rewrite(one) for one in given])
        return _query(
            'SELECT 1::HUGEINT AS "SEQ", i::HUGEINT AS "INDEX", p[i] AS "VALUE" '
            "FROM (SELECT p, UNNEST(RANGE(1, LEN(p) + 1)) AS i FROM (SELECT @0 AS p))",
            pieces,
        )
    if name in TABLE_FUNCTIONS:
        raise not_run(f"table function {name}", "Use FLATTEN(SPLIT(...)).")
    raise unknown_function(name or call.sql("snowflake")[:60], TABLE_FUNCTIONS)


def _query(sql: str, *arguments: Any) -> Any:
    return exp.Subquery(this=duck(sql, *arguments))


def _generator(named: dict[str, Any]) -> Any:
    count = integer(named.get("rowcount"))
    if count is None:
        raise not_run("GENERATOR without a constant ROWCOUNT", "Write GENERATOR(ROWCOUNT => 10).")
    return _query(f'SELECT range AS "{SEQUENCE}" FROM RANGE({count})')  # noqa: S608 (an int)


def _flatten(
    named: dict[str, Any], given: list[Any], rewrite: Callable[[Any], Any], *, correlated: bool
) -> Any:
    from local_cortex.sql import functions

    if strange := named.keys() - {"input", "path", "outer", "recursive", "mode"}:
        raise not_run(f"FLATTEN({strange.pop().upper()} => ...)", "It takes INPUT, PATH and OUTER.")
    if "path" in named and text(named["path"]) is None:
        raise not_run("FLATTEN with a computed PATH", "Write the path as text.")
    source = rewrite(named["input"] if "input" in named else given[0])
    prefix = text(named.get("path")) or ""
    if prefix:
        source = functions.write("GET_PATH", [source, exp.Literal.string(prefix)])
    value = functions.cast(source, "VARIANT")
    mode = (text(named.get("mode")) or "BOTH").upper()
    kept = {"ARRAY": '"KEY" IS NULL', "OBJECT": '"KEY" IS NOT NULL'}.get(mode, "TRUE")
    number = "(HASH(@0) % 1000000007)::HUGEINT" if correlated else "1::HUGEINT"
    if _is_true(named.get("recursive")):
        sql = f"""
            SELECT {number} AS "SEQ", CASE WHEN fullkey NOT LIKE '%]' THEN key END AS "KEY",
                @1 || LTRIM(fullkey[2:], '.') AS "PATH",
                CASE WHEN fullkey LIKE '%]' THEN key::HUGEINT END AS "INDEX",
                value::VARIANT AS "VALUE", @0 AS "THIS"
            FROM JSON_TREE(@0::JSON) WHERE parent IS NOT NULL AND {kept}"""  # noqa: S608 (constants)
        return _query(sql, value, exp.Literal.string(prefix))
    pairs = helper("pairs", value)
    if _is_true(named.get("outer")):
        pairs = duck("CASE WHEN COALESCE(LEN(@0), 0) = 0 THEN [NULL] ELSE @0 END", pairs)
    path = """CASE WHEN @2 = '' OR e."PATH" LIKE '[%' THEN @2 ELSE @2 || '.' END || e."PATH\""""
    sql = f"""
        SELECT {number} AS "SEQ", e."KEY" AS "KEY", {path} AS "PATH",
            e."INDEX" AS "INDEX", e."VALUE" AS "VALUE", @0 AS "THIS"
        FROM (SELECT UNNEST(@1) AS e) WHERE {kept.replace('"KEY"', 'e."KEY"')}"""  # noqa: S608 (constants)
    return _query(sql, value, pairs, exp.Literal.string(prefix))


def _is_true(node: Any) -> bool:
    return isinstance(node, exp.Boolean) and bool(node.this)
