"""CREATE, DROP and DESCRIBE AGENT, which sqlglot does not know, as trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from local_cortex.sql.words import Words


def agent_tree(sql: str, tokens: Sequence[Any]) -> Any:
    """Return the tree of such a statement; ``None`` for any other."""
    words = [str(token.text).upper() for token in tokens[:5]]
    at = words.index("AGENT", 1) if "AGENT" in words[1:4] else 0
    # `DESCRIBE agent` is about a table, and so is `DESC agent.t`.
    if not at or words[at + 1 : at + 2] in ([], ["."]):
        return None
    rest = Words(sql, tokens[at + 1 :])
    match words[:at]:
        case ["CREATE"] | ["CREATE", "OR", "REPLACE"]:
            tree = _create(rest, replace=at > 1)
        case ["DROP"]:
            exists = rest.skip("IF", "EXISTS")
            tree = exp.Drop(this=_name(rest), kind="AGENT", exists=exists)
        case ["DESCRIBE"] | ["DESC"]:
            tree = exp.Describe(this=_name(rest), kind="AGENT")
        case _:
            return None
    rest.end()
    return tree


def _create(rest: Words, *, replace: bool) -> Any:
    exists = rest.skip("IF", "NOT", "EXISTS")
    name, profile = _name(rest), ""
    properties = []
    while not rest.skip("FROM", "SPECIFICATION"):
        if rest.skip("COMMENT", "="):
            properties.append(exp.SchemaCommentProperty(this=exp.Literal.string(rest.text())))
        else:
            rest.expect("PROFILE", "=")
            profile = rest.text()
    tree = exp.Create(
        this=name,
        kind="AGENT",
        replace=replace,
        exists=exists,
        properties=exp.Properties(expressions=properties),
    )
    tree.meta.update(profile=profile, specification=rest.text())
    return tree


def _name(rest: Words) -> Any:
    parts = [exp.to_identifier(part, quoted=True) for part in reversed(rest.name())]
    return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))
