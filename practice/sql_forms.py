"""The statements that a program may run: those of the course's days, and how learners miss them.

A statement is read here, strictly, and written again. A service never sees the program's own text,
but a function of ``FUNCTIONS`` with its constants, and each string as a bound value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from practice.sandbox.answers import Refused, SqlError

__all__ = ["FUNCTIONS", "Statement", "read"]

#: What asks a model. Without its schema ``COMPLETE`` is unknown, which Snowflake itself says.
FUNCTIONS = frozenset({"AI_COMPLETE", "SNOWFLAKE.CORTEX.COMPLETE", "COMPLETE"})
VERSION = "CURRENT_VERSION"
NAMED = (
    *("model", "prompt", "model_parameters", "response_format"),
    *("show_details", "return_error_details"),
)
# What Snowpark makes of session.range(1).select(...): one row.
ONE_ROW = (
    " FROM ( SELECT ( ROW_NUMBER()  OVER ( ORDER BY  SEQ8() ) -  1 ) * (1) + (0) AS id "
    "FROM ( TABLE (GENERATOR(ROWCOUNT => 1))))"
)
MOST_ARGUMENTS = 10
# How deep a constant's lists and objects may be in each other; a response format needs some five.
DEEPEST = 10

SPACE = re.compile(r"[ \t\r\n]*")
PATH = re.compile(
    r"[a-z_][a-z0-9_$]*(?:[ ]?\.[ ]?[a-z_][a-z0-9_$]*){0,2}", re.ASCII | re.IGNORECASE
)
NAME = re.compile(r"[a-z_][a-z0-9_$]*", re.ASCII | re.IGNORECASE)
ALIAS = re.compile(r'[a-z_][a-z0-9_$]{0,99}|"[^"\x00-\x1f]{1,100}"', re.ASCII | re.IGNORECASE)
STRING = re.compile(r"'((?:[^'\\]|''|\\.)*+)'(?!')", re.DOTALL)
DOLLARS = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?(?:e-?\d{1,3})?(?![\w.])", re.ASCII | re.IGNORECASE)
BIND = re.compile(r"\?|:(\d{1,2})(?!\d)", re.ASCII)
IDENTIFIER = re.compile(r'[a-z_][a-z0-9_$]*|"[^"]*"', re.ASCII | re.IGNORECASE)
# What goes on with an expression, which is SQL, though none that may be run here.
OPERATOR = re.compile(r"[|+\-*/%=<>!:]")
TOKEN = re.compile(r"\w+|\S", re.DOTALL)
ESCAPED = re.compile(r"''|\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
CONSTANTS = ("null", "true", "false")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it is run.

    Args:
        text: the SQL.
        params: its bound values.
        model: which model it asks, once; ``None`` if it asks none.
        prompt: everything that the model reads.
    """

    text: str
    params: list[Any]
    model: str | None = None
    prompt: str = ""


def read(query: str, params: Sequence[Any] | None) -> Statement:
    """Read a program's statement; the time that this takes grows with its length.

    Raises:
        Refused: ``statement``; it has none of the forms that may be run here.
        SqlError: it was meant to, but Snowflake would not understand it.
    """
    return _Reader(query.strip().removesuffix(";").removesuffix(ONE_ROW), params or ()).statement()


