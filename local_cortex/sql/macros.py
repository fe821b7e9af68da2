"""Snowflake's scalar functions as DuckDB macros: reads ``macros.sql`` and says what each takes."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

__all__ = ["KINDS", "MACROS", "PREFIX", "TAKES"]

PREFIX: Final = "main.sf_"

DEFINITIONS: Final = Path(__file__).with_name("macros.sql").read_text("utf-8")

# What the helpers answer, for bodies that are bound before the helpers are there.
_ANSWERS: Final = {
    **dict.fromkeys(("int", "num", "divide"), "NULL::HUGEINT"),
    **dict.fromkeys(("text", "flags", "SPLIT", "kind"), "NULL::VARCHAR"),
    **dict.fromkeys(("date", "DATE_FROM_PARTS"), "NULL::DATE"),
    **dict.fromkeys(("moment", "ntz", "epoch", "TIMESTAMP_FROM_PARTS"), "NULL::TIMESTAMP"),
    **dict.fromkeys(("time", "TIME_FROM_PARTS"), "NULL::TIME"),
    "arr": "NULL::VARIANT[]",
    "obj": "NULL::JSON",
    "ltz": "NULL::TIMESTAMPTZ",
    "bool": "NULL::BOOLEAN",
}
_LINE: Final = re.compile(r"^(\w+)\(((?:[^()]|\(\d+, \d+\))*)\) = (.*)$", re.MULTILINE)
_CALL: Final = re.compile(r"[$](?=[a-zA-Z]\w*[(])")


def _definitions() -> tuple[tuple[str, ...], dict[str, dict[int, tuple[str, ...]]]]:
    overloads: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, parameters, body in _LINE.findall(DEFINITIONS):
        overloads[name].append((parameters, body))
    called = set(re.findall(r"[$](\w+)\(", DEFINITIONS))
    plain, real = [], []
    kinds: dict[str, dict[int, tuple[str, ...]]] = {}
    for name, forms in overloads.items():
        split = {parameters: _parameters(parameters) for parameters, _ in forms}
        typed = any(" " in one for all_ in split.values() for one in all_)
        kinds[name] = {}
        written = []
        for parameters, written_body in forms:
            body, wanted = written_body, []
            for one in split[parameters]:
                kind = "" if typed else _kind(one, body)
                if kind:
                    body = body.replace(f"${kind}({one})", one)
                wanted.append(kind)
            kinds[name][len(wanted)] = tuple(wanted)
            written.append(f"({parameters}) AS {_CALL.sub(PREFIX, body)}")
        stubs = [
            f"({', '.join('abcdefgh'[:n])}) AS {_ANSWERS.get(name, 'NULL')}" for n in kinds[name]
        ]
        if name in called:
            plain.append(f"CREATE MACRO {PREFIX}{name} {', '.join(stubs)}")
        real.append(f"CREATE OR REPLACE MACRO {PREFIX}{name} {', '.join(written)}")
    # DuckDB binds a body when its macro is made, and cannot choose between overloads for a
    # parameter of no type. So every body meets macros without types first, and those with types
    # come last.
    return ("BEGIN", *plain, *reversed(real), "COMMIT"), kinds


def _parameters(written: str) -> list[str]:
    return re.findall(r"\w+(?: \w+(?:\(.*?\)|\[\])?)?", written)


def _kind(parameter: str, body: str) -> str:
    """Return the helper through which a body takes a parameter everywhere, if there is one.

    It is called where the macro is, so that it is left out for a value known to be of that kind:
    every overloaded call that stands in another doubles the time DuckDB needs to bind both.
    """
    everywhere = len(re.findall(rf"\b{parameter}\b", re.sub(r"'[^']*'", "", body)))
    found = re.findall(rf"[$](\w+)\({parameter}\)", body)
    return (
        found[0] if len(set(found)) == 1 and len(found) == everywhere and found[0] in KINDS else ""
    )


KINDS: Final = frozenset({"text", "num", "date", "moment", "arr", "bool", "obj", "ntz", "ltz"})
MACROS, TAKES = _definitions()
