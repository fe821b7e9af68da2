"""What of a program that is no Python: the mistakes behind a ``SyntaxError``.

Python's own message is often about the place where it gave up. A rule here looks at the tokens
around it, and finds only what cannot be Python whatever was meant.
"""

from __future__ import annotations

import difflib
import io
import itertools
import keyword
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from practice.sources import parse_python

__all__ = ["Found", "misread"]

#: The mistake's id, its line, and what its text has to name.
Found = tuple[str, int, dict[str, str]]

# What Python says, and what it means; these messages are never about anything else.
SAID = (
    (r"unterminated (triple-quoted )?(f-)?string literal", "quote_open"),
    (r"'(?P<name>[\[({])' was never closed", "bracket_open"),
    (r"unmatched '(?P<name>[\])}])'", "bracket_extra"),
    (r"closing parenthesis '(?P<name>.)' does not match opening parenthesis '(?P<other>.)'",
     "bracket_other"),
    (r"invalid (non-printable )?character ('(?P<name>.)' )?\(?(?P<other>U\+[0-9A-F]+)",
     "character"),
    (r"expected an indented block after (?P<name>.*) on line (?P<other>\d+)", "indent_missing"),
    (r"unexpected indent", "indent_extra"),
    (r"unindent does not match", "indent_between"),
    (r"expected 'except' or 'finally' block", "except_missing"),
    (r"expected '\('", "def_brackets"),
    (r"leading zeros in decimal integer literals", "leading_zero"),
    (r"multiple exception types must be parenthesized", "except_brackets"),
)  # fmt: skip
OPENING, CLOSING = "([{", ")]}"
# How similar a word is to the one of Python's that was meant, from 0 to 1.
NEARLY = 0.7
# An f-string whose own quote comes again in its braces, which Python reads from 3.12 on.
NESTED = re.compile(r"\bf([\"'])[^\"']*\{[^}\"']*\1", re.IGNORECASE)
# A call and a colon: what begins a block needs a word before it.
CALL_WITH_COLON = re.compile(
    r"\s*(?!(?:if|elif|while|with|for|def|class|except|case|match)\b)[\w.]+\([^#]*\)\s*:\s*"
)
# The word that a line with two values side by side lacks, by the word that it begins with.
JOINING = {"except": "as", "with": "as", "import": "as", "for": "in"}
# Words of which each makes a statement of its own.
ENDING = ("return", "yield", "raise", "break", "continue", "pass")
BLOCK = re.compile(r"\s*(if|elif|else|for|while|def|class|try|except|finally|with)\b")


@dataclass(frozen=True)
class _Token:
    """A token, and the brackets that it stands in, as ``"(["``."""

    kind: int
    text: str
    line: int
    inside: str

    @property
    def is_value(self) -> bool:
        """Whether two of them side by side are no Python: a name, a literal, a closing bracket."""
        if self.kind == tokenize.NAME:
            return not keyword.iskeyword(self.text) or self.text in ("True", "False", "None")
        return self.kind in (tokenize.NUMBER, tokenize.STRING) or self.text in tuple(CLOSING)


def misread(code: str, error: SyntaxError) -> Found | None:
    """Return what is wrong where Python cannot read a program; ``None`` if that is not certain."""
    if found_here := _misspelt_word(code, error.lineno or 0) or _said(code, error):
        return found_here
    line = error.lineno or 0
    written = "".join(code.splitlines()[line - 1 : line])
    if error.msg.startswith("f-string: unmatched") and (found := NESTED.search(written)):
        return "nested_quotes", line, {"name": found[1]}
    near = range(line - 1, max(line, error.end_lineno or 0) + 2)
    tokens = [each for each in _tokens(code) if each.line in near]
    if CALL_WITH_COLON.fullmatch(written):
        return "block_word_missing", line, {}
    for rule in (
        _else_if,
        _two_words,
        _address,
        _pairs,
        _argument_outside,
        _equals_in_call,
        _colon_in_call,
        _single_equals,
    ):
        if found_here := rule(tokens):
            return found_here
    name, repaired = "colon_missing", _with_colon
    if order := error.msg.startswith("positional argument follows keyword"):
        name, repaired = "equals_in_call", _with_one_equals
    for line in sorted(near):
        if _mends(code, line, repaired, error.lineno or 0):
            return name, line, {}
    return ("positional_after", error.lineno or 0, {}) if order else None


def _said(code: str, error: SyntaxError) -> Found | None:
    """Find what Python's own message is certain of."""
    for said, name in SAID:
        if found := re.match(said, error.msg):
            named = {key: value or "" for key, value in found.groupdict().items()}
            line = error.lineno or 0
            written = "".join(code.splitlines()[line - 1 : line])
            comma = name == "leading_zero" and re.search(r"\d,0\d", written)
            return "decimal_comma" if comma else name, line, named
    return None


def _misspelt_word(code: str, at: int) -> Found | None:
    """Find a line whose first word is nearly one of Python's, and with which Python reads on."""
    for line, written in enumerate(code.splitlines()[:at], 1):
        first = re.match(r"\s*([A-Za-z]+)\b", written) if line >= at - 1 else None
        word = first[1] if first else ""
        if not first or keyword.iskeyword(word.lower()):
            continue
        for meant in difflib.get_close_matches(word, keyword.kwlist, 1, NEARLY):
            repaired = partial(re.sub, word, meant, count=1)
            if _mends(code, line, repaired, at):
                return "misspelt", line, {"name": word, "other": meant}
    return None


