"""Which databases and schemas there are and what is in them, as Snowflake knows it.

DuckDB holds the rows. It has one schema for each pair of Snowflake's database and schema, and one
for the temporary tables of each session there, since its own temporary tables belong to a
connection and a session has several.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from local_cortex.sql.bounds import MAX_OBJECTS
from local_cortex.sql.names import MARK, encode, in_quotes, written
from local_cortex.sql.sql_error import exists_already, object_missing, too_large
from local_cortex.wire.types import SqlType

INFORMATION_SCHEMA = "INFORMATION_SCHEMA"  # the schema of every database's own views
USAGE = "ACCOUNT_USAGE"  # such a schema of the database SNOWFLAKE


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """Database, schema and name of an object; a schema has no name, a database no schema."""

    database: str
    schema: str = ""
    name: str = ""

    def __str__(self) -> str:
        return written(*filter(None, (self.database, self.schema, self.name)))

    @property
    def short(self) -> str:
        """Its last part, as a message shows it."""
        return written(self.name or self.schema or self.database)


@dataclass(frozen=True, slots=True)
class Column:
    """A column as DESCRIBE TABLE shows it; ``default`` is Snowflake SQL."""

    name: str
    type: SqlType
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
    primary_key: bool = False
    unique_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something with a name; ``kind`` is Snowflake's word for it.

    Only the session ``owner`` sees a temporary object.
    """

    name: Name
    kind: str
    owner: int | None = None
    comment: str = ""
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    def discard(self, cursor: Any) -> None:
        """Delete what it stands for; ``cursor`` is a connection of DuckDB's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Entry):
    """A database or a schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Entry):
    """A table or view; ``text`` is a view's query."""

    kind: str = "TABLE"
    columns: tuple[Column, ...] = ()
    transient: bool = False
    text: str = ""

    def discard(self, cursor: Any) -> None:
        if self.kind != "VIEW":
            cursor.execute(f"DROP TABLE IF EXISTS {self.duckdb} CASCADE")

    @property
    def duckdb_schema(self) -> str:
        """DuckDB's schema of it, quoted."""
        owner = "" if self.owner is None else f"{MARK}{self.owner}"
        return in_quotes(f"{encode(self.name.database)}{MARK}.{encode(self.name.schema)}{owner}")

    @property
    def duckdb(self) -> str:
        """DuckDB's name of it, quoted."""
        return f"{self.duckdb_schema}.{in_quotes(encode(self.name.name))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent(Entry):
    """A Cortex Agent: its specification as it was written, and its profile as JSON text."""

    kind: str = "AGENT"
    given: Mapping[str, Any]
    profile: str = ""


E = TypeVar("E", bound=Entry)


class Catalog:
    """All of them by type, owner and name: a stage may be called like a table. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: dict[tuple[type[Entry], int | None, Name], Entry] = {}

    def seen(self, kind: type[E], session: int) -> list[E]:
        """Return what a session sees of a type, by name."""
        with self._lock:
            found = list(self._entries.values())
        seen = [one for one in found if type(one) is kind and one.owner in (None, session)]
        return sorted(seen, key=lambda one: one.name)

    def has(self, database: str | None, schema: str | None = None) -> bool:
        """Return whether there is such a database, or such a schema in it."""
        within = "" if schema in (None, INFORMATION_SCHEMA) else str(schema)
        return self.at(Place, Name(database or "", within), None) is not None

    def find(self, kind: type[E], name: Name, session: int) -> E | None:
        """Return what a session means by a name: its own temporary object before any other."""
        found = (self.at(kind, name, owner) for owner in (session, None))
        return next((one for one in found if isinstance(one, kind)), None)

    def at(self, kind: type[Entry], name: Name, owner: int | None) -> Entry | None:
        """Return the object of exactly this owner; ``None`` as owner is everybody."""
        return self._entries.get((kind, owner, name))

    def create(self, name: Name, comment: str = "") -> None:
        """Make a database with its schema PUBLIC, or a schema; errors as of :meth:`place`."""
        with self._lock:
            if name.schema == INFORMATION_SCHEMA:
                raise exists_already(name.short)
            kind = "SCHEMA" if name.schema else "DATABASE"
            self.place(Place(name=name, kind=kind, comment=comment))
            if not name.schema:
                self.create(replace(name, schema="PUBLIC"))

    def ensure(self, database: str, schema: str) -> None:
        """Make a database and a schema, unless they are there."""
        with self._lock:
            for within in ("", schema):
                if not self.has(database, within):
                    self.create(Name(database, within))

    def check_schema(self, name: Name) -> None:
        """Raise 002003, unless the schema of a name is there."""
        if self.at(Place, replace(name, name=""), None) is None:
            raise object_missing("Schema", str(replace(name, name="")))

    def place(self, entry: Entry) -> None:
        """Remember an object; 002003, its schema is missing; 002002, its name is taken."""
        with self._lock:
            if len(self._entries) >= MAX_OBJECTS:
                raise too_large("Databases, schemas and what is in them", MAX_OBJECTS, "Drop some.")
            name = entry.name
            if name.schema and self.at(Place, Name(name.database), None) is None:
                raise object_missing("Database", written(name.database))
            if name.name:
                self.check_schema(name)
            if self.at(type(entry), name, entry.owner) is not None:
                raise exists_already(str(name))
            self._entries[type(entry), entry.owner, name] = entry

    def change(self, entry: E, **changes: Any) -> E:
        """Replace what is known of an object; return it as it is now."""
        with self._lock:
            changed = replace(entry, **changes)
            self._entries.pop((type(entry), entry.owner, entry.name), None)
            self.place(changed)
            return changed

    def drop(self, entry: Entry) -> list[Entry]:
        """Forget an object and everything in it; return them all."""
        if not isinstance(entry, Place):
            return self._drop(lambda one: one is entry)
        name = entry.name
        return self._drop(
            lambda one: one.name.database == name.database and name.schema in ("", one.name.schema)
        )

    def forget(self, session: int) -> list[Entry]:
        """Forget a session's temporary objects; return them."""
        return self._drop(lambda one: one.owner == session)

    def _drop(self, chosen: Callable[[Entry], bool]) -> list[Entry]:
        with self._lock:
            gone = {key: one for key, one in self._entries.items() if chosen(one)}
            for key in gone:
                del self._entries[key]
            return list(gone.values())
