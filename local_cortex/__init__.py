"""An embedded Snowflake Cortex on loopback: ``LocalCortex.start().session()``.

It speaks Snowflake's session, query and Cortex REST protocols for the real Snowflake clients and
the OpenAI client, so code written against it runs on an account unchanged.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cortex import faults, models, speed, tokens
    from local_cortex.environment import Settings, SettingsError, StartError
    from local_cortex.process.parent import LocalCortexProcess
    from local_cortex.server import LocalCortex

__all__ = [
    "LocalCortex",
    "LocalCortexProcess",
    "Settings",
    "SettingsError",
    "StartError",
    "faults",
    "models",
    "speed",
    "tokens",
]

# Imported when asked for: pages read the model table on every run and never need a server.
_WHERE = {
    "LocalCortex": "server",
    "LocalCortexProcess": "process.parent",
    "Settings": "environment",
    "SettingsError": "environment",
    "StartError": "environment",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
