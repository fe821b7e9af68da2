"""Running files of SQL statements before a program: ``python -m local_cortex run --setup FILE``.

A program of its own, with the credentials and files of the one that follows. What fails is
reported, and the rest goes on: a set-up file has roles and integrations that are only an account's.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Snowflake has two more kinds of strings and of comments than SQL: $$...$$ and //.
PIECE = re.compile(
    r"""
    (?P<comment> (?:--|//)[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<string> '(?:[^'\\]|\\.|'')*(?:'|\Z) | "[^"]*(?:"|\Z) | \$\$.*?(?:\$\$|\Z) )
  | (?P<word> [^\W\d][\w$]* )
  | (?P<end> ; )
  | (?P<other> \S )
    """,
    re.DOTALL | re.VERBOSE,
)
# In PUT and GET, // and /* belong to paths.
TRANSFER = re.compile(r"(?:PUT|GET)\b(?:'[^']*'|[^;'])*", re.IGNORECASE)
# BEGIN alone, or with one of these, begins a transaction, else a block.
TRANSACTION = {"NAME", "TRANSACTION", "WORK"}
# What may hold a block after its name; in other statements BEGIN and END may be names.
BLOCKS = {"PROCEDURE", "TASK"}
# END of these is not the END of a BEGIN or CASE.
LOOPS = {"FOR", "IF", "LOOP", "REPEAT", "WHILE"}
# Where the first sentence of an error ends; not in 'BEGIN ... END'.
SENTENCE = re.compile(r"(?<=[^.\s]\.) (?=[A-Z])")
PLACES = ("role", "warehouse", "database", "schema")


def split(text: str) -> list[tuple[int, str]]:
    """Split a file as Snowflake's own clients do; a block from BEGIN to END is one statement.

    Returns each statement's line, from 1, and its text without the comments around it.
    """
    found: list[tuple[int, str]] = []
    words: list[str] = []
    start = end = position = 0

    def finish() -> None:
        if words:
            found.append((text.count("\n", 0, start) + 1, text[start:end]))
            words.clear()

    while piece := PIECE.search(text, position):
        position = piece.end()
        if piece.lastgroup == "comment":
            continue
        if piece.lastgroup == "end" and not _within_block(words):
            finish()
            continue
        if not words:
            start = piece.start()
            if transfer := TRANSFER.match(text, start):
                position = transfer.end()
        words.append(piece[0].upper())
        end = position
    finish()
    return found


def _within_block(words: Sequence[str]) -> bool:
    """Tell whether a semicolon after these words does not end their statement."""
    first, *rest = words or [""]
    if first == "BEGIN":
        if not rest or rest[0] in TRANSACTION:
            return False
    elif first != "DECLARE" and not (first == "CREATE" and BLOCKS & set(rest[:4])):
        return False
    depth, begun = 0, False
    for word, after in zip(words, [*rest, ""], strict=True):
        if word == "END" and after not in LOOPS:
            depth -= 1
        elif word == "BEGIN" or (word == "CASE" and begun):
            depth, begun = depth + 1, True
    return depth > 0 or (first == "DECLARE" and not begun)


def main(place: str, paths: Sequence[str]) -> int:
    """Run the files in one session, and write into ``place`` where it ends."""
    from snowflake.connector import connect

    with connect(connection_name="snowflake") as connection, connection.cursor() as cursor:
        for path in paths:
            sys.stderr.write(_run(cursor, path))
        names = ", ".join(f"CURRENT_{name.upper()}()" for name in PLACES)
        found = dict(zip(PLACES, cursor.execute(f"SELECT {names}").fetchone(), strict=True))
    kept = {name: value for name, value in found.items() if value}
    Path(place).write_text(json.dumps(kept), encoding="utf-8")
    begins = ".".join(kept[name] for name in PLACES[2:] if name in kept)
    sys.stderr.write(f"The program starts in {begins}.\n")
    return 0


def _run(cursor: Any, path: str) -> str:
    """Run a file, and return what to say of it."""
    from snowflake.connector.errors import Error

    statements = split(Path(path).read_text(encoding="utf-8-sig", errors="replace"))
    failed = []
    for line, sql in statements:
        try:
            cursor.execute(sql)
        except (Error, OSError) as error:
            text = " ".join(str(getattr(error, "raw_msg", None) or error).split())
            reason = SENTENCE.split(text.removeprefix("SQL compilation error: "), maxsplit=1)[0]
            failed.append(f"  line {line}: {reason}\n")
    if failed:
        failed.insert(0, "These did not, and the rest went on:\n")
    ran = len(statements) - max(0, len(failed) - 1)
    return f"Set-up {path}: {ran} of {len(statements)} statements ran.\n" + "".join(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
