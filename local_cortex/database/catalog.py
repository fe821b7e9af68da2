"""Which databases, schemas, tables, views and sequences there are, as Snowflake knows them.

DuckDB holds the rows. It has one schema for each pair of Snowflake's database and schema, and one
for the temporary tables of each session there, since its own temporary tables belong to a
connection and a session has several.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from local_cortex.sql.errors import exists_already, object_missing, too_large
from local_cortex.sql.limits import MAX_OBJECTS
from local_cortex.sql.names import MARK, encode, written
from local_cortex.wire.types import SqlType

__all__ = ["ACCOUNT_USAGE", "INFORMATION_SCHEMA", "Catalog", "Column", "Name", "Schema", "Table"]

# Schemas of views that nobody makes.
INFORMATION_SCHEMA = "INFORMATION_SCHEMA"
ACCOUNT_USAGE = "ACCOUNT_USAGE"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Table:
    """A table, view or sequence.

    ``kind`` is TABLE, VIEW or SEQUENCE; ``persistence`` PERMANENT, TRANSIENT or TEMPORARY, which
    last is seen by the session ``owner`` alone. ``text`` is a view's query.
    """

    name: Name
    kind: str = "TABLE"
    columns: tuple[Column, ...] = ()
    persistence: str = "PERMANENT"
    owner: int | None = None
    text: str = ""
    comment: str = ""
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

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
    """A schema and what is in it; temporary tables are under their owner's number, too."""

    database: str
    name: str
    comment: str = ""
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    objects: dict[tuple[int | None, str], Table] = field(default_factory=dict)


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

    def objects(self, session: int, kinds: Iterable[str]) -> Iterator[Table]:
        """Yield what a session sees of these kinds."""
        with self._lock:
            found = [
                one
                for schema in self.schemas()
                for _, one in sorted(schema.objects.items(), key=lambda item: item[0][1])
            ]
        return (one for one in found if one.kind in kinds and one.owner in (None, session))

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

    def drop_database(self, name: str) -> list[Table]:
        """Forget a database; return what was in it."""
        with self._lock:
            schemas = self._databases.pop(name, {})
            return [one for schema in schemas.values() for one in schema.objects.values()]

    def drop_schema(self, database: str, name: str) -> list[Table]:
        """Forget a schema; return what was in it."""
        with self._lock:
            schema = self._schemas(database).pop(name, None)
            return list(schema.objects.values()) if schema else []

    def find(self, name: Name, session: int) -> Table | None:
        """Return what a session means by a name: its own temporary table before any other."""
        with self._lock:
            schema = self._databases.get(name.database, {}).get(name.schema)
            if schema is None:
                return None
            return schema.objects.get((session, name.name)) or schema.objects.get((None, name.name))

    def place(self, table: Table, *, replaces: bool = False) -> None:
        """Remember an object.

        Raises:
            SqlError: 002003, its schema is missing; 002002, there is one of this name.
        """
        with self._lock:
            self._room()
            schemas = self._schemas(table.name.database)
            schema = schemas.get(table.name.schema)
            if schema is None:
                raise object_missing("Schema", written(table.name.database, table.name.schema))
            key = (table.owner, table.name.name)
            if key in schema.objects and not replaces:
                raise exists_already(str(table.name))
            schema.objects[key] = table

    def change(self, table: Table, **changes: object) -> Table:
        """Replace what is known of an object; return it as it is now."""
        with self._lock:
            changed = replace(table, **changes)  # type: ignore[arg-type]
            self.remove(table)
            self.place(changed)
            return changed

    def remove(self, table: Table) -> None:
        """Forget an object."""
        with self._lock:
            schema = self._databases.get(table.name.database, {}).get(table.name.schema)
            if schema is not None:
                schema.objects.pop((table.owner, table.name.name), None)

    def forget(self, session: int) -> list[Table]:
        """Forget a session's temporary objects; return them."""
        with self._lock:
            gone = [
                one
                for schema in self.schemas()
                for one in schema.objects.values()
                if one.owner == session
            ]
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
            raise too_large("Databases, schemas and tables", MAX_OBJECTS, "Drop some.")
