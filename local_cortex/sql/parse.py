"""From the text of a statement to its syntax tree, by sqlglot's Snowflake parser.

Function calls are kept as they are written instead of being turned into sqlglot's portable nodes:
messages then name the function that the learner wrote, and nothing is reinterpreted on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.parsers.snowflake import SnowflakeParser
from sqlglot.tokens import Token, TokenType

from .allowance import check
from .errors import SqlError, syntax_error, too_large
from .limits import MAX_NESTING, MAX_NODES, MAX_SQL_CHARS
from .values import clean_text

__all__ = ["SPAN", "Parsed", "parse", "snowflake_has_function"]

SPAN: Final = "span"  # where a projection stands in the text: an unnamed column is called by it
DIALECT: Final = Snowflake()
OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}


@dataclass(frozen=True, slots=True)
class Parsed:
    """One statement: its text, its tokens, and (not for SHOW and the like) its tree.

    ``ordinals`` numbers the ``?`` from 1 by where they stand.
    """

    sql: str
    tokens: tuple[Token, ...]
    tree: Any
    ordinals: dict[int, int] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The first word, in capitals."""
        return str(self.tokens[0].text).upper()


# Statements of a few fixed words, which are read from their tokens.
WORD_COMMANDS = frozenset(
    {"SHOW", "CALL", "EXPLAIN", "PUT", "GET", "LIST", "LS", "REMOVE", "UNSET"}
)


class _LocatedError(ParseError):  # type: ignore[misc]
    """A parse error that knows its token; ``None`` for the end of the text."""

    def __init__(self, message: str, token: Token | None) -> None:
        super().__init__(message)
        self.token = token


class _Parser(SnowflakeParser):  # type: ignore[misc]
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    NO_PAREN_FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: SnowflakeParser.FUNCTION_PARSERS[name] for name in ("CAST", "TRY_CAST")
    }

    def _advance(self, times: int = 1) -> None:
        check()
        super()._advance(times)

    def raise_error(self, message: str, token: Token | None = None) -> None:
        raise _LocatedError(message, token or self._curr or None)

    def _parse_projections(self) -> tuple[list[Any], None]:
        projections = self._parse_csv(self._parse_projection)
        if not projections:
            self.raise_error("nothing is selected")
        return projections, None

    def _parse_projection(self) -> Any:
        first = self._curr
        node = self._parse_expression()
        if node is not None and first:
            node.meta[SPAN] = (first.start, self._prev.end + 1)
        return node


_Parser.PLACEHOLDER_PARSERS = {
    **SnowflakeParser.PLACEHOLDER_PARSERS,
    TokenType.PLACEHOLDER: lambda self: exp.Placeholder(start=self._prev.start),
}


def snowflake_has_function(name: str) -> bool:
    """Tell whether Snowflake has a function of this name, as far as sqlglot knows."""
    return name in SnowflakeParser.FUNCTIONS or name in SnowflakeParser.FUNCTION_PARSERS


def parse(sql: str) -> Parsed:
    """Parse the one statement of a query request.

    Raises:
        SqlError: 001003 for a syntax error, 000008 for several statements, 000900 for none, 000002
            for text, nesting or a number of nodes beyond the limits.
    """
    if len(sql) > MAX_SQL_CHARS:
        raise too_large(f"A statement of {len(sql):,} characters", MAX_SQL_CHARS, "Use binds.")
    sql = clean_text(sql)
    tokens = _condition_first(_tokens(sql))
    marks = [token.start for token in tokens if token.token_type == TokenType.PLACEHOLDER]
    ordinals = {start: number for number, start in enumerate(marks, start=1)}
    depth = _nesting(tokens)
    if depth > MAX_NESTING:
        raise too_large("Brackets within brackets", MAX_NESTING, "Nest them less deeply.")
    if str(tokens[0].text).upper() in WORD_COMMANDS:
        return Parsed(sql, tokens, None, ordinals)
    return Parsed(sql, tokens, _tree(sql, tokens), ordinals)


def _tokens(sql: str) -> tuple[Token, ...]:
    try:
        tokens = DIALECT.tokenize(sql)
    except TokenError:
        raise syntax_error(sql, len(sql), "<EOF>") from None
    statements = _split(tokens)
    if not statements:
        message = "SQL compilation error:\nEmpty SQL statement."
        raise SqlError(message, code="000900", sqlstate="42601")
    if len(statements) > 1:
        raise SqlError(
            f"Actual statement count {len(statements)} did not match the desired "
            "statement count 1.",
            code="000008",
            sqlstate="0A000",
        )
    return statements[0]


def _split(tokens: list[Token]) -> list[tuple[Token, ...]]:
    statements: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            statements.append([])
        else:
            statements[-1].append(token)
    return [tuple(statement) for statement in statements if statement]


def _condition_first(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    # Snowpark writes `CREATE TABLE name IF NOT EXISTS (...)`, which only Snowflake understands.
    words = [str(token.text).upper() for token in tokens[:20]]
    if words[0] != "CREATE" or "TABLE" not in words or "IF" not in words:
        return tokens
    table, condition = words.index("TABLE") + 1, words.index("IF")
    if words[condition : condition + 3] != ["IF", "NOT", "EXISTS"] or condition < table:
        return tokens
    moved, name = tokens[condition : condition + 3], tokens[table:condition]
    return (*tokens[:table], *moved, *name, *tokens[condition + 3 :])


def _nesting(tokens: tuple[Token, ...]) -> int:
    depth = deepest = 0
    for token in tokens:
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        deepest = max(deepest, depth)
    return deepest


def _tree(sql: str, tokens: tuple[Token, ...]) -> Any:
    parser = _Parser(error_level=ErrorLevel.IMMEDIATE, dialect=DIALECT, max_nodes=MAX_NODES)
    try:
        return parser.parse(list(tokens), sql)[0]
    except _LocatedError as error:
        if "Maximum number of AST nodes" in str(error):
            raise too_large("The syntax nodes of a statement", MAX_NODES, "Use binds.") from None
        # A word that begins no statement is read as an expression: the fault is that word.
        token = tokens[0] if tokens[0].token_type == TokenType.VAR else error.token
        where, found = (token.start, token.text) if token is not None else (len(sql), "<EOF>")
        raise syntax_error(sql, where, str(found)) from None
    except RecursionError:
        raise too_large("Nesting", MAX_NESTING, "Nest the statement less deeply.") from None
    except (ParseError, ValueError, KeyError, AttributeError, TypeError, IndexError) as error:
        # The parser was built for well-formed SQL; on other text it may fail in other ways.
        raise syntax_error(sql, 0, str(tokens[0].text)) from error
