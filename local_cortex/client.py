"""A real Snowpark session on Local Cortex, by public properties of the real connector only."""

from __future__ import annotations

import os
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session

from local_cortex.loopback import HOST, bypass

# A server on loopback answers soon, if only "in progress", or not at all. On a machine under load
# its first answer took more than 5 s.
TIMEOUT_SECONDS = 15
# A statement that asks a model for a thousand answers.
STATEMENT_SECONDS = 600


class Patience:
    """For a cursor whose statements may take longer than ``network_timeout``, which limits both."""

    def execute(self, *arguments: Any, timeout: int | None = None, **options: Any) -> Any:
        seconds = timeout or STATEMENT_SECONDS
        return super().execute(*arguments, timeout=seconds, **options)  # type: ignore[misc]


class LoopbackConnection(SnowflakeConnection):  # type: ignore[misc]
    """A connection to a port of this machine, over plain HTTP.

    ``snowflake.cortex`` asks ``{scheme}://{host}`` (snowflake/cortex/_complete.py); the connector
    itself adds the port while it connects.
    """

    scheme = "http"

    @property
    def host(self) -> str:
        host = str(super().host)
        return host if self.rest is None else f"{host}:{self.port}"

    def cursor(self, cursor_class: type[SnowflakeCursor] = SnowflakeCursor) -> SnowflakeCursor:
        return super().cursor(type(cursor_class.__name__, (Patience, cursor_class), {}))

    def cmd_query(self, *arguments: Any, **options: Any) -> Any:
        # The time of a statement is not the time of its requests: a server that is gone is gone.
        return super().cmd_query(*arguments, **{**options, "timeout": TIMEOUT_SECONDS})


def open_session(port: int, secret: str) -> Session:
    """Log in on ``port``; a connector's error if the server is gone, or the secret wrong."""
    os.environ.update(bypass(os.environ))
    connection = LoopbackConnection(
        account="local-cortex",
        user="learner",
        password=secret,
        protocol="http",
        host=HOST,
        port=port,
        # Snowpark binds with question marks but only sets this when it makes the connection.
        paramstyle="qmark",
        # Otherwise the connector asks 169.254.169.254 which cloud this is.
        platform_detection_timeout_seconds=0.0,
        disable_ocsp_checks=True,
        login_timeout=TIMEOUT_SECONDS,
        network_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
    )
    session = Session.builder.configs({"connection": connection}).create()
    # snowflake-ml copies unsent telemetry from one session to the next without taking it away
    # (snowflake/ml/_internal/telemetry.py): it doubles each time, to gigabytes.
    session.telemetry_enabled = False
    return session
