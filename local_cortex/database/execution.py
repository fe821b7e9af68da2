"""One running statement: its session, its budget, and how to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from local_cortex.database.catalog import Entry, Name, Table
from local_cortex.sql.bounds import MAX_AI_CALLS
from local_cortex.sql.sql_error import object_missing, too_large

if TYPE_CHECKING:
    import asyncio

    from sqlglot import exp

    from local_cortex.ai import CortexFunctions
    from local_cortex.database.database import Database
    from local_cortex.database.sql_session import SqlSession
    from local_cortex.wire.binds import Bind

E = TypeVar("E", bound=Entry)

# Between two looks at whether a statement that waits for its turn is to end.
TURN_SECONDS = 0.1


class Stopped(BaseException):
    """The statement is to end: its deadline has passed, or somebody aborted it.

    Not an ``Exception``, so that no function which tolerates bad values takes it for one.
    """


@dataclass(eq=False)
class Execution:
    """The statement of a worker thread; any thread may stop it. Models answer on ``loop``."""

    session: SqlSession
    database: Database
    cortex: CortexFunctions
    loop: asyncio.AbstractEventLoop
    _: KW_ONLY
    sql: str = ""
    query_id: str = ""
    describe_only: bool = False
    clock: Callable[[], float] = time.monotonic

    binds: Mapping[str, Bind] = field(default_factory=dict, init=False)
    stopped: bool = field(default=False, init=False)
    # What a function raised inside DuckDB, which would only keep its text.
    failure: BaseException | None = field(default=None, init=False)
    # The tables that it names, as far as it got.
    tables: list[Table] = field(default_factory=list, init=False)
    _waited: float = field(default=0.0, init=False)
    _waiting_since: float | None = field(default=None, init=False)
    _asked: int = field(default=0, init=False)
    _cursor: Any = field(default=None, init=False)
    _turn: threading.RLock | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()
        self.id = self.database.enter(self)

    @property
    def cursor(self) -> Any:
        """DuckDB's connection for this statement: the transaction's, where one is open."""
        if self._cursor is None:
            self._cursor = self.database.cursor()
        return self._cursor

    @property
    def in_transaction(self) -> bool:
        """Whether this statement is one of a transaction."""
        return self._turn is not None

    def join_transaction(self) -> None:
        """Wait for this statement's turn in the session's open transaction, if there is one."""
        while (cursor := self.session.cursor) is not None and self._turn is None:
            while not self.session.turn.acquire(timeout=TURN_SECONDS):
                self.check()
            if cursor is self.session.cursor:
                self._turn, self._cursor = self.session.turn, cursor
            else:
                self.session.turn.release()

    def leave_transaction(self) -> None:
        """Go on with a connection of its own: the transaction has ended."""
        self._cursor = None

    @property
    def computed(self) -> float:
        """Seconds since the beginning, without those that a model was waited for."""
        until = self.clock() if self._waiting_since is None else self._waiting_since
        return until - self._started - self._waited

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Mark the time that a model is waited for."""
        self._waiting_since = self.clock()
        try:
            yield
        finally:
            self._waited += self.clock() - self._waiting_since
            self._waiting_since = None

    def check(self) -> None:
        """Raise :class:`Stopped` if the statement is to end."""
        if self.stopped:
            raise Stopped

    def stop(self) -> None:
        """Let the statement end as soon as it notices."""
        self.stopped = True
        cursor = self._cursor
        if cursor is not None:
            import duckdb

            # The statement may close it at this moment.
            with suppress(duckdb.Error):
                cursor.interrupt()

    def charge_ai_calls(self, count: int) -> None:
        """Count questions to models; 000002, they are more than one statement may ask."""
        self._asked += count
        if self._asked > MAX_AI_CALLS:
            raise too_large("Answers of one statement", MAX_AI_CALLS, "Take fewer rows with LIMIT.")

    def resolve(self, table: exp.Expression) -> Name:
        """Return where a name points to; nothing need be there."""
        from local_cortex.sql.resolve import Resolver

        return Resolver(self).name(table)

    def find(self, kind: type[E], word: str, name: Name) -> E:
        """Return what the session sees there; 002003, there is no such ``word``."""
        found = self.database.catalog.find(kind, name, self.session.session_id)
        if found is None:
            raise object_missing(word, str(name))
        return found

    def drop(self, entry: Entry) -> None:
        """Drop an object and everything in it, with all that they stand for."""
        for one in self.database.catalog.drop(entry):
            one.discard(self.cursor)

    def place(self, entry: Entry, there: Entry | None) -> None:
        """Put an object into the catalog, in the place of ``there`` if that is one."""
        if there is not None:
            self.drop(there)
        self.database.catalog.place(entry)

    def close(self) -> None:
        """Give back what the statement held; an open transaction keeps its connection."""
        self.database.leave(self)
        # A late stop() must not interrupt the next statement of the same transaction.
        cursor, self._cursor = self._cursor, None
        if cursor is not None and self._turn is None:
            cursor.close()
        if self._turn is not None:
            self._turn.release()
