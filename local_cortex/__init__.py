"""An embedded Snowflake Cortex on loopback, for the real Snowflake clients.

It speaks Snowflake's session, query and Cortex REST protocols well enough for
``snowflake-connector-python``, Snowpark, ``snowflake.cortex.Complete`` and the OpenAI client, so
that code written against it runs on an account unchanged.

    from local_cortex import LocalCortex

    cortex = LocalCortex.start()
    session = cortex.session()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cortex.server import LocalCortex, StartError
    from local_cortex.settings import Settings, SettingsError

__all__ = ["LocalCortex", "Settings", "SettingsError", "StartError"]


def __getattr__(name: str) -> Any:
    # The pages read the model table on every run; only a start of the server pays for a server.
    if name in ("LocalCortex", "StartError"):
        from local_cortex import server

        return getattr(server, name)
    if name in ("Settings", "SettingsError"):
        from local_cortex import settings

        return getattr(settings, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
