"""File formats: the options of CSV, JSON and PARQUET, and how DuckDB reads such a file."""

# Every part of these statements is made here: what a learner wrote is in quotes.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlglot import exp

from local_cortex.dialect.date_formats import moment
from local_cortex.sql.sql_error import SqlError, compile_error, not_run
from local_cortex.wire.types import SqlType

MAX_JSON_BYTES = 16_777_216  # of one JSON document, as in Snowflake
MAX_LINE_BYTES = 8_388_608  # of a CSV file; DuckDB holds as much for each file that it reads
# No field of a text file is this, so that reading with it as NULL tells empty from missing.
NEVER = "\x01\x02never\x03"

_ALL: Final[dict[str, Any]] = {
    "TYPE": "CSV",
    "COMPRESSION": "AUTO",
    "TRIM_SPACE": False,
    "NULL_IF": [],
    # These change nothing here.
    **dict.fromkeys(("REPLACE_INVALID_CHARACTERS", "SKIP_BYTE_ORDER_MARK")),
}
_TEXT: Final = {
    **_ALL,
    **dict.fromkeys(("DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT"), "AUTO"),
    "BINARY_FORMAT": "HEX",
    "MULTI_LINE": True,
}
_OPTIONS: Final = {
    "CSV": {
        **_TEXT,
        "FIELD_DELIMITER": ",",
        "RECORD_DELIMITER": "\n",
        "SKIP_HEADER": 0,
        "PARSE_HEADER": False,
        "FIELD_OPTIONALLY_ENCLOSED_BY": None,
        "ESCAPE": None,
        "ESCAPE_UNENCLOSED_FIELD": "\\",
        "NULL_IF": ["\\N"],
        "EMPTY_FIELD_AS_NULL": True,
        "ERROR_ON_COLUMN_COUNT_MISMATCH": True,
        "ENCODING": "UTF8",
        **dict.fromkeys(("SKIP_BLANK_LINES", "VALIDATE_UTF8")),
    },
    "JSON": {**_TEXT, "STRIP_OUTER_ARRAY": False},
    "PARQUET": {
        **_ALL,
        "BINARY_AS_TEXT": True,
        **dict.fromkeys(("SNAPPY_COMPRESSION", "USE_LOGICAL_TYPE", "USE_VECTORIZED_SCANNER")),
    },
}
# The values that an option may have, and DuckDB's word for each.
_WORDS: Final[dict[str, dict[Any, str]]] = {
    "COMPRESSION": {one: str(one).lower() for one in ("AUTO", "GZIP", "ZSTD", "NONE", "SNAPPY")},
    "ENCODING": {
        **dict.fromkeys(("UTF8", "UTF-8"), "utf-8"),
        **dict.fromkeys(("UTF16", "UTF-16"), "utf-16"),
        **dict.fromkeys(("ISO88591", "ISO-8859-1"), "latin-1"),
    },
    "RECORD_DELIMITER": dict.fromkeys(("\n", "\r\n", "\r", "\\N", "\\R\\N", "NONE"), ""),
    "BINARY_FORMAT": {"HEX": ""},
}
_DATES: Final = ["%m/%d/%Y", "%d-%b-%Y"]  # what AUTO takes besides ISO dates


def text(value: object) -> str:
    """Return DuckDB's literal for a text."""
    return "'" + str(value).replace("'", "''") + "'"


def value_of(node: Any) -> Any:
    """Return an option's value: ``str``, ``bool``, ``int``, ``list`` of them, or ``None``."""
    if isinstance(node, exp.Paren | exp.Tuple):
        return [value_of(one) for one in node.expressions or filter(None, [node.this])]
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    name = name_of(node)
    if isinstance(node, exp.Literal):
        return int(name) if not node.is_string and name.isdecimal() else name
    return None if name.upper() == "NONE" else name


def options_of(nodes: Iterable[Any] | None) -> dict[str, Any]:
    """Return ``NAME = value`` nodes as a dictionary with names in capitals."""
    options = {}
    for node in nodes or ():
        if type(node) in (exp.Property, exp.CopyParameter):
            value = node.args.get("value") or node.args.get("expression")
            nested = options_of(node.expressions)
            options[node.name.upper()] = nested or (None if value is None else value_of(value))
    return options


