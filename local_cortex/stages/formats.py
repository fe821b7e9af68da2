"""File formats: the options of CSV, JSON and PARQUET, and how DuckDB reads such a file."""

# Every part of these statements is made here: what a learner wrote is in quotes.
# ruff: noqa: S608

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlglot import exp

from local_cortex.sql.errors import SqlError, not_run, too_large
from local_cortex.wire.types import SqlType

__all__ = [
    "FileFormat",
    "given_format",
    "invalid_option",
    "literal",
    "name_of",
    "options_of",
    "text",
    "unquoted",
    "value_of",
]

SNIFFED_BYTES = 1_000_000  # of a CSV file, to find its header and how many columns it has
MAX_JSON_BYTES = 16_777_216  # of one JSON document, as in Snowflake
MAX_LINE_BYTES = 8_388_608  # of a CSV file; DuckDB holds as much for each file that it reads
MAX_CSV_COLUMNS = 2_000
MAX_COPY_CHARS = 100_000_000  # of a file in another encoding, which is copied to be read
# No field of a text file is this, so that reading with it as NULL tells empty from missing.
NEVER = "\x01\x02never\x03"

_CSV: Final[dict[str, Any]] = {
    "COMPRESSION": "AUTO",
    "FIELD_DELIMITER": ",",
    "RECORD_DELIMITER": "\n",
    "SKIP_HEADER": 0,
    "PARSE_HEADER": False,
    "FIELD_OPTIONALLY_ENCLOSED_BY": None,
    "ESCAPE": None,
    "ESCAPE_UNENCLOSED_FIELD": "\\",
    "NULL_IF": ["\\N"],
    "EMPTY_FIELD_AS_NULL": True,
    "TRIM_SPACE": False,
    "ERROR_ON_COLUMN_COUNT_MISMATCH": True,
    "DATE_FORMAT": "AUTO",
    "TIME_FORMAT": "AUTO",
    "TIMESTAMP_FORMAT": "AUTO",
    "BINARY_FORMAT": "HEX",
    "ENCODING": "UTF8",
    "SKIP_BLANK_LINES": False,
    "MULTI_LINE": True,
    "VALIDATE_UTF8": True,
    "SKIP_BYTE_ORDER_MARK": True,
}
_JSON: Final[dict[str, Any]] = {
    "COMPRESSION": "AUTO",
    "STRIP_OUTER_ARRAY": False,
    **{key: _CSV[key] for key in ("DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT")},
    **{key: _CSV[key] for key in ("BINARY_FORMAT", "TRIM_SPACE", "MULTI_LINE")},
    "NULL_IF": [],
    "SKIP_BYTE_ORDER_MARK": True,
}
_PARQUET: Final[dict[str, Any]] = {
    "COMPRESSION": "AUTO",
    "SNAPPY_COMPRESSION": True,
    "BINARY_AS_TEXT": True,
    "USE_LOGICAL_TYPE": False,
    "USE_VECTORIZED_SCANNER": False,
    "TRIM_SPACE": False,
    "NULL_IF": [],
}
_OPTIONS: Final = {"CSV": _CSV, "JSON": _JSON, "PARQUET": _PARQUET}

_COMPRESSION_MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}
_ENCODINGS: Final = {"UTF8": "utf-8", "UTF-8": "utf-8"}
# Snowflake's elements of a date format as strptime's, the longer ones first.
_ELEMENTS: Final = dict(
    re.findall(
        r"(\S+)=(\S+)",
        "YYYY=%Y YY=%y MMMM=%B MON=%b MM=%m DD=%d DY=%a HH24=%H HH12=%I MI=%M SS=%S AM=%p PM=%p "
        "TZHTZM=%z TZH:TZM=%z TZH=%z FF=%f FF3=%f FF6=%f FF9=%f",
    )
)
_ELEMENT: Final = re.compile("|".join(sorted(_ELEMENTS, key=len, reverse=True)), re.IGNORECASE)
_DATES: Final = ["%m/%d/%Y", "%d-%b-%Y"]  # what AUTO takes besides ISO dates


