"""Which databases and schemas there are and what is in them, as Snowflake knows it.

DuckDB holds the rows. It has one schema for each pair of Snowflake's database and schema, and one
for the temporary tables of each session there, since its own temporary tables belong to a
connection and a session has several.
"""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from local_cortex.sql.errors import exists_already, object_missing, too_large
from local_cortex.sql.limits import MAX_OBJECTS
from local_cortex.sql.names import MARK, encode, written
from local_cortex.wire.types import SqlType

__all__ = [
    "INFORMATION_SCHEMA",
    "USAGE",
    "Catalog",
    "Column",
    "Entry",
    "Name",
    "Schema",
    "Table",
]

INFORMATION_SCHEMA = "INFORMATION_SCHEMA"  # the schema of every database's own views
USAGE = "ACCOUNT_USAGE"  # such a schema of the database SNOWFLAKE


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """Where an object is: database, schema and its own name."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return written(self.database, self.schema, self.name)


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
    """An object in a schema; only the session ``owner`` sees a temporary one.

    ``kind`` is Snowflake's word for it.
    """

    name: Name
    kind: str
    owner: int | None = None
    comment: str = ""
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    def discard(self, cursor: Any) -> None:
        """Delete what it stands for; ``cursor`` is a connection of DuckDB's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Entry):
    """A table, view or sequence.

    ``text`` is a view's query, or a sequence's start and step.
    """

    kind: str = "TABLE"
    columns: tuple[Column, ...] = ()
    transient: bool = False
    text: str = ""

    def discard(self, cursor: Any) -> None:
        if self.kind != "VIEW":
            cursor.execute(f"DROP {self.kind} IF EXISTS {self.duckdb} CASCADE")

    @property
    def duckdb_schema(self) -> str:
        """DuckDB's schema of it, quoted."""
        owner = "" if self.owner is None else f"{MARK}{self.owner}"
        return _quote(f"{encode(self.name.database)}{MARK}.{encode(self.name.schema)}{owner}")

    @property
    def duckdb(self) -> str:
        """DuckDB's name of it, quoted."""
        return f"{self.duckdb_schema}.{_quote(encode(self.name.name))}"


@dataclass(slots=True)
class Schema:
    """A schema and its objects by kind, owner and name: a stage may be called like a table."""

    database: str
    name: str
    comment: str = ""
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    objects: dict[tuple[type[Entry], int | None, str], Entry] = field(default_factory=dict)


E = TypeVar("E", bound=Entry)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Catalog:
    """All of them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._databases: dict[str, dict[str, Schema]] = {}
        self.created: dict[str, dt.datetime] = {}
        self.comments: dict[str, str] = {}

    def databases(self) -> list[str]:
        """Return the names of all databases."""
        with self._lock:
            return sorted(self._databases)

    def schemas(self, database: str | None = None) -> list[Schema]:
        """Return the schemas of a database, or all."""
        with self._lock:
            return [
                schema
                for name, schemas in sorted(self._databases.items())
                if database in (None, name)
                for _, schema in sorted(schemas.items())
            ]

    def seen(self, kind: type[E], session: int) -> list[E]:
        """Return what a session sees of a kind, by schema and name."""
        with self._lock:
            found = [one for schema in self.schemas() for one in schema.objects.values()]
        seen = [one for one in found if type(one) is kind and one.owner in (None, session)]
        return sorted(seen, key=lambda one: one.name)

    def has(self, database: str | None, schema: str | None = None) -> bool:
        """Tell whether there is such a database, or such a schema in it."""
        with self._lock:
            schemas = self._databases.get(database or "")
            return schemas is not None and (
                schema is None or schema == INFORMATION_SCHEMA or schema in schemas
            )

    def create_database(self, name: str, comment: str = "") -> None:
        """Make a database with its schema PUBLIC."""
        with self._lock:
            self._room()
            self._databases[name] = {"PUBLIC": Schema(name, "PUBLIC")}
            self.created[name] = dt.datetime.now(dt.UTC)
            self.comments[name] = comment

    def ensure(self, database: str, schema: str) -> None:
        """Make a database and a schema, unless they are there."""
        with self._lock:
            if not self.has(database):
                self.create_database(database)
            if not self.has(database, schema):
                self.create_schema(database, schema)

    def create_schema(self, database: str, name: str, comment: str = "") -> None:
        """Make a schema.

        Raises:
            SqlError: 002003, there is no such database.
        """
        with self._lock:
            self._room()
            self._schemas(database)[name] = Schema(database, name, comment)

    def drop_database(self, name: str) -> list[Entry]:
        """Forget a database; return what was in it."""
        with self._lock:
            schemas = self._databases.pop(name, {})
            return [one for schema in schemas.values() for one in schema.objects.values()]

    def drop_schema(self, database: str, name: str) -> list[Entry]:
        """Forget a schema; return what was in it."""
        with self._lock:
            schema = self._schemas(database).pop(name, None)
            return list(schema.objects.values()) if schema else []

    def find(self, kind: type[E], name: Name, session: int) -> E | None:
        """Return what a session means by a name: its own temporary object before any other."""
        with self._lock:
            schema = self._databases.get(name.database, {}).get(name.schema)
            objects = schema.objects if schema is not None else {}
            found = (objects.get((kind, owner, name.name)) for owner in (session, None))
            return next((one for one in found if isinstance(one, kind)), None)

    def at(self, kind: type[Entry], name: Name, owner: int | None) -> Entry | None:
        """Return the object of exactly this owner; ``None`` as owner is everybody."""
        with self._lock:
            schema = self._databases.get(name.database, {}).get(name.schema)
            return schema.objects.get((kind, owner, name.name)) if schema is not None else None

    def place(self, entry: Entry) -> None:
        """Remember an object.

        Raises:
            SqlError: 002003, its schema is missing; 002002, there is one of this name.
        """
        with self._lock:
            self._room()
            schema = self._schemas(entry.name.database).get(entry.name.schema)
            if schema is None:
                raise object_missing("Schema", written(entry.name.database, entry.name.schema))
            key = (type(entry), entry.owner, entry.name.name)
            if key in schema.objects:
                raise exists_already(str(entry.name))
            schema.objects[key] = entry

    def change(self, entry: E, **changes: Any) -> E:
        """Replace what is known of an object; return it as it is now."""
        with self._lock:
            changed = replace(entry, **changes)
            self.remove(entry)
            self.place(changed)
            return changed

    def remove(self, entry: Entry) -> None:
        """Forget an object."""
        with self._lock:
            schema = self._databases.get(entry.name.database, {}).get(entry.name.schema)
            if schema is not None:
                schema.objects.pop((type(entry), entry.owner, entry.name.name), None)

    def forget(self, session: int) -> list[Entry]:
        """Forget a session's temporary objects; return them."""
        with self._lock:
            found = [one for schema in self.schemas() for one in schema.objects.values()]
            gone = [one for one in found if one.owner == session]
            for one in gone:
                self.remove(one)
            return gone

    def _schemas(self, database: str) -> dict[str, Schema]:
        schemas = self._databases.get(database)
        if schemas is None:
            raise object_missing("Database", written(database))
        return schemas

    def _room(self) -> None:
        schemas = self.schemas()
        if len(schemas) + sum(len(one.objects) for one in schemas) >= MAX_OBJECTS:
            raise too_large("Databases, schemas and what is in them", MAX_OBJECTS, "Drop some.")
