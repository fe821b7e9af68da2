"""Statements about Cortex Agents and Cortex Search, which sqlglot doesn't know, as trees.

Clauses are those of Snowflake's documentation (November 2026).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from local_cortex.sql.sql_error import not_run
from local_cortex.sql.words import Words

AGENT, SEARCH = "AGENT", "CORTEX SEARCH SERVICE"
CLAUSES = "clauses"  # in the meta of a CREATE: what it says besides the name
# Clauses of a search service that set something: its field, or none where there is nothing to set.
OPTIONS = {
    "WAREHOUSE": "warehouse",
    "TARGET_LAG": "target_lag",
    "EMBEDDING_MODEL": "model",
    "COMMENT": "comment",
    "INITIALIZE": "",
    "REFRESH_MODE": "",
}


def cortex_tree(sql: str, tokens: Sequence[Any]) -> Any:
    """Return the tree of such a statement; ``None`` for any other."""
    words = Words(sql, tokens)
    verb = words.take()
    replace = verb == "CREATE" and words.skip("OR", "REPLACE")
    kind = next((one for one in (AGENT, SEARCH) if words.skip(*one.split())), None)
    # `DESCRIBE agent` is about a table, and so is `DESC agent.t`.
    if kind is None or not words or words.next == ".":
        return None
    match verb:
        case "CREATE":
            tree = _create(words, kind, replace=replace)
        case "DROP":
            exists = words.skip("IF", "EXISTS")
            tree = exp.Drop(this=_name(words), kind=kind, exists=exists)
        case "DESCRIBE" | "DESC":
            tree = exp.Describe(this=_name(words), kind=kind)
        case "ALTER" if kind == SEARCH:
            tree = exp.Alter(this=_name(words), kind=kind, actions=[])
            if not words.skip("REFRESH"):
                raise not_run(f"this form of ALTER {kind}", "It runs REFRESH.")
        case _:
            return None
    words.end()
    return tree


def _create(words: Words, kind: str, *, replace: bool) -> Any:
    exists = words.skip("IF", "NOT", "EXISTS")
    name = _name(words)
    given = _agent(words) if kind == AGENT else _search(words)
    comment = exp.SchemaCommentProperty(this=exp.Literal.string(given.pop("comment", "")))
    properties = exp.Properties(expressions=[comment])
    tree = exp.Create(this=name, kind=kind, replace=replace, exists=exists, properties=properties)
    tree.meta[CLAUSES] = given
    return tree


def _agent(words: Words) -> dict[str, Any]:
    given = {"profile": ""}
    while not words.skip("FROM", "SPECIFICATION"):
        option = "COMMENT" if words.next == "COMMENT" else "PROFILE"
        words.expect(option, "=")
        given[option.lower()] = words.text()
    return given | {"specification": words.text()}


def _search(words: Words) -> dict[str, Any]:
    if not words.skip("ON"):
        raise not_run(f"this form of CREATE {SEARCH}", "Name one search column with ON.")
    given: dict[str, Any] = {"column": words.take()}
    while not words.skip("AS"):
        if words.skip("ATTRIBUTES"):
            given["attributes"] = words.names()
        elif words.skip("PRIMARY KEY"):
            given["keys"] = words.names()
        else:
            option = words.next
            if option not in OPTIONS:
                words.wrong()
            words.expect(option, "=")
            value = words.take()
            if OPTIONS[option]:
                given[OPTIONS[option]] = value
    return given | {"definition": words.rest()}


def _name(words: Words) -> Any:
    parts = [exp.to_identifier(part, quoted=True) for part in reversed(words.name())]
    return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))
