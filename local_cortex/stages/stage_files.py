"""Stages and file formats, and the files on a server's stages.

A stage is a folder inside the server's own temporary folder. PUT and GET tell the client which
folder that is, and the client copies the files itself: it always runs on the same machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_cortex.database.catalog import Entry, Name, Table
from local_cortex.sql.bounds import MAX_OBJECTS
from local_cortex.sql.names import written
from local_cortex.sql.sql_error import SqlError, compile_error, too_large
from local_cortex.stages.file_formats import (
    FileFormat,
    invalid_option,
    name_of,
    options_of,
    unquoted,
)

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

MAX_STAGE_BYTES = 500_000_000  # of all files in all stages; they are on the learner's disk
MAX_STAGE_FILES = 10_000
MAX_FOLDER_NAME = 255  # bytes, what file systems allow
# Where a file would have its address if a browser could fetch it; no such host can ever exist.
FILE_HOST = "https://local-cortex.invalid/api/files"
# Options of CREATE STAGE that change nothing here.
_IGNORED: Final = (
    *(
        "URL",
        "DIRECTORY",
        "ENCRYPTION",
        "COPY_OPTIONS",
        "TemporaryProperty",
        "SchemaCommentProperty",
    ),
    *("STORAGE_INTEGRATION", "CredentialsProperty", "ENDPOINT", "USE_PRIVATELINK_ENDPOINT"),
)

_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_LOCATION: Final = re.compile(
    rf"@(?:(?P<user>~)|(?P<space>(?:{_NAME}\.){{0,2}})(?P<table>%?)(?P<name>{_NAME}))"
    r"(?:/(?P<path>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class File:
    """A file in a stage; ``name`` is its path there."""

    name: str
    path: Path
    size: int
    modified: float

    @property
    def at(self) -> dt.datetime:
        """When it was put there, in UTC."""
        return dt.datetime.fromtimestamp(self.modified, dt.UTC)

    def md5(self) -> str:
        """Return the checksum of its bytes."""
        with self.path.open("rb") as content:
            make = lambda: hashlib.md5(usedforsecurity=False)  # noqa: E731
            return hashlib.file_digest(content, make).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFormat(Entry):
    """A file format."""

    kind: str = "FILE FORMAT"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(NamedFormat):
    """A stage, with a file format of its own."""

    kind: str = "STAGE"
    folder: Path

    def discard(self, cursor: Any) -> None:  # noqa: ARG002 - the files are not in DuckDB
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def label(self) -> str:
        """What LIST puts before a file's path."""
        name = self.name.name
        return name.lower() if written(name) == name else name

    def at(self, prefix: str) -> Path:
        """Return the folder of the files directly under a prefix, made if it is missing."""
        # One level, since an object store may hold both "a" and "a/b".
        name = "=" + quote(prefix.strip("/"), safe=" ")
        if len(name) > MAX_FOLDER_NAME:
            raise bad_path(prefix)
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def files(self, prefix: str) -> list[File]:
        """Return the files whose path begins with ``prefix``, by name. Links are left out."""
        found = []
        for folder in self.folder.iterdir() if self.folder.exists() else ():
            parent = unquote(folder.name[1:])
            for path in folder.iterdir() if not folder.is_symlink() else ():
                name = f"{parent}/{path.name}" if parent else path.name
                if name.startswith(prefix) and path.is_file() and not path.is_symlink():
                    stat = path.stat()
                    found.append(File(name, path, stat.st_size, stat.st_mtime))
        return sorted(found, key=lambda file: file.name)

    def shown(self, file: File) -> str:
        """Return a file's name as LIST and COPY INTO show it."""
        return f"{self.label}/{file.name}" if self.label else file.name

    @property
    def url(self) -> str:
        """What the addresses of its files begin with: they only tell which file is meant."""
        name = self.name
        return "/".join([FILE_HOST, *map(quote, (name.database, name.schema, name.name))]) + "/"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a stage: ``@stage/path``."""

    stage: Stage
    path: str = ""

    def files(
        self, execution: Execution, pattern: str | None = None, names: Any = None
    ) -> list[File]:
        """Return the files there that PATTERN matches, a regular expression of the whole path.

        With ``names``, those of FILES = (...), in its order.
        """
        files = self.stage.files(self.path)
        if pattern is not None and files:
            # DuckDB's regular expressions take linear time, whatever the learner writes.
            sql = "SELECT name FROM (SELECT unnest(?) AS name) WHERE regexp_full_match(name, ?)"
            try:
                rows = execution.cursor.execute(sql, [[file.name for file in files], pattern])
                matching = {name for (name,) in rows.fetchall()}
            except Exception as error:
                message = f"Invalid regular expression: '{pattern}'"
                raise SqlError(message, code="100048", sqlstate="2201B") from error
            files = [file for file in files if file.name in matching]
        if names is None:
            return files
        parent = f"{self.path.strip('/')}/" if self.path else ""
        by_name = {file.name.removeprefix(parent): file for file in files}
        listed = [str(name) for name in (names if isinstance(names, list) else [names])]
        if missing := [name for name in listed if name not in by_name]:
            raise SqlError(
                f"Remote file '{self.stage.label}/{parent}{missing[0]}' was not found. If you are "
                "running a copy command, please make sure files are not deleted when they are "
                "being loaded.",
                code="091016",
                sqlstate="22000",
            )
        return [by_name[name] for name in listed]


class Stages:
    """The files of one server's stages, and what was loaded of them; safe between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # What COPY INTO has loaded: the table, when it was made, and the file as it was.
        self.loaded: set[tuple[str, dt.datetime, File]] = set()
        self._lock = threading.Lock()
        self._own: dict[tuple[str, ...], Stage] = {}
        self._numbers = count(1)

    def new_folder(self) -> Path:
        """Return a folder for a new stage: nothing that a learner wrote gets into its name."""
        return self.folder / f"stage{next(self._numbers)}"

    def own(self, *key: str) -> Stage:
        """Return the stage that a user or a table always has."""
        with self._lock:
            if key not in self._own:
                if len(self._own) >= MAX_OBJECTS:
                    raise too_large("Stages of tables", MAX_OBJECTS, "Create a stage for several.")
                self._own[key] = Stage(name=Name("", "", ""), folder=self.new_folder())
            return self._own[key]

    def remember_loaded(self, table: Table, files: Sequence[File]) -> None:
        with self._lock:
            if len(self.loaded) >= MAX_STAGE_FILES:
                self.loaded = {one for one in self.loaded if one[2].path.exists()}
            self.loaded |= {(table.duckdb, table.created, file) for file in files}

    def forget_loaded(self, duckdb_name: str) -> None:
        """Forget what was loaded into a table that has been truncated."""
        with self._lock:
            self.loaded = {one for one in self.loaded if one[0] != duckdb_name}

    def check_room(self, more: int = 0) -> None:
        """Raise 000002 unless the stages can hold what they do, and ``more`` bytes."""
        sizes = [path.lstat().st_size for path in self.folder.rglob("*") if path.is_file()]
        advice = "Remove some with REMOVE @stage."
        if sum(sizes) + more > MAX_STAGE_BYTES:
            raise too_large("Bytes in all stages", MAX_STAGE_BYTES, advice)
        if len(sizes) > MAX_STAGE_FILES:
            raise too_large("Files in all stages", MAX_STAGE_FILES, advice)

    def hide(self, message: str) -> str:
        """Return a message of DuckDB's without the folders of this machine."""
        return re.sub(re.escape(str(self.folder)) + r"/[^/\s\"']+/=?/?", "", message)


