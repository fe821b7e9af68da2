"""Local Cortex in a thread of the course's own process."""

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
from local_cortex.routes.app import build
from local_cortex.routes.cuttable import CuttableProtocol, launch_name, recognise
from local_cortex.sessions import Sessions
from local_cortex.settings import Settings
from local_cortex.sql import Database, Workers

if TYPE_CHECKING:
    from pathlib import Path

    from snowflake.snowpark import Session

__all__ = ["LocalCortex", "StartError"]

HOST = "127.0.0.1"
THREAD = "local-cortex"
# Start-up takes a few hundredths of a second; a machine this slow has another problem.
START_SECONDS = 10.0
# Closing takes a fifth of a second; a server that hangs is left behind, to end with the process.
CLOSE_SECONDS = 2.0


class StartError(RuntimeError):
    """Local Cortex did not come up; the text says why and what to do."""


class _NotOurs(logging.Filter):
    """Keeps uvicorn's lines about this server out of the log, and only those.

    Streamlit serves its pages with uvicorn too, in the same process and through the same loggers,
    so neither their levels nor their handlers are ours to change.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return record.threadName != THREAD


NOT_OURS = _NotOurs()
UVICORN_LOGGERS = ("uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class _Server(uvicorn.Server):
    """A uvicorn server that tells when it is listening.

    ``name`` is the host name by which its own programs make themselves known.
    """

    name = ""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.config.ssl is not None:
            recognise(self.config.ssl, self.name)
        await super().startup(sockets)
        self.listening.set()


class LocalCortex:
    """A Snowflake Cortex on 127.0.0.1, for the real Snowflake clients.

    Start it with :meth:`start`. It listens on a port and accepts a secret that are new with every
    start, in a daemon thread; it never talks to anything but 127.0.0.1 unless its engine is a relay
    to somewhere else.
    """

    def __init__(
        self,
        server: _Server,
        sock: socket.socket,
        cortex: Cortex,
        sessions: Sessions,
        database: Database,
    ) -> None:
        self._server = server
        self._socket = sock
        self._cortex = cortex
        self._sessions = sessions
        self._database = database
        self._tls = server.config.is_ssl
        self.port: int = sock.getsockname()[1]
        self._failure: BaseException | None = None
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
        """Start a server and wait until it answers.

        Args:
            engine: by default a relay where ``COURSE_RELAY_URL`` is set, else the
                scripted engine.
            settings: pace and strictness; by default read from the environment.
            port: 0 for any free port.
            secret: the password and access token; by default a new random one.
            certificate: a PEM file with certificate and key; with it the server speaks TLS.

        Raises:
            SettingsError: a setting has a value that cannot be used.
            StartError: the port is taken, or the server did not come up.
        """
        from local_cortex.choice import choose_engine, settings_from_environment

        settings = settings or settings_from_environment()
        cortex = Cortex(
            engine or choose_engine(settings),
            strict_models=settings.strict_models,
            inactive_account=settings.inactive_account,
        )
        workers = Workers(settings.statement_timeout)
        database = Database()
        sessions = Sessions(secret or secrets.token_urlsafe(24), ended=database.forget)
        config = uvicorn.Config(
            build(cortex, sessions, workers, database),
            loop="asyncio",
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            # Longer than a learner thinks between two questions.
            timeout_keep_alive=60,
            # Otherwise it waits for open streams to end by themselves.
            timeout_graceful_shutdown=0,
            ssl_certfile=certificate,
        )
        local = cls(_Server(config), _listen(port), cortex, sessions, database)
        local._thread.start()
        if not local._server.listening.wait(START_SECONDS):
            local.close()
            raise StartError(f"Local Cortex did not start within {START_SECONDS:g} s")
        if not local._server.started:
            raise StartError("Local Cortex did not start") from local._failure
        return local

    def _run(self) -> None:
        self._server.name = self.name
        for name in UVICORN_LOGGERS:
            logging.getLogger(name).addFilter(NOT_OURS)
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        except BaseException as error:
            # Carried to the thread that waits in start().
            self._failure = error
        finally:
            self._server.listening.set()
            self._socket.close()
            self._database.close()

    @property
    def url(self) -> str:
        """The server's address, ``http://127.0.0.1:PORT``; ``https`` with a certificate."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self.port}"

    @property
    def secret(self) -> str:
        """The password for a session and the access token for the REST endpoints."""
        return self._sessions.secret

    @property
    def name(self) -> str:
        """The host name by which a program shows in TLS that it knows the secret."""
        return launch_name(self.secret)

    @property
    def alive(self) -> bool:
        """Whether the server is running."""
        return self._thread.is_alive() and not self._server.should_exit

    @property
    def places(self) -> dict[str, str]:
        """Role, warehouse, database and schema of a session that names none; to be changed."""
        places: dict[str, str] = self._server.config.app.state.places  # type: ignore[union-attr]
        return places

    @property
    def engine(self) -> str:
        """The name of the engine that answers: ``scripted`` or ``relay``."""
        return self._cortex.engine.name

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
    # proto is named because asyncio switches Nagle's algorithm off only where it is, and Nagle
    # costs 40 ms on each small event of a kept-alive connection.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # Restart on the same port without waiting for old connections to time out.
            # On Windows the option would let two servers share one port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        # Two sockets can be bound to a port while neither listens; only this tells.
        sock.listen()
    except (OSError, OverflowError) as error:
        sock.close()
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise StartError(
            f"Local Cortex cannot listen on {HOST}:{port} ({reason}). "
            "Choose another port, or 0 for any free one."
        ) from error
    return sock
