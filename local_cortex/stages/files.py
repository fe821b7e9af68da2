"""The stages and file formats of a server, and the files on its stages.

A stage is a folder inside the server's own temporary folder. PUT and GET tell the client which
folder that is, and the client copies the files itself: it always runs on the same machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_cortex.sql.errors import SqlError, object_missing, too_large
from local_cortex.sql.limits import MAX_OBJECTS
from local_cortex.sql.names import written
from local_cortex.stages.file_formats import FileFormat, name_of, unquoted

if TYPE_CHECKING:
    from local_cortex.database.catalog import Table
    from local_cortex.database.execution import Execution

__all__ = ["File", "Location", "NamedFormat", "Stage", "Stages", "file_format", "location"]

MAX_STAGE_BYTES = 500_000_000  # of all files in all stages; they are on the learner's disk
MAX_STAGE_FILES = 10_000
MAX_FOLDER_NAME = 255  # bytes, what file systems allow
# Where a file would have its address if a browser could fetch it; no such host can ever exist.
FILE_HOST = "https://local-cortex.invalid/api/files"

_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_LOCATION: Final = re.compile(
    rf"@(?:(?P<user>~)|(?P<space>(?:{_NAME}\.){{0,2}})(?P<table>%?)(?P<name>{_NAME}))"
    r"(?:/(?P<path>.*))?",
    re.DOTALL,
)

Name = tuple[str, str, str]


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


@dataclass(slots=True, eq=False, kw_only=True)
class NamedFormat:
    """A file format; ``owner`` is the session that alone sees it, if it is temporary."""

    name: Name
    options: dict[str, Any] = field(default_factory=dict)
    owner: int | None = None
    comment: str = ""
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


@dataclass(slots=True, eq=False, kw_only=True)
class Stage(NamedFormat):
    """A stage, with a file format of its own; ``label`` is what LIST puts before a file's path."""

    label: str
    folder: Path
    directory: bool = False

    def at(self, prefix: str) -> Path:
        """Return the folder of the files directly under a prefix, made if it is missing.

        Raises:
            SqlError: 001003, no folder can have this name.
        """
        # One level, since an object store may hold both "a" and "a/b".
        name = "=" + quote(prefix.strip("/"), safe=" ")
        if len(name) > MAX_FOLDER_NAME:
            raise bad_path(prefix)
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def files(self, prefix: str = "") -> list[File]:
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
        return "/".join([FILE_HOST, *map(quote, self.name)]) + "/"


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

        Raises:
            SqlError: 100048, the pattern is no regular expression; 091016, a file is missing.
        """
        files = self.stage.files(self.path)
        if pattern is not None and files:
            # DuckDB's regular expressions take linear time, whatever the learner writes.
            try:
                rows = execution.cursor.execute(
                    "SELECT regexp_full_match(name, ?) FROM (SELECT unnest(?) AS name)",
                    [pattern, [file.name for file in files]],
                ).fetchall()
            except Exception as error:
                message = f"Invalid regular expression: '{pattern}'"
                raise SqlError(message, code="100048", sqlstate="2201B") from error
            files = [file for file, (matches,) in zip(files, rows, strict=True) if matches]
        if names is None:
            return files
        parent = f"{self.path.strip('/')}/" if self.path else ""
        by_name = {file.name.removeprefix(parent): file for file in files}
        listed = [str(name) for name in (names if isinstance(names, list) else [names])]
        for name in listed:
            if name not in by_name:
                raise SqlError(
                    f"Remote file '{self.stage.label}/{parent}{name}' was not found. If you are "
                    "running a copy command, please make sure files are not deleted when they are "
                    "being loaded.",
                    code="091016",
                    sqlstate="22000",
                )
        return [by_name[name] for name in listed]


class Stages:
    """The stages and file formats of one server, their files under ``folder``, and what was loaded.

    Safe to use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # What COPY INTO has loaded: the table, when it was made, and the file as it was.
        self.loaded: set[tuple[str, dt.datetime, File]] = set()
        self._lock = threading.RLock()
        self._own: dict[tuple[str, ...], Stage] = {}
        self._named: dict[tuple[type, Name, int | None], Any] = {}
        self._numbers = count(1)

    def _folder(self) -> Path:
        # A number as its name: nothing that a learner wrote gets into the path.
        return self.folder / f"stage{next(self._numbers)}"

    def create(self, kind: type, name: Name, owner: int | None, **more: Any) -> None:
        """Make a Stage or NamedFormat, in place of one that has this name."""
        if kind is Stage:
            more["label"] = name[2].lower() if written(name[2]) == name[2] else name[2]
            more["folder"] = self._folder()
        with self._lock:
            self.drop(kind, name, owner)
            _check_count(self._named)
            self._named[kind, name, owner] = kind(name=name, owner=owner, **more)

    def find(self, kind: type, name: Name, session: int) -> Any:
        """Return what a session means by a name: its temporary one before another."""
        return self._named.get((kind, name, session)) or self._named.get((kind, name, None))

    def own(self, *key: str) -> Stage:
        """Return the stage that a user or a table always has."""
        with self._lock:
            if key not in self._own:
                _check_count(self._own)
                self._own[key] = Stage(name=("", "", ""), label="", folder=self._folder())
            return self._own[key]

    def drop(self, kind: type, name: Name, owner: int | None) -> None:
        """Remove a stage with its files, or a file format."""
        found = self._named.pop((kind, name, owner), None)
        if isinstance(found, Stage):
            shutil.rmtree(found.folder, ignore_errors=True)

    def seen(self, kind: type, session: int) -> list[Any]:
        """Return what a session sees, by name."""
        with self._lock:
            found = [self._named[key] for key in self._named if key[0] is kind]
        return sorted((one for one in found if one.owner in (None, session)), key=lambda o: o.name)

    def shown(self, execution: Execution) -> list[tuple[Any, ...]]:
        """Return the rows of SHOW STAGES."""
        session = execution.session
        return [
            (
                *(one.created, one.name[2], *one.name[:2], "", "N", "N", session.role, one.comment),
                *(None, "INTERNAL" if one.owner is None else "INTERNAL TEMPORARY"),
                "Y" if one.directory else "N",
            )
            for one in self.seen(Stage, session.session_id)
        ]

    def shown_formats(self, execution: Execution) -> list[tuple[Any, ...]]:
        """Return the rows of SHOW FILE FORMATS."""
        rows = []
        for one in self.seen(NamedFormat, execution.session.session_id):
            read = FileFormat.of(one.options)
            options = json.dumps({**read.options, "TYPE": read.type})
            place = (one.created, one.name[2], *one.name[:2], read.type)
            rows.append((*place, execution.session.role, one.comment, options))
        return rows

    def forget(self, session: int) -> None:
        """Drop the temporary stages and file formats of a session that has ended."""
        self._drop_all(lambda _, owner: owner == session)

    def forget_schema(self, database: str, schema: str | None = None) -> None:
        """Drop what was in a schema, or a database, that has been dropped."""
        self._drop_all(lambda name, _: name[0] == database and schema in (None, name[1]))

    def _drop_all(self, which: Callable[[Name, int | None], bool]) -> None:
        with self._lock:
            for kind, name, owner in list(self._named):
                if which(name, owner):
                    self.drop(kind, name, owner)

    def remember_loaded(self, table: Table, files: Sequence[File]) -> None:
        """Remember that files have been loaded."""
        with self._lock:
            if len(self.loaded) >= MAX_STAGE_FILES:
                self.loaded = {one for one in self.loaded if one[2].path.exists()}
            self.loaded |= {(table.duckdb, table.created, file) for file in files}

    def forget_loaded(self, duckdb_name: str) -> None:
        """Forget what was loaded into a table that has been truncated."""
        with self._lock:
            self.loaded = {one for one in self.loaded if one[0] != duckdb_name}

    def check_room(self, more: int = 0) -> None:
        """Make sure that the stages can hold what they do, and so many bytes more.

        Raises:
            SqlError: 000002, the stages are full.
        """
        sizes = [path.lstat().st_size for path in self.folder.rglob("*") if path.is_file()]
        advice = "Remove some with REMOVE @stage."
        if sum(sizes) + more > MAX_STAGE_BYTES:
            raise too_large("Bytes in all stages", MAX_STAGE_BYTES, advice)
        if len(sizes) > MAX_STAGE_FILES:
            raise too_large("Files in all stages", MAX_STAGE_FILES, advice)

    def hide(self, message: str) -> str:
        """Return a message of DuckDB's without the folders of this machine."""
        return re.sub(re.escape(str(self.folder)) + r"/[^/\s\"']+/=?", "", message)