def location(execution: Execution, node: Any, *, full: bool = False) -> Location:
    """Return the place that ``@stage/path`` names, with or without quotes around it.

    Without ``full`` it raises 000002 while the stages hold more than they may.
    """
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        node = node.this
    place = unquoted(node if isinstance(node, str) else name_of(node))
    if place == "?" and execution.binds:
        # sqlglot sees no bind where a place should be; write_pandas sends one.
        place = str(next(iter(execution.binds.values())).values[0])
    found = _LOCATION.fullmatch(place.strip())
    if found is None:
        raise bad_path(place)
    stages = execution.database.stages
    if not full:
        stages.check_room()
    path = checked(found["path"] or "")
    if found["user"]:
        return Location(stages.own("~", execution.session.user), path)
    name = execution.resolve(named(found["space"] + found["name"]))
    if found["table"]:
        owner = execution.find(Table, "Table", name)
        return Location(stages.own("%", owner.duckdb, str(owner.created)), path)
    return Location(execution.find(Stage, "Stage", name), path)


def stage_options(execution: Execution, properties: Any) -> dict[str, Any]:
    """Return the options of the file format that CREATE STAGE gives; 001003 for an unknown one."""
    options: dict[str, Any] = {}
    for one in properties.expressions if properties else ():
        option = one.name.upper() if type(one) is exp.Property else type(one).__name__
        if option == "FileFormatProperty":
            options = options_of(one.expressions)
            file_format(execution, options)
        elif option not in _IGNORED:
            raise invalid_option(option)
    return options


def stage_note(properties: Any) -> str:
    """Return what the answer to CREATE STAGE adds where files are elsewhere."""
    for one in properties.expressions if properties else ():
        if type(one) is exp.Property and one.name.upper() == "URL":
            url = name_of(one.args["value"])
            return f" Local Cortex does not reach {url}: the stage is empty; use PUT."
    return ""


def file_format(execution: Execution, given: Any, stage: Stage | None = None) -> FileFormat:
    """Return the format that a statement gives: options, or a format's name; else the stage's."""
    own = stage.options if stage else {}
    given = {"FORMAT_NAME": given} if isinstance(given, str) else dict(given or own)
    name = given.pop("FORMAT_NAME", None)
    if name is None:
        return FileFormat.of({"TYPE": own.get("TYPE", "CSV"), **given})
    found = execution.find(NamedFormat, "File format", execution.resolve(named(str(name))))
    return FileFormat.of({**found.options, **given})


def named(name: str) -> exp.Table:
    """Parse a dotted name."""
    try:
        return exp.to_table(name.strip(), dialect="snowflake")
    except SqlglotError:
        raise bad_path(name) from None


def checked(path: str) -> str:
    """Return a path without empty parts, or raise 001003 if it would lead out of its stage."""
    *parents, last = path.split("/")
    if any(one in (".", "..") or "\0" in one or "\\" in one for one in (*parents, last)):
        raise bad_path(path)
    return "/".join([*filter(None, parents), last])


def bad_path(path: str) -> SqlError:
    return compile_error(f"invalid stage location '{path}'")


def bind(execution: Execution, tree: exp.Expression) -> None:
    """Put the values that the client bound in place of the ``?`` in a tree."""
    for node in list(tree.find_all(exp.Placeholder)):
        value = execution.binds.get(str(node.this))
        if value is not None:
            node.replace(value.literal())


def target(execution: Execution, tree: exp.Expression) -> Name:
    """Return the name of what a DESCRIBE or COPY INTO is about."""
    return execution.resolve(tree.this.this if isinstance(tree.this, exp.Schema) else tree.this)
