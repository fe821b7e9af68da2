"""How Snowflake spells identifiers, and how DuckDB keeps two apart that differ only in case.

Snowflake's ``a`` is ``A`` and its ``"a"`` is another name; DuckDB takes the two for one. So a name
with small letters stands in DuckDB with a suffix that says which letters they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local_cortex.sql.sql_error import compile_error

if TYPE_CHECKING:
    from sqlglot import exp

MARK = "\x1f"
_MARKED = re.compile(rf"{MARK}[0-9a-f]*")
_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")
_PART = re.compile(r'"(?:[^"]|"")+"|[^".\s]+')
_DOTTED = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


def encode(name: str) -> str:
    """Return DuckDB's name for Snowflake's; 001003, it holds the character that marks them."""
    if MARK in name:
        raise compile_error("A name can't hold the control character U+001F.")
    small = sum(1 << at for at, letter in enumerate(name) if "a" <= letter <= "z")
    return f"{name}{MARK}{small:x}" if small or not name else name


def decode(name: str) -> str:
    """Return Snowflake's name for a name in DuckDB."""
    return name.partition(MARK)[0]


def decode_all(text: str) -> str:
    """Return a message of DuckDB's with the names as Snowflake has them."""
    return _MARKED.sub("", text)


def identifier(node: Any) -> str:
    """Return a name as Snowflake keeps it: in capitals, unless it was quoted."""
    name = str(node.name)
    return name if node.args.get("quoted") else name.upper()


def quoted(name: str) -> exp.Identifier:
    """Return the identifier that DuckDB reads as this Snowflake name."""
    from sqlglot import exp

    return exp.to_identifier(encode(name), quoted=True)


def encoded(name: str) -> exp.Identifier:
    """Return an identifier that is DuckDB's already."""
    from sqlglot import exp

    found = exp.to_identifier(name, quoted=True)
    found.meta["encoded"] = True
    return found


def in_quotes(name: str) -> str:
    """Return a name in quotes, as Snowflake and DuckDB both read it."""
    return '"' + name.replace('"', '""') + '"'


def written(*parts: str) -> str:
    """Return a dotted name with quotes where Snowflake needs them."""
    return ".".join(part if _PLAIN.fullmatch(part) else in_quotes(part) for part in parts)


def parts(text: str) -> list[str]:
    """Return the parts of what :func:`written` returned; ``ValueError`` if it is no name."""
    if not _DOTTED.fullmatch(text):
        raise ValueError(text)
    return [
        one[1:-1].replace('""', '"') if one.startswith('"') else one.upper()
        for one in _PART.findall(text)
    ]


def spelled(node: Any) -> str:
    """Return the dotted name of a column or table, for a message."""
    return ".".join(identifier(part) for part in node.parts)