class _Reader:
    def __init__(self, text: str, params: Sequence[Any]) -> None:
        self._text = text
        self._at = 0
        self._params = params
        self._questions = 0
        self._bound: list[Any] = []

    def statement(self) -> Statement:
        if (self._take(NAME) or "").upper() != "SELECT":
            raise Refused("statement")
        path = re.sub(r"\s", "", self._take(PATH) or "")
        asks = path.upper() in FUNCTIONS
        if not (asks or path.upper() == VERSION) or not self._skip("("):
            raise Refused("statement")
        arguments = self._arguments() if asks else []
        if not asks and not self._skip(")"):
            raise Refused("statement")
        text = f"SELECT {path}({', '.join(written for _, written, _ in arguments)}){self._alias()}"
        left = list(self._params[self._questions :])
        model, prompt = _asked(arguments)
        return Statement(text, [*self._bound, *left], model, prompt)

    def _arguments(self) -> list[_Argument]:
        found: list[_Argument] = []
        while not self._skip(")"):
            if found and not self._skip(","):
                self._unexpected()
            name = self._argument_name()
            if len(found) == MOST_ARGUMENTS or (name and name in [each[0] for each in found]):
                raise Refused("statement")
            written, value = self._value()
            found.append((name, f"{name} => {written}" if name else written, value))
        return found

    def _argument_name(self) -> str:
        begun = self._at
        name = (self._take(NAME) or "").lower()
        if name and self._skip("=>"):
            if name not in NAMED:
                raise Refused("statement")
            return name
        self._at = begun
        return ""

    def _value(self) -> tuple[str, Any]:
        """Return an argument as it is written, and what it is."""
        begun = self._at
        bind = self._match(BIND)
        if bind is not None:
            return "?", self._bind(int(bind[1]) if bind[1] else None)
        value = self._constant(0)
        if value is not None:
            if isinstance(value[1], str):
                self._bound.append(value[1])
                return "?", value[1]
            return value
        name = self._take(IDENTIFIER)
        if self._skip("("):
            raise Refused("statement")
        if name is None:
            self._unexpected()
        if not self._at_the_end_of_a_value():
            self._broken()
        self._at = begun
        self._take(SPACE)
        name = name[1:-1] if name[0] == '"' else name.upper()
        raise SqlError(
            f"SQL compilation error: error {self._place()}\ninvalid identifier '{name}'", 904, ""
        )

    def _bind(self, number: int | None) -> Any:
        if number is None:
            self._questions += 1
            number = self._questions
        if not 1 <= number <= len(self._params):
            raise SqlError(f"SQL compilation error:\nBind variable ?{number} not set.", 2049, "")
        self._questions = max(self._questions, number)
        value = self._params[number - 1]
        if isinstance(value, list | dict):
            raise SqlError("Array bind currently not supported for this query type", 2099, "")
        self._bound.append(value)
        return value

    def _constant(self, depth: int) -> tuple[str, Any] | None:
        """Return a constant as it is written and what it is; ``None`` if there is none."""
        if depth > DEEPEST:
            raise Refused("statement")
        if (string := self._match(STRING)) is not None:
            value = ESCAPED.sub(_unescaped, string[1])
            return _quoted(value), value
        if (string := self._match(DOLLARS)) is not None:
            return _quoted(string[1]), string[1]
        if (number := self._take(NUMBER)) is not None:
            return number, float(number)
        if self._skip("["):
            return f"[{', '.join(self._items(']', depth, keyed=False))}]", ...
        if self._skip("{"):
            return f"{{{', '.join(self._items('}', depth, keyed=True))}}}", ...
        begun = self._at
        word = (self._take(NAME) or "").lower()
        if word in CONSTANTS and self._at_the_end_of_a_value():
            return word, None
        self._at = begun
        return None

    def _items(self, end: str, depth: int, *, keyed: bool) -> list[str]:
        found: list[str] = []
        while not self._skip(end):
            if found and not self._skip(","):
                self._unexpected()
            key = ""
            if keyed:
                string = self._match(STRING)
                if string is None or not self._skip(":"):
                    self._unexpected()
                key = f"{_quoted(ESCAPED.sub(_unescaped, string[1]))}: "
            value = self._constant(depth + 1)
            if value is None:
                self._unexpected()
            found.append(key + value[0])
        return found

    def _alias(self) -> str:
        """Read to the end, and return what comes before it: nothing, or a name for the column."""
        begun = self._at
        named = (self._take(NAME) or "").upper() == "AS"
        if not named:
            self._at = begun
        alias = self._take(ALIAS)
        self._take(SPACE)
        if self._at < len(self._text) or (named and alias is None):
            raise Refused("statement")
        return f" AS {alias}" if alias else ""

    def _at_the_end_of_a_value(self) -> bool:
        self._take(SPACE)
        return self._text[self._at : self._at + 1] in (",", ")", "]", "}", "")

    def _unexpected(self) -> NoReturn:
        """Refuse an expression that goes on here; of anything else, say that it is no SQL.

        Raises:
            Refused, SqlError
        """
        self._take(SPACE)
        if OPERATOR.match(self._text, self._at):
            raise Refused("statement")
        self._broken()

    def _broken(self) -> NoReturn:
        """Say what Snowflake says of a word that does not belong where this one stands.

        Raises:
            SqlError
        """
        self._take(SPACE)
        found = TOKEN.match(self._text, self._at)
        what = found[0] if found else "<EOF>"
        raise SqlError(
            f"SQL compilation error:\nsyntax error {self._place()} unexpected '{what}'.", 1003, ""
        )

    def _place(self) -> str:
        before = self._text[: self._at]
        return f"line {before.count(chr(10)) + 1} at position {len(before.rpartition(chr(10))[2])}"

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        if pattern is not SPACE:
            self._match(SPACE)
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        found = self._match(pattern)
        return found[0] if found is not None else None

    def _skip(self, mark: str) -> bool:
        self._match(SPACE)
        found = self._text.startswith(mark, self._at)
        if found:
            self._at += len(mark)
        return found


# Its name or "", how it is written, and what it is; ... stands for an object or a list.
_Argument = tuple[str, str, Any]


def _asked(arguments: Sequence[_Argument]) -> tuple[str | None, str]:
    """Return the model's name, and everything that it reads."""
    named = [each for each in arguments if each[0] == "model"] or arguments[:1]
    told = [each for each in arguments if each not in named]
    if not named or not told:
        return None, ""
    texts = [value if isinstance(value, str) else text for _, text, value in (*named, *told)]
    return texts[0], "\n".join(texts[1:])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code is None:
        return "'"
    if len(code) > 1:
        character = chr(int(code[1:], 16))
        # Half of a pair can be sent to nobody.
        return "\ufffd" if 0xD800 <= ord(character) < 0xE000 else character
    return ESCAPES.get(code, code)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
