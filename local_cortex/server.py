"""Local Cortex in a thread of its caller's process."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from local_cortex.cortex import Cortex
from local_cortex.engines import Engine
from local_cortex.environment import Settings, StartError, choose_engine
from local_cortex.loopback import HOST
from local_cortex.routes.app import build
from local_cortex.routes.web import CuttableProtocol, launch_name, recognise
from local_cortex.sessions import Sessions
from local_cortex.sql import Database, Workers
from local_cortex.tally import Tally, report

if TYPE_CHECKING:
    from pathlib import Path

    from snowflake.snowpark import Session

THREAD = "local-cortex"
# Closing takes a fifth of a second; a server that hangs is left behind, to end with the process.
CLOSE_SECONDS = 2.0
UVICORN_LOGGERS = ("uvicorn.error", "uvicorn.access", "uvicorn.asgi")


def _not_ours(record: logging.LogRecord) -> bool:
    """Keep uvicorn's lines about this server out of the log, not those about Streamlit's pages."""
    return record.threadName != THREAD


class LocalCortex:
    """A Snowflake Cortex on 127.0.0.1, for the real Snowflake clients; see :meth:`start`.

    It runs in a daemon thread, and only a relay talks to anything but 127.0.0.1. ``name`` is the
    host name by which a program shows in TLS that it knows the secret; ``places``, to be changed,
    are the role, warehouse, database and schema of a session that names none.
    """

    def __init__(
        self, engine: Engine, settings: Settings, port: int, secret: str, pem: Path | None
    ) -> None:
        self._cortex = Cortex(
            engine,
            strict_models=settings.strict_models,
            inactive_account=settings.inactive_account,
            tally=Tally(report if settings.log_streams else None),
        )
        self._database = Database()
        self._sessions = Sessions(secret, ended=self._database.forget)
        workers = Workers(settings.statement_timeout)
        app = build(self._cortex, self._sessions, workers, self._database)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            # Longer than a learner thinks between two questions.
            timeout_keep_alive=60,
            # Otherwise it waits for open streams to end by themselves.
            timeout_graceful_shutdown=0,
            ssl_certfile=pem,
        )
        self.name = launch_name(secret)
        self.engine = engine.name
        self.places: dict[str, str] = app.state.places
        try:
            config.load()
        except OSError as error:
            raise StartError("Local Cortex did not start") from error
        if config.ssl is not None:
            recognise(config.ssl, self.name)
        self._server = uvicorn.Server(config)
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if pem else 'http'}://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)

    @classmethod
    def start(
        cls,
        *,
        engine: Engine | None = None,
        settings: Settings | None = None,
        port: int = 0,
        secret: str | None = None,
        certificate: Path | None = None,
    ) -> LocalCortex:
        """Start a server; it listens when this returns.

        ``engine`` and ``settings`` are by default the environment's, ``port`` any free one,
        ``secret`` a new one. With ``certificate``, a PEM file with its key, it speaks TLS.

        Raises:
            SettingsError: a setting has a value that cannot be used.
            StartError: the port is taken, or the certificate cannot be used.
        """
        settings = settings or Settings.from_environment(os.environ)
        secret = secret or secrets.token_urlsafe(24)
        local = cls(engine or choose_engine(settings), settings, port, secret, certificate)
        local._thread.start()
        return local

    def _run(self) -> None:
        for name in UVICORN_LOGGERS:
            logging.getLogger(name).addFilter(_not_ours)
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._socket.close()
            self._database.close()

    @property
    def secret(self) -> str:
        """The password for a session and the access token for the REST endpoints."""
        return self._sessions.secret

    @property
    def alive(self) -> bool:
        """Whether the server is running."""
        return self._thread.is_alive() and not self._server.should_exit

    @property
    def open_streams(self) -> int:
        """How many answers are being made right now."""
        return self._cortex.open_streams

    @property
    def open_sessions(self) -> int:
        """How many sessions are logged in."""
        return len(self._sessions)

    def expire_sessions(self) -> None:
        """Let every session token run out, as an hour of waiting would."""
        self._sessions.expire()

    def session(self) -> Session:
        """Open a new ``snowflake.snowpark.Session`` on this server; the caller closes it."""
        from local_cortex.client import open_session

        return open_session(self.port, self.secret)

    def close(self) -> None:
        """Stop the server; answers still being made end here. Safe to call twice."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)


def _listen(port: int) -> socket.socket:
    try:
        # It listens: two sockets can be bound to a port while neither does.
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise StartError(
            f"Local Cortex cannot listen on {HOST}:{port} ({reason}). "
            "Choose another port, or 0 for any free one."
        ) from error
