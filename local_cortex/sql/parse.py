"""From the text of a statement to its syntax tree, by sqlglot's Snowflake parser."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any, Final

from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.tokens import Token, TokenType

from local_cortex.dialect.expressions import Calls
from local_cortex.sql.bounds import MAX_DEPTH, MAX_NESTING, MAX_NODES, MAX_SQL_CHARS
from local_cortex.sql.cortex_statements import cortex_tree
from local_cortex.sql.names import MARK, identifier
from local_cortex.sql.sql_error import SqlError, compile_error, not_run, syntax_error, too_large

SPAN: Final = "span"  # where a projection stands in the text: an unnamed column is called by it
DIALECT: Final = Calls()
# Possessive: backtracking through a text full of comments would never end.
UNQUOTED_PATH = re.compile(
    r"^((?:\s++|--[^\n]*+\n|/\*(?:[^*]|\*(?!/))*+\*/)*+(?:PUT|GET)\s.*?)(?<!')(file://[^\s';]+)",
    re.IGNORECASE | re.DOTALL,
)
OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
# Read from their tokens: sqlglot takes them for commands, or for something else.
WORD_COMMANDS = frozenset(
    {"CALL", "DECLARE", "EXECUTE", "EXPLAIN", "GRANT", "REVOKE", "SHOW", "UNSET"}
)
# What follows the BEGIN of a transaction; anything else is a block of Snowflake Scripting.
TRANSACTIONS: tuple[list[str], ...] = ([], [";"], ["TRANSACTION"], ["WORK"], ["NAME"])
# What CREATE, ALTER and DROP may say before what they are about.
MODIFIERS = frozenset({"OR", "REPLACE", "TEMP", "TEMPORARY", "TRANSIENT", "SECURE"})
# The first words of kinds that have two.
QUALIFIERS = frozenset({"API", "CORTEX", "DYNAMIC", "EXTERNAL", "FILE", "GIT", "MASKING", "ROW"})


@dataclass(frozen=True, slots=True)
class Parsed:
    """One statement: its text, its tokens, and (not for SHOW and the like) its tree."""

    sql: str
    tokens: tuple[Token, ...]
    tree: Any

    @property
    def words(self) -> list[str]:
        """Its first words, in capitals."""
        return [str(token.text).upper() for token in self.tokens[:8]]

    @property
    def kind(self) -> str:
        """What it does to what, as in CREATE CORTEX SEARCH, in capitals."""
        words = [word for word in self.words if word not in MODIFIERS]
        return " ".join(words[: 3 if QUALIFIERS & set(words[1:2]) else 2])


class _LocatedError(ParseError):  # type: ignore[misc]
    token: Token | None = None  # None for the end of the text


class _Parser(Calls.Parser):  # type: ignore[misc, valid-type]
    check: Callable[[], None]
    # The number of each ``?`` by where it stands: the parser may read one twice.
    ordinals: dict[int, str]

    def _advance(self, times: int = 1) -> None:
        self.check()
        super()._advance(times)

    def raise_error(self, message: str, token: Token | None = None) -> None:
        error = _LocatedError(message)
        error.token = token or self._curr or None
        raise error

    def _warn_unsupported(self) -> None:
        """Don't warn: what becomes a command is answered by its words, or refused by name."""

    def _parse_projections(self) -> tuple[list[Any], Any]:
        projections, *rest = super()._parse_projections()
        if not projections:
            self.raise_error("nothing is selected")
        return (projections, *rest)

    def _parse_expression(self) -> Any:
        first = self._curr
        node = super()._parse_expression()
        if node is not None and first:
            node.meta[SPAN] = (first.start, self._prev.end + 1)
        return node


_Parser.PLACEHOLDER_PARSERS = {
    **Calls.Parser.PLACEHOLDER_PARSERS,
    TokenType.PLACEHOLDER: lambda self: exp.Placeholder(this=self.ordinals[self._prev.start]),
}


def parse(sql: str, check: Callable[[], None] = lambda: None) -> Parsed:
    """Parse the one statement of a query request, calling ``check`` at every token."""
    if len(sql) > MAX_SQL_CHARS:
        raise too_large(f"A statement of {len(sql):,} characters", MAX_SQL_CHARS, "Use binds.")
    # Halves of surrogate pairs, which JSON can carry and UTF-8 cannot.
    sql = sql.encode("utf-8", "replace").decode()
    # The /* of a pattern would begin a comment, and sqlglot reads GET only with quotes.
    sql = UNQUOTED_PATH.sub(r"\1'\2'", sql)
    tokens = _condition_first(_tokens(sql))
    if len(tokens) > MAX_NODES:
        raise too_large("The words of a statement", MAX_NODES, "Use binds.")
    steps = ((one.token_type in OPENING) - (one.token_type in CLOSING) for one in tokens)
    if max(accumulate(steps)) > MAX_NESTING:
        raise too_large("Brackets within brackets", MAX_NESTING, "Nest them less deeply.")
    parsed = Parsed(sql, tokens, None)
    if parsed.words[0] in WORD_COMMANDS:
        return parsed
    if [str(token.text).upper() for token in tokens[:2]] == ["COPY", "FILES"]:
        raise not_run("COPY FILES", "Use GET and PUT.")
    return Parsed(sql, tokens, cortex_tree(sql, tokens) or _tree(sql, tokens, check))


