"""Running files of SQL statements before a program: ``python -m local_cortex run --setup FILE``.

A program of its own, with the credentials and files of the one that follows. What fails is
reported, and the rest goes on: a set-up file has roles and integrations that are only an account's.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# A block of Snowflake Scripting; BEGIN alone, or with one of three words, begins a transaction.
BLOCK = re.compile(
    r"""
    DECLARE\b | BEGIN\s+(?!(?:NAME|TRANSACTION|WORK)\b)\w
  | CREATE\s+(?:OR\s+REPLACE\s+)?(?:PROCEDURE|TASK)\b.*?\bAS\s+(?:BEGIN|DECLARE)\b
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# Where the first sentence of an error ends; not in 'BEGIN ... END'.
SENTENCE = re.compile(r"(?<=[^.\s]\.) (?=[A-Z])")
PLACES = ("role", "warehouse", "database", "schema")


def split(text: str) -> list[tuple[int, str]]:
    """Split a file as Snowflake's own clients do; a block from BEGIN to END is one statement.

    Returns the line in which each statement ends, from 1, and its text without comments.
    """
    from snowflake.connector.util_text import split_statements

    reader, found, sql = io.StringIO(text), list[tuple[int, str]](), ""
    for part, _ in split_statements(reader, remove_comments=True):
        sql = f"{sql}\n{part}".strip("; \n\t") + ";"
        if BLOCK.match(sql) and part.upper() not in {"END", "END;"}:
            continue
        if sql != ";":
            found.append((len(text[: reader.tell()].splitlines()), sql[:-1]))
        sql = ""
    return [*found, (len(text.splitlines()), sql)] if sql else found


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
