"""The words of a statement that sqlglot doesn't know, taken one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from sqlglot.tokens import Token, TokenType

from local_cortex.sql.sql_error import syntax_error

STRINGS = frozenset({TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.RAW_STRING})
QUOTED = STRINGS | {TokenType.IDENTIFIER}


class Words:
    """What is left of a statement; what doesn't come as asked for is a syntax error (001003)."""

    def __init__(self, sql: str, tokens: Sequence[Token]) -> None:
        self._sql, self._left = sql, list(tokens)

    def __bool__(self) -> bool:
        return bool(self._left)

    @property
    def next(self) -> str:
        """The next word in capitals; nothing before a quoted name or a text, and at the end."""
        return self._word(self._left[0]) if self._left else ""

    def skip(self, *words: str) -> bool:
        """Take these words if they are next; return whether they were."""
        found = [self._word(token) for token in self._left[: len(words)]] == [*words]
        if found:
            del self._left[: len(words)]
        return found

    def expect(self, *words: str) -> None:
        """Take these words."""
        if not self.skip(*words):
            self.wrong()

    def take(self) -> str:
        """Take the next word in capitals, or a quoted name or a text as it is."""
        if not self._left:
            self.wrong()
        token = self._left.pop(0)
        return str(token.text) if token.token_type in QUOTED else str(token.text).upper()

    def text(self) -> str:
        """Take a text."""
        if not self._left or self._left[0].token_type not in STRINGS:
            self.wrong()
        return self.take()

    def name(self) -> list[str]:
        """Take a dotted name; its parts are as Snowflake keeps them."""
        parts: list[str] = []
        while not parts or self.skip("."):
            if self._left and self._left[0].token_type in STRINGS:
                self.wrong()
            parts.append(self.take())
        return parts

    def names(self) -> tuple[str, ...]:
        """Take names with commas between them, in brackets or not."""
        brackets = self.skip("(")
        found = [self.take()]
        while self.skip(","):
            found.append(self.take())
        if brackets:
            self.expect(")")
        return tuple(found)

    def rest(self) -> str:
        """Take everything, as it was written."""
        if not self._left:
            self.wrong()
        text = self._sql[self._left[0].start : self._left[-1].end + 1]
        self._left.clear()
        return text

    def end(self) -> None:
        """Refuse what is left."""
        if self._left:
            self.wrong()

    def wrong(self) -> NoReturn:
        """Refuse the next word."""
        token = self._left[0] if self._left else None
        where, found = (token.start, str(token.text)) if token else (len(self._sql), "<EOF>")
        raise syntax_error(self._sql, where, found[:50])

    def _word(self, token: Token) -> str:
        # PRIMARY KEY is one token, with whatever stands between.
        return "" if token.token_type in QUOTED else " ".join(str(token.text).upper().split())
