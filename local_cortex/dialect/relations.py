"""Where rows come from: VALUES, table functions, and what a SELECT says by position."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect import functions
from local_cortex.dialect.building import ALIAS, Rewrite, cast, duck, helper, integer
from local_cortex.sql.sql_error import not_run, too_large, unknown_function

MAX_GENERATED: Final = 10_000_000  # rows of one GENERATOR
TABLE_FUNCTIONS: Final = ("FLATTEN", "GENERATOR", "SPLIT_TO_TABLE", "STRTOK_SPLIT_TO_TABLE")
SPLIT: Final = """
SELECT {seq} AS "SEQ", i::HUGEINT AS "INDEX", p[i]::VARCHAR AS "VALUE"
FROM (SELECT p, UNNEST(RANGE(1, LEN(p) + 1)) AS i FROM (SELECT @0 AS p))"""
FLATTEN: Final = """
SELECT {seq} AS "SEQ", e."KEY" AS "KEY",
    CASE WHEN @2 = '' OR e."PATH" LIKE '[%' THEN @2 ELSE @2 || '.' END || e."PATH" AS "PATH",
    e."INDEX" AS "INDEX", e."VALUE" AS "VALUE", @0 AS "THIS"
FROM (SELECT UNNEST(@1) AS e)"""


def prepare(select: Any) -> None:
    """Resolve ``$1``, ``SEQ4()`` and the aliases of a SELECT before it is rewritten."""
    sources = [one.this for one in (select.args.get("from_"), *select.args.get("joins", ())) if one]
    if sources and isinstance(sources[0], exp.Values):
        names = _column_names(sources[0])
        for parameter in _own(select, exp.Parameter):
            at = integer(parameter.this)
            if at is not None and 0 < at <= len(names):
                parameter.replace(exp.Column(this=names[at - 1].copy()))
    generators = [one for one in sources if isinstance(one, exp.TableFromRows)]
    if any(one.this.name.upper() == "GENERATOR" for one in generators[:1]):
        for call in _own(select, exp.Anonymous):
            if re.fullmatch("SEQ[1248]", call.name.upper()):
                call.replace(exp.column("_SEQ", table=_alias(generators[0]).this.copy()))
    aliases = {one.alias: one for one in select.expressions if isinstance(one, exp.Alias)}
    for column in select.find_all(exp.Column) if aliases else ():
        alias = aliases.get(column.name)
        if alias is not None and alias.this is not column and not column.table:
            own = isinstance(alias.this, exp.Column) and alias.this.name == alias.alias
            if not own and column.find_ancestor(exp.Alias) is not alias:
                column.meta[ALIAS] = True  # which may be that projection's


def _own(select: Any, kind: type) -> list[Any]:
    found = select.find_all(kind)
    return [one for one in found if one.find_ancestor(exp.Select) is select]


def _alias(node: Any) -> Any:
    if not node.args.get("alias"):
        node.set("alias", exp.TableAlias(this=exp.to_identifier(f"_ROWS{id(node)}", quoted=True)))
    return node.args["alias"]


def _column_names(rows: Any) -> list[Any]:
    alias = rows.args.get("alias")
    if alias is not None and alias.columns:
        return list(alias.columns)
    row = rows.expressions[0]
    width = len(row.expressions) if isinstance(row, exp.Tuple) else 1
    return [exp.to_identifier(f"COLUMN{n + 1}", quoted=True) for n in range(width)]


def values(node: Any) -> Any:
    """Name the columns of VALUES as Snowflake does."""
    if isinstance(node.parent, (exp.From, exp.Join, exp.Subquery)):
        name = exp.to_identifier("VALUES", quoted=True)
        alias = node.args.get("alias") or exp.TableAlias(this=name)
        alias.set("columns", _column_names(node))
        node.set("alias", alias)
    return node


def table_function(node: Any, rewrite: Rewrite) -> Any:
    """Return the query that LATERAL FLATTEN(...), TABLE(GENERATOR(...)) and the like stand for."""
    lateral = isinstance(node, exp.Lateral) or isinstance(node.parent, exp.Join)
    call, alias = node.this, _alias(node)
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    named, given = {}, []
    for one in call.expressions:
        if isinstance(one, exp.Kwarg):
            named[one.name.lower()] = one.expression
        else:
            given.append(one)
    if name == "GENERATOR":
        found = _generator(named)
    elif name == "FLATTEN":
        found = _flatten(named, given, rewrite, lateral)
    elif name in TABLE_FUNCTIONS:
        value, *more = [rewrite(one) for one in given]
        split = helper("SPLIT" if name.startswith("SPLIT") else "STRTOK_TO_ARRAY", value, *more)
        found = duck(SPLIT.format(seq=_seq(lateral)), split)
    else:
        raise unknown_function(name or call.sql("snowflake")[:60], TABLE_FUNCTIONS)
    query = exp.Subquery(this=found)
    if lateral:
        return exp.Lateral(this=query, alias=alias)
    query.set("alias", alias)
    return query


def _seq(lateral: bool) -> str:
    return "(HASH(@0) % 1000000007)::HUGEINT" if lateral else "1::HUGEINT"


def _generator(named: dict[str, Any]) -> Any:
    count = integer(named.get("rowcount"))
    if count is None:
        raise not_run("GENERATOR without a constant ROWCOUNT", "Write GENERATOR(ROWCOUNT => 10).")
    if count > MAX_GENERATED:
        raise too_large(f"GENERATOR of {count:,} rows", MAX_GENERATED, "Generate fewer.")
    return duck(f'SELECT range AS "_SEQ" FROM RANGE({count})')  # noqa: S608 (an int)


def _flatten(named: dict[str, Any], given: list[Any], rewrite: Rewrite, lateral: bool) -> Any:
    if strange := named.keys() - {"input", "path", "outer"}:
        raise not_run(f"FLATTEN({strange.pop().upper()} => ...)", "It takes INPUT, PATH and OUTER.")
    prefix = named.get("path") or exp.Literal.string("")
    source = rewrite(named["input"] if "input" in named else given[0])
    source = cast(functions.write("GET_PATH", [source, prefix]), "VARIANT")
    pairs = helper("pairs", source)
    if named.get("outer") == exp.true():
        pairs = duck("CASE WHEN COALESCE(LEN(@0), 0) = 0 THEN [NULL] ELSE @0 END", pairs)
    return duck(FLATTEN.format(seq=_seq(lateral)), source, pairs, prefix)