def _check_count(known: Sized) -> None:
    if len(known) >= MAX_OBJECTS:
        raise too_large("Stages and file formats", MAX_OBJECTS, "Drop some.")


def location(execution: Execution, node: Any, *, full: bool = False) -> Location:
    """Return the place that ``@stage/path`` names, with or without quotes around it.

    ``full`` lets the statement run even while the stages hold more than they may.

    Raises:
        SqlError: 002003, there is no such stage; 001003, no place is written like this; 000002,
            the stages are full.
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
    stages, session = execution.stages, execution.session
    if not full:
        stages.check_room()
    path = checked(found["path"] or "")
    if found["user"]:
        return Location(stages.own("~", session.user), path)
    name = execution.resolve(named(found["space"] + found["name"]))
    if found["table"]:
        owner = execution.table(*name)
        return Location(stages.own("%", owner.duckdb, str(owner.created)), path)
    stage = stages.find(Stage, name, session.session_id)
    if stage is None:
        raise object_missing("Stage", written(*name))
    return Location(stage, path)


def file_format(execution: Execution, given: Any, stage: Stage | None = None) -> FileFormat:
    """Return the format that a statement gives: options, or a format's name; else the stage's.

    Raises:
        SqlError: 002003, there is no such file format; 001003, an option is unknown.
    """
    own = stage.options if stage else {}
    given = {"FORMAT_NAME": given} if isinstance(given, str) else dict(given or own)
    name = given.pop("FORMAT_NAME", None)
    if name is None:
        return FileFormat.of({"TYPE": own.get("TYPE", "CSV"), **given})
    place = execution.resolve(named(str(name)))
    found = execution.stages.find(NamedFormat, place, execution.session.session_id)
    if found is None:
        raise object_missing("File format", written(*place))
    return FileFormat.of({**found.options, **given})


def named(name: str) -> exp.Table:
    """Parse a dotted name."""
    try:
        return exp.to_table(name.strip(), dialect="snowflake")
    except SqlglotError:
        raise bad_path(name) from None


def checked(path: str) -> str:
    """Return a path within a stage, without empty parts.

    Raises:
        SqlError: 001003, it would lead out of the stage.
    """
    *parents, last = path.split("/")
    if any(one in (".", "..") or "\0" in one or "\\" in one for one in (*parents, last)):
        raise bad_path(path)
    return "/".join([*filter(None, parents), last])


def bad_path(path: str) -> SqlError:
    message = f"SQL compilation error:\ninvalid stage location '{path}'"
    return SqlError(message, code="001003", sqlstate="42000")


def bind(execution: Execution, tree: exp.Expression) -> None:
    """Put the values that the client bound in place of the ``?`` in a tree."""
    for node in list(tree.find_all(exp.Placeholder)):
        value = execution.binds.get(str(node.this))
        if value is not None:
            node.replace(value.literals()[0])


def target(execution: Execution, tree: exp.Expression) -> Name:
    """Return the name of what a CREATE, DROP or COPY INTO is about."""
    node: Any = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if isinstance(node, exp.Table) and isinstance(node.this, exp.DynamicIdentifier):
        node = named(name_of(node.this.this))
    return execution.resolve(node)
