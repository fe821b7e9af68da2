"""Snowflake's functions as DuckDB's macros: reads ``macros.sql`` and says what each takes."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from pathlib import Path
from typing import Final

PREFIX: Final = "main.sf_"
#: The kinds of values, and DuckDB's type of each; a macro of the same name makes one.
KINDS: Final = {
    "text": "VARCHAR",
    "int": "HUGEINT",
    "num": "HUGEINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "moment": "TIMESTAMP",
    "ntz": "TIMESTAMP",
    "ltz": "TIMESTAMPTZ",
    "arr": "VARIANT[]",
    "obj": "JSON",
}
_WRAPS: Final = frozenset({"text", "num", "date", "moment", "arr", "bool", "obj", "ntz", "ltz"})
_DEFINITIONS: Final = Path(__file__).with_name("macros.sql").read_text("utf-8")
_LINE: Final = re.compile(
    r"^([\w|]+)\(((?:[^()]|\(\d+, \d+\))*)\)(?: (\w+))? (:?=) (.*)$", re.MULTILINE
)
_KNOWN: Final = re.compile(r"^(\w+)\[([^\]]*)\](?: (\w+))? = (.*)$", re.MULTILINE)
_CALL: Final = re.compile(r"[$](?=[a-zA-Z]\w*[(])")

#: For every function and number of arguments, the kind that each argument is made before the call.
TAKES: Final[dict[str, dict[int, tuple[str, ...]]]] = defaultdict(dict)
#: The kind of what a function answers; ``same`` is that of its first argument.
ANSWERS: Final[dict[str, str]] = {}
SYNONYMS: Final[dict[str, str]] = {
    other: name
    for name, others in re.findall(r"(?m)^(\w+)\|([\w|]+)(?=\(|$)", _DEFINITIONS)
    for other in others.split("|")
}
#: The functions that are written where they are called: parameters and expression.
INLINE: Final[dict[tuple[str, int], tuple[list[str], str]]] = {}
#: What a function is for arguments of known kinds: these kinds, the expression, and its kind.
KNOWN: Final[dict[str, list[tuple[tuple[str, ...], str, str]]]] = defaultdict(list)
#: What a function is for arguments of which neither DuckDB nor we know the type.
OPAQUE: Final[dict[str, str]] = {}
for _name, _wanted, _answer, _body in _KNOWN.findall(_DEFINITIONS):
    if "?" in _wanted:
        OPAQUE[_name] = _CALL.sub(PREFIX, _body)
        continue
    for _kinds in itertools.product(*(one.split("|") for one in _wanted.split(", "))):
        KNOWN[_name].append((_kinds, _CALL.sub(PREFIX, _body), _answer))


def _macros() -> tuple[str, ...]:
    overloads: dict[str, list[tuple[list[str], str, str]]] = defaultdict(list)
    for names, parameters, answer, sign, body in _LINE.findall(_DEFINITIONS):
        name = names.partition("|")[0]
        if answer:
            ANSWERS[name] = answer
        split = re.findall(r"\w+(?: \w+(?:\(.*?\)|\[\])?)?", parameters)
        overloads[name].append((split, sign, body))
    stubs, real = [], []
    for name, forms in overloads.items():
        typed = any(" " in one for parameters, *_ in forms for one in parameters)
        written = []
        for parameters, sign, body in forms:
            wanted = ["" if typed else _kind(one, body) for one in parameters]
            for one, kind in zip(parameters, wanted, strict=True):
                body = body.replace(f"${kind}({one})", one) if kind else body  # noqa: PLW2901
            TAKES[name][len(parameters)] = tuple(wanted)
            if sign == ":=":
                INLINE[name, len(parameters)] = (parameters, _CALL.sub(PREFIX, body))
            else:
                written.append(f"({', '.join(parameters)}) AS {_CALL.sub(PREFIX, body)}")
        if written:
            real.append(f"CREATE OR REPLACE MACRO {PREFIX}{name} {', '.join(written)}")
            nothing = f"NULL::{KINDS[ANSWERS[name]]}" if ANSWERS.get(name) in KINDS else "NULL"
            empty = [f"({', '.join('abcdefgh'[:n])}) AS {nothing}" for n in TAKES[name]]
            stubs.append(f"CREATE MACRO {PREFIX}{name} {', '.join(empty)}")
    # DuckDB binds a body when its macro is made, and cannot choose between overloads for a
    # parameter of no type. So every body meets macros without types first, and those with types
    # come last.
    return ("BEGIN", *stubs, *reversed(real), "COMMIT")


def _kind(parameter: str, body: str) -> str:
    """Return the helper through which a body takes a parameter everywhere, if there is one.

    It is called where the macro is, so that it is left out for a value known to be of that kind:
    every overloaded call that stands in another doubles the time DuckDB needs to bind both.
    """
    everywhere = len(re.findall(rf"\b{parameter}\b", re.sub(r"'[^']*'", "", body)))
    found = re.findall(rf"[$](\w+)\({parameter}\)", body)
    alike = len(set(found)) == 1 and len(found) == everywhere and found[0] in _WRAPS
    return str(found[0]) if alike else ""


MACROS: Final = _macros()