def text(value: str) -> str:
    """Return DuckDB's literal for a text."""
    return "'" + value.replace("'", "''") + "'"


def value_of(node: Any) -> Any:
    """Return an option's value: ``str``, ``bool``, ``int``, ``list`` of them, or ``None``."""
    if isinstance(node, exp.Paren):
        return [value_of(node.this)]
    if isinstance(node, exp.Tuple):
        return [value_of(one) for one in node.expressions]
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal) and not node.is_string:
        return int(node.this) if node.this.isdecimal() else node.this
    if isinstance(node, exp.Literal):
        return str(node.this)
    name = node.sql("snowflake") if isinstance(node, exp.Expression) else str(node)
    return None if name.upper() == "NONE" else name


def options_of(nodes: Iterable[Any]) -> dict[str, Any]:
    """Return ``NAME = value`` properties as a dictionary with names in capitals."""
    return {
        node.name.upper(): value_of(node.args.get("value"))
        for node in nodes
        if type(node) is exp.Property
    }


def given_format(node: Any) -> Any:
    """Return what FILE_FORMAT says: options, a name, or nothing."""
    if node is None or isinstance(node, (exp.Literal, exp.Table)):
        return None if node is None else name_of(node)
    return options_of(node.expressions)


def name_of(node: Any) -> str:
    return str(node.this) if isinstance(node, exp.Literal) else str(node.sql("snowflake"))


def unquoted(place: str) -> str:
    if len(place) > 1 and place[0] == place[-1] == "'":
        return re.sub(r"\\(.)|'(')", r"\1\2", place[1:-1], flags=re.DOTALL)
    return place


