"""What can be set about Local Cortex, which engine that makes, and the errors of a bad setting.

Each setting has an environment variable; the command line overrides it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from local_cortex.engines import Engine

#: Setting -> the environment variable it is read from.
ENVIRONMENT = {
    "first_token": "COURSE_FIRST_TOKEN",
    "tokens_per_second": "COURSE_TOKENS_PER_SECOND",
    "strict_models": "COURSE_STRICT_MODELS",
    "statement_timeout": "COURSE_STATEMENT_TIMEOUT",
    "inactive_account": "COURSE_INACTIVE_ACCOUNT",
    "memory": "COURSE_CORTEX_MEMORY",
    "log_streams": "COURSE_LOG_STREAMS",
}


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the text names the setting and the fix."""


class ModelTableError(ValueError):
    """A model table can't be used; the text names the file, the place and the problem."""


class StartError(RuntimeError):
    """Local Cortex did not come up; the text says why and what to do."""


class Settings(BaseModel):
    """Settings of one Local Cortex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_token: float = Field(default=0.4, ge=0, le=60)
    """Seconds from the request to the scripted engine's first token."""
    tokens_per_second: float = Field(default=40.0, gt=0, le=100_000)
    """Pace of the scripted engine after its first token."""
    strict_models: bool = False
    """Refuse retired models, as an account does, instead of answering for them."""
    statement_timeout: float = Field(default=10.0, gt=0, le=600)
    """Seconds that one SQL statement may compute; time spent waiting for a model is not counted."""
    memory: int = Field(default=1_500, ge=300, le=1_000_000)
    """Megabytes that a process of its own may use before it is started again."""
    inactive_account: bool = False
    """Let COMPLETE and the other legacy functions of SQL fail, as in an account marked inactive."""

    log_streams: bool = False
    """Print a line for each streamed answer that is over: the tokens made and sent."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings that ``environment`` names; ``SettingsError`` for a bad value."""
        given = {
            setting: environment[variable]
            for setting, variable in ENVIRONMENT.items()
            if environment.get(variable)
        }
        return cls()._with(given, ENVIRONMENT)

    def replace(self, given: Mapping[str, object]) -> Settings:
        """Return these settings with the command line's; ``SettingsError`` for a bad value."""
        return self._with(given, {name: f"--{name.replace('_', '-')}" for name in ENVIRONMENT})

    def _with(self, given: Mapping[str, object], names: Mapping[str, str]) -> Settings:
        try:
            return Settings.model_validate({**self.model_dump(), **given})
        except ValidationError as error:
            first = error.errors()[0]
            setting = str(first["loc"][0])
            default = type(self).model_fields[setting].default
            raise SettingsError(
                f"{names[setting]}={given[setting]}: {first['msg']}. "
                f"Give it such a value, or leave it out for {default}."
            ) from error


def choose_engine(settings: Settings) -> Engine:
    """Return a relay where ``COURSE_RELAY_URL`` names one, else the scripted engine."""
    if os.environ.get("COURSE_RELAY_URL", "").strip():
        # Imported here because its HTTP client takes a tenth of a second to import.
        from local_cortex.engines.relay import RelayEngine

        return RelayEngine.from_environment(os.environ)
    from local_cortex.engines.scripted import ScriptedEngine

    return ScriptedEngine(
        first_token=settings.first_token, tokens_per_second=settings.tokens_per_second
    )