def _tokens(sql: str) -> tuple[Token, ...]:
    try:
        tokens = DIALECT.tokenize(sql)
    except TokenError:
        raise syntax_error(sql, len(sql), "<EOF>") from None
    words = [str(token.text).upper() for token in tokens[:2]]
    if words[:1] == ["DECLARE"] or (words[:1] == ["BEGIN"] and words[1:] not in TRANSACTIONS):
        raise not_run("BEGIN ... END", "Send the statements of a block one by one.")
    if any(token.token_type == TokenType.DARROW for token in tokens):
        after = "the second reads TABLE(RESULT_SCAN(LAST_QUERY_ID()))."
        raise not_run("->>", f"Send the statements one by one: {after}")
    groups = groupby(tokens, lambda token: token.token_type == TokenType.SEMICOLON)
    statements = [tuple(group) for ends, group in groups if not ends]
    if not statements:
        raise compile_error("Empty SQL statement.", "000900", "42601")
    if len(statements) > 1:
        counts = f"Actual statement count {len(statements)} did not match the desired statement"
        raise SqlError(f"{counts} count 1.", code="000008", sqlstate="0A000")
    return statements[0]


def _condition_first(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    # Snowpark writes `CREATE TABLE name IF NOT EXISTS (...)`, which only Snowflake understands.
    words = [str(token.text).upper() for token in tokens[:20]]
    kind = next((word for word in ("TABLE", "STAGE", "SCHEMA") if word in words), "")
    if words[0] != "CREATE" or not kind or "IF" not in words:
        return tokens
    after, condition = words.index(kind) + 1, words.index("IF")
    if words[condition : condition + 3] != ["IF", "NOT", "EXISTS"] or condition < after:
        return tokens
    moved, name = tokens[condition : condition + 3], tokens[after:condition]
    return (*tokens[:after], *moved, *name, *tokens[condition + 3 :])


def _tree(sql: str, tokens: tuple[Token, ...], check: Callable[[], None]) -> Any:
    parser = _Parser(error_level=ErrorLevel.IMMEDIATE, dialect=DIALECT, max_nodes=MAX_NODES)
    parser.check = check
    marks = (token.start for token in tokens if token.token_type == TokenType.PLACEHOLDER)
    parser.ordinals = {start: str(number) for number, start in enumerate(marks, start=1)}
    try:
        tree = parser.parse(list(tokens), sql)[0]
    except _LocatedError as error:
        if "Maximum number of AST nodes" in str(error):
            raise too_large("The syntax nodes of a statement", MAX_NODES, "Use binds.") from None
        # A word that begins no statement is read as an expression: the fault is that word.
        token = tokens[0] if tokens[0].token_type == TokenType.VAR else error.token
        where, found = (token.start, token.text) if token is not None else (len(sql), "<EOF>")
        raise syntax_error(sql, where, str(found)) from None
    except RecursionError:
        raise too_large("Nesting", MAX_DEPTH, "Nest the statement less deeply.") from None
    except (ParseError, ValueError, KeyError, AttributeError, TypeError, IndexError) as error:
        # The parser was built for well-formed SQL; on other text it may fail in other ways.
        raise syntax_error(sql, 0, str(tokens[0].text)) from error
    if _depth(tree, check) > MAX_DEPTH:
        raise too_large("Operators within operators", MAX_DEPTH, "Nest them less deeply.")
    return tree


def _depth(tree: Any, check: Callable[[], None]) -> int:
    deepest, pending = 0, [(tree, 1)]
    while pending:
        check()
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        # Unions stand in one another on the left; DuckDB walks hundreds of them.
        further = 0 if isinstance(node, exp.SetOperation) else 1
        pending += [(child, depth + further) for child in node.iter_expressions()]
    return deepest


def result_name(node: Any, sql: str) -> str:
    """Return a result column's name: its alias, the column it is, or its text in capitals."""
    if isinstance(node, exp.Alias):
        return identifier(node.args["alias"])
    if isinstance(node, exp.Column):
        return identifier(node.this)
    span = node.meta.get(SPAN)
    text = sql[span[0] : span[1]] if span else str(node.sql("snowflake"))
    return text.upper().replace(MARK, " ")
