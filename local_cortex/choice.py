"""Which engine answers, from the environment."""

from __future__ import annotations

import os

from local_cortex.engines import Engine
from local_cortex.settings import Settings

__all__ = ["choose_engine", "settings_from_environment"]


def settings_from_environment() -> Settings:
    """Read the settings of this process.

    Raises:
        SettingsError: a variable's value cannot be used.
    """
    return Settings.from_environment(os.environ)


def choose_engine(settings: Settings) -> Engine:
    """Return a relay where ``COURSE_RELAY_URL`` names one, else the scripted engine."""
    if os.environ.get("COURSE_RELAY_URL"):
        # Imported here because its HTTP client takes a tenth of a second to import.
        from local_cortex.engines.relay import RelayEngine

        relay = RelayEngine.from_environment(os.environ)
        if relay is not None:
            return relay
    from local_cortex.engines.scripted import ScriptedEngine

    return ScriptedEngine(
        first_token=settings.first_token, tokens_per_second=settings.tokens_per_second
    )
