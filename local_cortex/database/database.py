"""The one DuckDB behind a Local Cortex: opened by the first statement that needs it, and fenced in.

DuckDB sees no disk but the stages and its own spill folder, no network and no extension, and
nothing can change that afterwards. Every statement has a connection of its own; within one thread
per statement DuckDB starts none itself, so that no statement waits for another's.
"""

from __future__ import annotations

import tempfile
import threading
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cortex.database.catalog import Catalog
from local_cortex.sql.bounds import MEMORY, SPILL

if TYPE_CHECKING:
    from local_cortex.database.catalog import Entry
    from local_cortex.database.execution import Execution
    from local_cortex.database.sql_session import SqlSession
    from local_cortex.stages.stage_files import Stages


class Database:
    """Databases, schemas and tables of one server; safe to use from several threads."""

    def __init__(self) -> None:
        self.catalog = Catalog()
        self.catalog.ensure("SNOWFLAKE", "CORTEX")
        self.catalog.ensure("SNOWFLAKE", "MODELS")
        # Held while a table takes the place of another.
        self.replacing = threading.RLock()
        self._lock = threading.RLock()
        self._numbers = count(1)
        self._executions: dict[int, Execution] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._connection: Any = None
        self._stages: Stages | None = None

    @property
    def folder(self) -> Path:
        """The folder of everything that this server keeps on the disk."""
        with self._lock:
            if self._folder is None:
                # It also goes when the process ends without closing anything.
                self._folder = tempfile.TemporaryDirectory(
                    prefix="local-cortex-sql-", ignore_cleanup_errors=True
                )
            return Path(self._folder.name).resolve()

    @property
    def stages(self) -> Stages:
        """The stages, which live in a folder of their own."""
        from local_cortex.stages.stage_files import Stages

        with self._lock:
            self._stages = self._stages or Stages(self.folder / "stages")
            return self._stages

    def cursor(self) -> Any:
        """Return a new connection to the database."""
        with self._lock:
            self._connection = self._connection or self._open(self.folder)
            return self._connection.cursor()

    def _open(self, folder: Path) -> Any:
        # Imported here: it takes a tenth of a second and 50 MB, and Home never needs it.
        import duckdb

        from local_cortex.ai import asking
        from local_cortex.dialect.macros import MACROS

        for name in ("stages", "spill"):
            (folder / name).mkdir(exist_ok=True)
        connection = duckdb.connect(":memory:")
        quote = str(folder).replace("'", "''")
        for setting, value in {
            "threads": "1",
            "memory_limit": f"'{MEMORY}'",
            "max_temp_directory_size": f"'{SPILL}'",
            "allowed_directories": f"['{quote}/stages/']",
            "temp_directory": f"'{quote}/spill'",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "TimeZone": "'UTC'",
        }.items():
            connection.execute(f"SET GLOBAL {setting} = {value}")
        for macro in MACROS:
            connection.execute(macro)
        asking.register(connection, self.find)
        connection.execute("SET GLOBAL enable_external_access = false")
        connection.execute("SET GLOBAL lock_configuration = true")
        return connection

    def enter(self, execution: Execution) -> int:
        """Number a statement, so that a function inside DuckDB finds it."""
        with self._lock:
            number = next(self._numbers)
            self._executions[number] = execution
            return number

    def find(self, number: int) -> Execution:
        """Return the statement of a number."""
        return self._executions[number]

    def leave(self, execution: Execution) -> None:
        """Forget a statement that is over."""
        with self._lock:
            self._executions.pop(execution.id, None)

    def forget(self, session: SqlSession) -> None:
        """End a session and all that is its own, on another thread: a statement may still run."""
        session.closed = True
        with self._lock:
            running = [one for one in self._executions.values() if one.session is session]
        for execution in running:
            execution.stop()
        entries = self.catalog.forget(session.session_id)
        if entries or session.cursor is not None:
            threading.Thread(target=self._clean_up, args=(session, entries), daemon=True).start()

    def _clean_up(self, session: SqlSession, entries: list[Entry]) -> None:
        with session.turn:
            cursor, session.cursor = session.cursor, None
            if cursor is not None:
                cursor.close()
        with self.cursor() as own:
            for entry in entries:
                entry.discard(own)

    def close(self) -> None:
        """Let everything go, files included. Statements still running end."""
        with self._lock:
            for execution in self._executions.values():
                execution.stop()
            if self._folder is not None:
                self._folder.cleanup()