def _with_colon(line: str) -> str:
    return f"{line}:" if BLOCK.match(line) else line


def _with_one_equals(line: str) -> str:
    return re.sub(r"(\w+)\s*==(?!=)", r"\1=", line, count=1)


def _tokens(code: str) -> Iterator[_Token]:
    """Yield the tokens of a program up to the first that there is none of in Python."""
    inside = ""
    try:
        for each in tokenize.generate_tokens(io.StringIO(code).readline):
            if each.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                continue
            if each.string in tuple(CLOSING):
                inside = inside[:-1]
            yield _Token(each.type, each.string, each.start[0], inside)
            if each.string in tuple(OPENING):
                inside += each.string
    except (tokenize.TokenError, SyntaxError):
        return


def _two_words(tokens: list[_Token]) -> Found | None:
    for one, two in itertools.pairwise(tokens):
        if one.text in ENDING and two.text in ENDING and one.line == two.line:
            return "two_words", one.line, {"name": one.text, "other": two.text}
    return None


def _else_if(tokens: list[_Token]) -> Found | None:
    for one, two in itertools.pairwise(tokens):
        if (one.text, two.text) == ("else", "if") and not one.inside and one.line == two.line:
            return "else_if", one.line, {}
    return None


def _pairs(tokens: list[_Token]) -> Found | None:
    """Find two values side by side; Python always wants something between them."""
    starts: dict[int, str] = {}
    # From Python 3.12 on, an f-string is several tokens, whose braces may stand side by side.
    formatted = {each.line for each in tokens if each.kind == getattr(tokenize, "FSTRING_START", 0)}
    for each in tokens:
        starts.setdefault(each.line, each.text)
    for place, (one, two) in enumerate(itertools.pairwise(tokens)):
        strings = one.kind == two.kind == tokenize.STRING
        value = two.is_value or ((one.text, two.text) == ("}", "{") and one.line not in formatted)
        if not one.is_value or not value or two.text in tuple(CLOSING) or strings:
            continue
        named = {"name": one.text, "other": two.text}
        if keyword.iskeyword(one.text.lower()) and not keyword.iskeyword(one.text):
            return "capital", one.line, named | {"other": one.text.lower()}
        after = tokens[place + 2].text if place + 2 < len(tokens) else ""
        if one.text.upper() in ("SELECT", "CALL"):
            return "sql_unquoted", one.line, named
        if one.text == "f" and two.kind == tokenize.STRING:
            return "f_apart", one.line, named
        lines = one.line != two.line and one.kind != tokenize.STRING
        if one.inside and (after == "=" or lines or two.text == "{"):
            return "comma_missing", one.line, named
        if word := JOINING.get(starts.get(one.line, "")):
            return "word_missing", one.line, named | {"where": word}
        called = one.text == "print" or (place > 0 and tokens[place - 1].text == ".")
        return "brackets_missing" if called else "between", one.line, named
    return None


def _address(tokens: list[_Token]) -> Found | None:
    for one, two, three in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if one.text in ("http", "https") and (two.text, three.text) == (":", "//"):
            return "address_unquoted", one.line, {}
    return None


def _argument_outside(tokens: list[_Token]) -> Found | None:
    for one, two, three, four in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if not one.inside and (one.text, two.text, four.text) == (")", ",", "="):
            return "argument_outside", three.line, {"name": three.text}
    return None


def _equals_in_call(tokens: list[_Token]) -> Found | None:
    for one, two in itertools.pairwise(tokens):
        if one.inside.endswith("(") and (one.text, two.text) == ("=", ">"):
            return "arrow", one.line, {}
        if one.inside.endswith("(") and one.kind == tokenize.STRING and two.text == "=":
            return "argument_quoted", one.line, {"name": one.text}
    return None


def _colon_in_call(tokens: list[_Token]) -> Found | None:
    if {"lambda", "def"} & {each.text for each in tokens}:
        return None
    for one, two, three in zip(tokens, tokens[1:], tokens[2:], strict=False):
        starts = one.text in ("(", ",") and two.kind == tokenize.NAME and three.text == ":"
        if starts and three.inside.endswith("("):
            return "colon_in_call", two.line, {"name": two.text}
    return None


def _single_equals(tokens: list[_Token]) -> Found | None:
    asks = ""
    for one in tokens:
        if one.text in ("if", "elif", "while") and not one.inside:
            asks = one.text
        elif one.text == ":" and not one.inside:
            asks = ""
        elif asks and one.text == "=" and not one.inside:
            return "single_equals", one.line, {"name": asks}
    return None


def _mends(code: str, line: int, repaired: Callable[[str], str], at: int) -> bool:
    """Tell whether Python reads on past this place once a line is repaired."""
    lines = code.split("\n")
    if not 0 < line <= len(lines) or repaired(lines[line - 1].rstrip()) == lines[line - 1].rstrip():
        return False
    lines[line - 1] = repaired(lines[line - 1].rstrip())
    try:
        parse_python("\n".join(lines))
    except SyntaxError as error:
        return (error.lineno or 0) > max(line, at) + 1
    return True