def invalid_option(name: str) -> SqlError:
    """An option that the statement or the file format does not have."""
    return SqlError(
        f"SQL compilation error:\ninvalid parameter '{name}'", code="001003", sqlstate="42000"
    )


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: its type, and every option of that type."""

    type: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> FileFormat:
        """Make one from the options of a statement; without TYPE it is CSV.

        Raises:
            SqlError: 000002, Local Cortex does not read such files; 001003, an unknown option.
        """
        given = dict(given)
        kind = str(given.pop("TYPE", "CSV")).upper()
        known = _OPTIONS.get(kind)
        if known is None:
            raise not_run(f"file format {kind}", "Local Cortex reads CSV, JSON and PARQUET.")
        given.pop("COMMENT", None)
        for name in given:
            if name not in known:
                raise invalid_option(name)
        options = {**known, **given}
        nulls = options["NULL_IF"] or []
        options["NULL_IF"] = [str(one) for one in (nulls if isinstance(nulls, list) else [nulls])]
        if not str(options.get("SKIP_HEADER", 0)).isdecimal():
            raise invalid_option("SKIP_HEADER")
        if kind == "CSV" and options["RECORD_DELIMITER"] not in ("\n", "\r\n", "\r", "\\n", None):
            raise not_run("RECORD_DELIMITER", "Lines have to end with a newline.")
        return cls(kind, options)

    def __getitem__(self, name: str) -> Any:
        return self.options.get(name)

    def compression(self, path: Path) -> str:
        """Return how a file is compressed, by its first bytes: ``none``, ``gzip``, ``zstd``..."""
        with path.open("rb") as file:
            start = file.read(4)
        found = (kind for magic, kind in _COMPRESSION_MAGIC.items() if start.startswith(magic))
        return next(found, "none") if self.type != "PARQUET" else "none"

    def encoding(self) -> str:
        """Return Python's name of the text encoding.

        Raises:
            SqlError: 001003, there is none of that name.
        """
        name = str(self["ENCODING"] or "UTF8").upper()
        try:
            "".encode(_ENCODINGS.get(name, name))
        except LookupError:
            raise invalid_option(f"ENCODING = {name}") from None
        return _ENCODINGS.get(name, name.lower())

    def needs_copy(self, path: Path) -> bool:
        """Tell whether DuckDB can only read a converted copy of this file."""
        return self.type != "PARQUET" and (
            self.compression(path) == "bz2" or self.encoding() != "utf-8"
        )

    def copy(self, path: Path, target: Path) -> None:
        """Write what DuckDB can read.

        Raises:
            SqlError: 000002, it would be too large.
        """
        size = 0
        with self.open(path) as source, target.open("w", encoding="utf-8", newline="") as file:
            while part := source.read(SNIFFED_BYTES):
                size += file.write(part)
                if size > MAX_COPY_CHARS:
                    target.unlink()
                    raise too_large("Characters of a file", MAX_COPY_CHARS, "Split it.")

    def open(self, path: Path) -> io.TextIOWrapper:
        """Open a file of text, whatever its compression."""
        import pyarrow as pa

        kind = self.compression(path)
        stream = pa.input_stream(str(path), compression=None if kind == "none" else kind)
        return io.TextIOWrapper(stream, encoding=self.encoding(), errors="replace", newline="")

    def first_rows(self, path: Path) -> list[list[str]]:
        """Return the first rows of a CSV file."""
        with self.open(path) as file:
            start = file.read(SNIFFED_BYTES).removeprefix("\ufeff")
        quote = self["FIELD_OPTIONALLY_ENCLOSED_BY"]
        delimiter = self.delimiter
        if len(delimiter) != 1:
            return [line.split(delimiter) for line in start.splitlines()]
        options: Any = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
        try:
            return list(csv.reader(io.StringIO(start), delimiter=delimiter, **options))
        except csv.Error:
            return [line.split(delimiter) for line in start.splitlines()]

    def header(self, path: Path) -> list[str]:
        """Return the column names of a CSV file: its header's, or ``c1``, ``c2``, ..."""
        rows = self.first_rows(path)
        if self["PARSE_HEADER"]:
            return [name.strip() for name in rows[0]] if rows else []
        rows = rows[int(self["SKIP_HEADER"] or 0) :]
        # The last row may be cut off in the middle.
        count = max((len(row) for row in rows[:-1] or rows), default=0)
        return [f"c{at + 1}" for at in range(min(count, MAX_CSV_COLUMNS))]

    @property
    def delimiter(self) -> str:
        written = self["FIELD_DELIMITER"]
        return str({"\\t": "\t", None: "\x02"}.get(written, written))

    @property
    def skipped(self) -> int:
        """How many lines of a CSV file come before its data."""
        return int(self["SKIP_HEADER"] or 0) + bool(self["PARSE_HEADER"])

    def csv_source(self, path: Path, count: int, *, complete: bool = False) -> str:
        """Return DuckDB's source of a CSV file as ``c1`` to ``c<count>``, all of them text.

        Fields that a row lacks are NULL; empty ones and those of NULL_IF are, too, unless
        ``complete``.
        """
        quote = self["FIELD_OPTIONALLY_ENCLOSED_BY"] or ""
        escape = self["ESCAPE"] or quote or self["ESCAPE_UNENCLOSED_FIELD"] or ""
        # DuckDB compares before it takes out escapes, as it has to be for "\\N".
        empty = [""] if self["EMPTY_FIELD_AS_NULL"] else []
        nulls = [NEVER] if complete else [*self["NULL_IF"], *empty] or [NEVER]
        listed = ", ".join(text(one) for one in nulls)
        columns = ", ".join(f"c{at + 1}: 'VARCHAR'" for at in range(count))
        return (
            f"read_csv({literal(path)}, auto_detect = false, header = false, parallel = false, "
            f"null_padding = true, strict_mode = false, allow_quoted_nulls = false, "
            f"columns = {{{columns}}}, delim = {text(self.delimiter)}, quote = {text(quote)}, "
            f"escape = {text(escape)}, nullstr = [{listed}], skip = {self.skipped}, "
            f"compression = {text(self.compression(path))}, max_line_size = {MAX_LINE_BYTES}, "
            f"buffer_size = {MAX_LINE_BYTES})"
        )

    def field(self, column: str) -> str:
        """Return a CSV field as TRIM_SPACE and NULL_IF make it."""
        value = f"trim({column})" if self["TRIM_SPACE"] else column
        nulls = ", ".join(text(one) for one in self["NULL_IF"] or ())
        return f"CASE WHEN {value} NOT IN ({nulls}) THEN {value} END" if nulls else value

    def source(self, path: Path, count: int) -> str:
        """Return a query for a file's rows: ``c1``, and for CSV as many as ``count``."""
        if self.type == "CSV":
            fields = (f"{self.field(f'c{at + 1}')} AS c{at + 1}" for at in range(count))
            return f"SELECT {', '.join(fields)} FROM {self.csv_source(path, count)}"
        if self.type == "JSON":
            return f"SELECT json::VARIANT AS c1 FROM {self.json_source(path)}"
        return f'SELECT "~row"::VARIANT AS c1 FROM {self.parquet_source(path)} AS "~row"'

    def json_source(self, path: Path) -> str:
        """Return DuckDB's source of a JSON file, one column ``json``."""
        layout = "array" if self["STRIP_OUTER_ARRAY"] else "unstructured"
        return (
            f"read_json_objects({literal(path)}, format = '{layout}', maximum_object_size = "
            f"{MAX_JSON_BYTES}, compression = {text(self.compression(path))})"
        )

    def parquet_source(self, path: Path) -> str:
        """Return DuckDB's source of a Parquet file with its own columns."""
        as_text = str(bool(self["BINARY_AS_TEXT"])).lower()
        return f"read_parquet({literal(path)}, binary_as_string = {as_text})"

    def cast(self, column: str, to: SqlType) -> str:
        """Return a text as a value of a column's type; NULL where it is none."""
        name = to.name
        if name == "TEXT":
            return f"CASE WHEN length({column}) <= {to.length} THEN {column} END"
        if name == "BOOLEAN":
            return (
                f"CASE WHEN lower({column}) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true "
                f"WHEN lower({column}) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END"
            )
        if name == "BINARY":
            hexadecimal = f"CASE WHEN regexp_full_match({column}, '([0-9A-Fa-f]{{2}})*') "
            return {
                "HEX": f"{hexadecimal} THEN unhex({column}) END",
                "BASE64": f"TRY(from_base64({column}))",
            }.get(str(self["BINARY_FORMAT"] or "HEX").upper(), f"encode({column})")
        if name == "OBJECT":
            return f"TRY_CAST({column} AS JSON)"
        if name == "ARRAY":
            return f"TRY_CAST(TRY_CAST({column} AS JSON)::VARIANT AS VARIANT[])"
        plain = f"TRY_CAST({column} AS {to.duckdb})"
        kind = "TIMESTAMP" if to.is_timestamp else name
        if kind not in ("DATE", "TIME", "TIMESTAMP"):
            return plain
        asked = str(self[f"{kind}_FORMAT"] or "AUTO")
        if asked.upper() == "AUTO":
            if name == "TIME":
                return plain
            return f"coalesce({plain}, {_parsed(column, _DATES, to)})"
        return _parsed(column, [strptime(asked)], to)


def literal(path: Path) -> str:
    """Return a path as DuckDB's literal for that one file: its name is no pattern."""
    return text(re.sub(r"([*?\[{])", r"[\1]", str(path)))


def strptime(written: str) -> str:
    """Return Snowflake's date format as strptime's."""
    escaped = written.replace("%", "%%").replace('"', "")
    return _ELEMENT.sub(lambda found: _ELEMENTS[found.group().upper()], escaped)


def _parsed(column: str, formats: Sequence[str], to: SqlType) -> str:
    listed = ", ".join(text(one) for one in formats)
    return f"CAST(try_strptime({column}, [{listed}]) AS {to.duckdb})"