def name_of(node: Any) -> str:
    return str(node.this if isinstance(node, exp.Literal) else node.sql("snowflake"))


def unquoted(place: str) -> str:
    if len(place) > 1 and place[0] == place[-1] == "'":
        return re.sub(r"\\(.)|'(')", r"\1\2", place[1:-1], flags=re.DOTALL)
    return place


def invalid_option(name: str) -> SqlError:
    """An option that the statement or the file format does not have."""
    return compile_error(f"invalid parameter '{name}'")


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: its type, and every option of that type."""

    type: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> FileFormat:
        """Make one from the options of a statement; 000002 or 001003 for one that is not read."""
        kind = str(given.get("TYPE", "CSV")).upper()
        known = _OPTIONS.get(kind)
        if known is None:
            raise not_run(f"file format {kind}", "Local Cortex reads CSV, JSON and PARQUET.")
        for name in given.keys() - known.keys():
            raise invalid_option(name)
        options = {**known, **given}
        for name in _WORDS.keys() & known.keys():
            if str(options[name]).upper() not in _WORDS[name]:
                listed = ", ".join(repr(one) for one in _WORDS[name])
                raise not_run(f"{name} = {options[name]}", f"Use one of {listed}.")
        if not str(options.get("SKIP_HEADER", 0)).isdecimal():
            raise invalid_option("SKIP_HEADER")
        nulls = options["NULL_IF"] or []
        options["NULL_IF"] = [str(one) for one in (nulls if isinstance(nulls, list) else [nulls])]
        return cls(kind, options)

    def __getitem__(self, name: str) -> Any:
        return self.options.get(name)

    def word(self, option: str) -> str:
        """Return DuckDB's word for the value of an option."""
        return _WORDS[option][str(self[option]).upper()]

    @property
    def delimiter(self) -> str:
        written = self["FIELD_DELIMITER"]
        return str({"\\t": "\t", None: "\x02"}.get(written, written))

    @property
    def skipped(self) -> int:
        """How many lines of a CSV file come before its data."""
        return int(self["SKIP_HEADER"] or 0) + bool(self["PARSE_HEADER"])

    def csv(self, paths: Sequence[Path], count: int = 0, *, complete: bool = False) -> str:
        """Return DuckDB's source of CSV files, all of whose columns are text.

        They are ``c1`` to ``c<count>``; without a count, those of the header. Fields that a row
        lacks are NULL; empty ones and those of NULL_IF are, too, unless ``complete``.
        """
        quote = self["FIELD_OPTIONALLY_ENCLOSED_BY"] or ""
        escape = self["ESCAPE"] or quote or self["ESCAPE_UNENCLOSED_FIELD"] or ""
        # DuckDB compares before it takes out escapes, as it has to be for "\\N".
        empty = [""] if self["EMPTY_FIELD_AS_NULL"] else []
        nulls = [NEVER] if complete else [*self["NULL_IF"], *empty] or [NEVER]
        columns = ", ".join(f"c{at + 1}: 'VARCHAR'" for at in range(count))
        own = (
            f"auto_detect = false, header = false, columns = {{{columns}}}, skip = {self.skipped}"
            if count
            else f"header = {bool(self['PARSE_HEADER'])}, union_by_name = true, "
            f"all_varchar = true, skip = {int(self['SKIP_HEADER'])}"
        )
        return (
            f"read_csv({_files(paths)}, {own}, parallel = false, null_padding = true, "
            f"strict_mode = false, allow_quoted_nulls = false, delim = {text(self.delimiter)}, "
            f"quote = {text(quote)}, escape = {text(escape)}, "
            f"nullstr = [{', '.join(map(text, nulls))}], encoding = {text(self.word('ENCODING'))}, "
            f"compression = {text(self.word('COMPRESSION'))}, max_line_size = {MAX_LINE_BYTES}, "
            f"buffer_size = {MAX_LINE_BYTES})"
        )

    def field(self, column: str) -> str:
        """Return a CSV field as TRIM_SPACE and NULL_IF make it."""
        value = f"trim({column})" if self["TRIM_SPACE"] else column
        nulls = ", ".join(map(text, self["NULL_IF"]))
        return f"CASE WHEN {value} NOT IN ({nulls}) THEN {value} END" if nulls else value

    def rows(self, path: Path, count: int, extra: Sequence[str] = (), joined: str = "") -> str:
        """Return a query for a file's ``count`` columns, or its one VARIANT, and ``extra`` ones."""
        values = {"JSON": "json::VARIANT AS c1", "PARQUET": '"~row"::VARIANT AS c1'}
        columns = [values.get(self.type, ""), *extra]
        if self.type == "CSV":
            columns[:1] = [f"{self.field(f'c{at + 1}')} AS c{at + 1}" for at in range(count)]
            source = self.csv([path], count)
        elif self.type == "JSON":
            source = f"read_json_objects({self._json([path])})"
        else:
            as_text = bool(self["BINARY_AS_TEXT"])
            source = f'read_parquet({_files([path])}, binary_as_string = {as_text}) AS "~row"'
        return f"SELECT {', '.join(columns)} FROM {source}{joined}"

    def table(self, paths: Sequence[Path]) -> str:
        """Return DuckDB's source of files with the names and types of their own columns."""
        if self.type == "CSV":
            return self.csv(paths)
        if self.type == "JSON":
            return (
                f"read_json({self._json(paths)}, union_by_name = true, "
                "map_inference_threshold = -1, field_appearance_threshold = 0)"
            )
        return f"read_parquet({_files(paths)}, union_by_name = true)"

    def _json(self, paths: Sequence[Path]) -> str:
        layout = "array" if self["STRIP_OUTER_ARRAY"] else "unstructured"
        return (
            f"{_files(paths)}, format = '{layout}', maximum_object_size = {MAX_JSON_BYTES}, "
            f"compression = {text(self.word('COMPRESSION'))}"
        )

    def cast(self, value: str, have: str, to: SqlType) -> str:
        """Return a value of DuckDB's type ``have`` as one of a column's; NULL where it is none."""
        if to.name == "TEXT":
            value = value if have == "VARCHAR" else f"main.sf_text({value})"
            return f"CASE WHEN length({value}) <= {to.length} THEN {value} END"
        if have == to.duckdb:
            return value
        if have == "VARCHAR":
            return self._parsed(value, to)
        plain = f"TRY_CAST({value} AS {to.duckdb})"
        if have == "VARIANT" and to.name == "ARRAY":
            # A value that is no list becomes a list of one.
            return f"CASE WHEN {value} IS NOT NULL THEN coalesce({plain}, [{value}]) END"
        return plain

    def _parsed(self, value: str, to: SqlType) -> str:
        plain = f"TRY_CAST({value} AS {to.duckdb})"
        if to.name in ("BOOLEAN", "BINARY"):
            return f"main.sf_TRY_TO_{to.name}({value})"
        if to.name == "ARRAY":
            return f"TRY_CAST(TRY_CAST({value} AS JSON)::VARIANT AS VARIANT[])"
        kind = "TIMESTAMP" if to.is_timestamp else to.name
        asked = str(self[f"{kind}_FORMAT"] or "AUTO")
        formats = _DATES if asked.upper() == "AUTO" else [moment(asked)]
        if kind not in ("DATE", "TIMESTAMP", "TIME") or (kind == "TIME" and formats is _DATES):
            return plain
        found = f"try_strptime({value}, [{', '.join(map(text, formats))}])::{to.duckdb}"
        return f"coalesce({plain}, {found})" if formats is _DATES else found


def _files(paths: Sequence[Path]) -> str:
    # In brackets a character stands for itself: a file's name is no pattern.
    names = (text(re.sub(r"([*?\[{])", r"[\1]", str(path))) for path in paths)
    return f"[{', '.join(names)}]"
