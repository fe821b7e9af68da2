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

# A name before `=>` is an argument's.
TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
    (?P<string>'(?:[^'\\]|''|\\.)*+'(?!')) | \$\$(?P<dollars>.*?)\$\$
    | (?P<number>-?\d{1,20}(?:\.\d{1,20})?(?:e-?\d{1,3})?(?![\w.]))
    | (?P<name>[a-z_][a-z0-9_$]*(?=[ \t\r\n]*=>)) | (?P<word>[a-z_][a-z0-9_$]*)
    | (?P<quoted>"[^"]*") | (?P<mark>=>|[^ \t\r\n]))""",
    re.ASCII | re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
ALIAS = re.compile(r'.{1,100}|"[^"\x00-\x1f]{1,100}"', re.ASCII)
ESCAPED = re.compile(r"''|\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
# What goes on with an expression, which is SQL, though none that may be run here.
OPERATORS = tuple("|+-*/%=<>!:(")


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
    """Read a program's statement, in a time that grows with its length.

    Raises:
        Refused: ``statement``; it has none of the forms that may be run here.
        SqlError: it was meant to, but Snowflake would not understand it.
    """
    return _Reader(query.strip().removesuffix(";").removesuffix(ONE_ROW), params or ()).statement()


class _Reader:
    def __init__(self, text: str, params: Sequence[Any]) -> None:
        self._text, self._params = text, params
        self._questions = self._end = 0
        self._bound: list[Any] = []
        self._advance()

    def statement(self) -> Statement:
        if (self._take("word") or "").upper() != "SELECT":
            raise Refused("statement")
        path = self._take("word") or ""
        while path.count(".") < 2 and self._skip("."):
            path += f".{self._take('word') or ''}"
        asks = path.upper() in FUNCTIONS
        if not (asks or path.upper() == VERSION) or not self._skip("("):
            raise Refused("statement")
        arguments = self._arguments() if asks else []
        if not asks and not self._skip(")"):
            raise Refused("statement")
        text = f"SELECT {path}({', '.join(written for _, written, _ in arguments)}){self._alias()}"
        model, prompt = _asked(arguments)
        return Statement(text, [*self._bound, *self._params[self._questions :]], model, prompt)

    def _arguments(self) -> list[_Argument]:
        found: list[_Argument] = []
        while not self._skip(")"):
            if found and not self._skip(","):
                self._unexpected()
            name = (self._take("name") or "").lower()
            is_known = not name or (name in NAMED and self._skip("=>"))
            if (
                not is_known
                or len(found) == MOST_ARGUMENTS
                or name in {each[0] for each in found} - {""}
            ):
                raise Refused("statement")
            written, value = self._value()
            found.append((name, f"{name} => {written}" if name else written, value))
        return found

    def _value(self) -> tuple[str, Any]:
        """Return an argument as it is written, and what it is."""
        if self._skip("?"):
            self._questions += 1
            return "?", self._bind(self._questions)
        if self._skip(":"):
            number = self._take("number") or ""
            return "?", self._bind(int(number) if number.isdigit() else 0)
        kind, name, place = self._kind, self._token, self._place()
        value = self._constant(0)
        if value is not None:
            if isinstance(value[1], str):
                self._bound.append(value[1])
                return "?", value[1]
            return value
        if kind not in ("word", "quoted"):
            self._unexpected()
        self._advance()
        if self._skip("("):
            raise Refused("statement")
        if self._token not in (",", ")"):
            self._broken()
        name = name[1:-1] if kind == "quoted" else name.upper()
        raise SqlError(
            f"SQL compilation error: error {place}\ninvalid identifier '{name}'", 904, ""
        )

    def _bind(self, number: int) -> Any:
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
        if (text := self._string()) is not None:
            return _quoted(text), text
        if (number := self._take("number")) is not None:
            return number, float(number)
        if self._skip("["):
            return f"[{', '.join(self._items(']', depth))}]", ...
        if self._skip("{"):
            return f"{{{', '.join(self._items('}', depth))}}}", ...
        if self._kind == "word" and self._token.lower() in ("null", "true", "false"):
            return (self._take("word") or "").lower(), None
        return None

    def _string(self) -> str | None:
        if (string := self._take("string")) is not None:
            return ESCAPED.sub(_unescaped, string[1:-1])
        return self._take("dollars")

    def _items(self, end: str, depth: int) -> list[str]:
        found: list[str] = []
        while not self._skip(end):
            if found and not self._skip(","):
                self._unexpected()
            key = self._string() if end == "}" else ""
            if key is None or (end == "}" and not self._skip(":")):
                self._unexpected()
            value = self._constant(depth + 1)
            if value is None:
                self._unexpected()
            found.append(f"{_quoted(key)}: {value[0]}" if end == "}" else value[0])
        return found

    def _alias(self) -> str:
        """Read to the end, and return what comes before it: nothing, or a name for the column."""
        is_named = self._kind == "word" and self._token.upper() == "AS"
        if is_named:
            self._advance()
        alias = self._take("word") or self._take("quoted") or ""
        if self._kind or (is_named and not alias) or (alias and not ALIAS.fullmatch(alias)):
            raise Refused("statement")
        return f" AS {alias}" if alias else ""

    def _unexpected(self) -> NoReturn:
        """Refuse an expression that goes on here; anything else is a syntax error."""
        if self._token.startswith(OPERATORS):
            raise Refused("statement")
        self._broken()

    def _broken(self) -> NoReturn:
        """Raise Snowflake's error for a word that does not belong where this one stands."""
        said = f"syntax error {self._place()} unexpected '{self._token or '<EOF>'}'."
        raise SqlError(f"SQL compilation error:\n{said}", 1003, "")

    def _place(self) -> str:
        before = self._text[: self._begin]
        return f"line {before.count(chr(10)) + 1} at position {len(before.rpartition(chr(10))[2])}"

    def _advance(self) -> None:
        """Read the next token; at the end its kind and its text are empty."""
        found = TOKEN.match(self._text, self._end)
        self._kind = (found and found.lastgroup) or ""
        self._token: str = found[self._kind] if found and self._kind else ""
        self._begin = found.start(self._kind) if found and self._kind else len(self._text)
        self._end = found.end() if found else len(self._text)

    def _take(self, kind: str) -> str | None:
        token = self._token if self._kind == kind else None
        if token is not None:
            self._advance()
        return token

    def _skip(self, mark: str) -> bool:
        found = self._kind == "mark" and self._token == mark
        if found:
            self._advance()
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
