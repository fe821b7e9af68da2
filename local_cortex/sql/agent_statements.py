"""CREATE, DROP and DESCRIBE AGENT, which sqlglot does not know, as trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from local_cortex.sql.errors import syntax_error

__all__ = ["agent_tree"]

STRINGS = frozenset({"STRING", "HEREDOC_STRING", "RAW_STRING"})


def agent_tree(sql: str, tokens: Sequence[Any]) -> Any:
    """Return the tree of such a statement; ``None`` for any other.

    Raises:
        SqlError: 001003, a syntax error.
    """
    words = [str(token.text).upper() for token in tokens[:5]]
    at = words.index("AGENT", 1) if "AGENT" in words[1:4] else 0
    # `DESCRIBE agent` is about a table, and so is `DESC agent.t`.
    if not at or words[at + 1 : at + 2] in ([], ["."]):
        return None
    rest = _Rest(sql, tokens[at + 1 :])
    match words[:at]:
        case ["CREATE"] | ["CREATE", "OR", "REPLACE"]:
            return _create(rest, replace=at > 1)
        case ["DROP"]:
            exists = rest.skip("IF", "EXISTS")
            tree = exp.Drop(this=rest.name(), kind="AGENT", exists=exists)
        case ["DESCRIBE"] | ["DESC"]:
            tree = exp.Describe(this=rest.name(), kind="AGENT")
        case _:
            return None
    rest.end()
    return tree


def _create(rest: _Rest, *, replace: bool) -> Any:
    exists = rest.skip("IF", "NOT", "EXISTS")
    given: dict[str, Any] = {"this": rest.name(), "profile": ""}
    properties = []
    while not rest.skip("FROM", "SPECIFICATION"):
        if rest.skip("COMMENT", "="):
            properties.append(exp.SchemaCommentProperty(this=exp.Literal.string(rest.text())))
        elif rest.skip("PROFILE", "="):
            given["profile"] = rest.text()
        else:
            rest.wrong()
    tree = exp.Create(
        this=given["this"],
        kind="AGENT",
        replace=replace,
        exists=exists,
        properties=exp.Properties(expressions=properties),
    )
    tree.meta.update(profile=given["profile"], specification=rest.text())
    rest.end()
    return tree


class _Rest:
    """The tokens that are left."""

    def __init__(self, sql: str, tokens: Sequence[Any]) -> None:
        self._sql, self._tokens = sql, list(tokens)

    def skip(self, *words: str) -> bool:
        """Take these words, if they come next."""
        found = [str(token.text).upper() for token in self._tokens[: len(words)]]
        if found != [*words]:
            return False
        del self._tokens[: len(words)]
        return True

    def name(self) -> Any:
        """Take a dotted name."""
        parts = [self._identifier()]
        while self.skip("."):
            parts.append(self._identifier())
        return exp.Table(**dict(zip(("this", "db", "catalog"), parts[::-1], strict=False)))

    def _identifier(self) -> Any:
        if not self._tokens or self._tokens[0].token_type.name in STRINGS:
            self.wrong()
        token = self._tokens.pop(0)
        return exp.to_identifier(token.text, quoted=token.token_type.name == "IDENTIFIER")

    def text(self) -> str:
        """Take a text."""
        if not self._tokens or self._tokens[0].token_type.name not in STRINGS:
            self.wrong()
        return str(self._tokens.pop(0).text)

    def end(self) -> None:
        """Refuse what is left."""
        if self._tokens:
            self.wrong()

    def wrong(self) -> None:
        """Refuse the next token."""
        token = self._tokens[0] if self._tokens else None
        where, found = (token.start, str(token.text)) if token else (len(self._sql), "<EOF>")
        raise syntax_error(self._sql, where, found[:50])
