"""A server's settings: ``course.toml``, which explains each of them, and what exercises may use.

Without the file, or with an empty one, nothing is limited.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, StrictBool, field_validator, model_validator

from course import ROOT
from course.problems import LessonError, Problem
from course.toml_models import Line, Table, kept

VARIABLE = "COURSE_SETTINGS"
#: What Complete takes for max_tokens where nobody says: Snowflake's documentation of COMPLETE.
DEFAULT_OUTPUT_TOKENS = 4_096
# TOML knows whole numbers, so "3" and true are mistakes. SQLite counts no further than this.
Count = Annotated[int, Field(strict=True, ge=1, le=10**15)]


class SettingsError(LessonError):
    """The settings cannot be used; ``problems`` says why, and so does the text, one a line."""


class Quota(Table):
    """What may be asked in a day; ``None`` is no limit."""

    requests_per_day: Count | None = None
    tokens_per_day: Count | None = None

    @property
    def per_day(self) -> tuple[int | None, int | None]:
        return self.requests_per_day, self.tokens_per_day


class LearnersLimits(Quota):
    """The limits of each learner."""

    streams_at_once: Count | None = None


class Limits(Table):
    """The table ``[limits]``."""

    local: StrictBool = False
    timezone: str = "UTC"
    prompt_characters: Count | None = None
    output_tokens: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    models: tuple[Line, ...] | None = Field(default=None, min_length=1)
    learner: LearnersLimits = LearnersLimits()
    everyone: Quota = Quota()

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError) as error:  # unknown, a folder, no name
            raise ValueError(f"no time zone is called {name!r}; one is Asia/Seoul") from error
        return name

    @property
    def longest_answer(self) -> int:
        """The tokens that are set aside for an answer before it is there."""
        return self.output_tokens or DEFAULT_OUTPUT_TOKENS

    @property
    def quotas(self) -> tuple[Quota, Quota]:
        return self.learner, self.everyone

    @property
    def counts(self) -> bool:
        """Whether requests or tokens of a day are limited."""
        return any(most for quota in self.quotas for most in quota.per_day)


class Streams(Table):
    """The table ``[streams]``; ``patience`` is in seconds."""

    at_once: Count | None = None
    queue: int = Field(default=100, strict=True, ge=0, le=1_000_000)
    patience: int = Field(default=120, strict=True, ge=1, le=86_400)


class Settings(Table):
    """All of the file."""

    limits: Limits = Limits()
    streams: Streams = Streams()

    @model_validator(mode="after")
    def _somebody_can_ask(self) -> Settings:
        answer = self.limits.longest_answer
        for table in ("learner", "everyone"):
            tokens = getattr(self.limits, table).tokens_per_day
            if tokens is not None and tokens <= answer:
                raise ValueError(
                    f"{tokens} tokens a day are not enough in [limits.{table}]: {answer} are set "
                    "aside for each answer (`output_tokens`). Lower that, or raise `tokens_per_day`"
                )
        return self


@dataclass(frozen=True)
class AnswerSettings:
    """Whether learners' programs may use the account, and which models, by the environment.

    ``COURSE_PRACTICE_ACCOUNT=1`` allows it. ``COURSE_PRACTICE_MODELS`` is a list with commas, by
    default ``llama3.1-8b`` alone, the cheapest that the days use.
    """

    account: bool = False
    models: frozenset[str] = frozenset({"llama3.1-8b"})

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> AnswerSettings:
        named = environ.get("COURSE_PRACTICE_MODELS", "")
        models = frozenset(name.strip() for name in named.split(",") if name.strip())
        account = environ.get("COURSE_PRACTICE_ACCOUNT", "").strip().lower()
        return cls(account in ("1", "true", "yes", "on"), models or cls().models)


def path(root: Path = ROOT) -> Path:
    """Return the file with the settings: what ``COURSE_SETTINGS`` names, or the course's own."""
    named = os.environ.get(VARIABLE, "").strip()
    # Not Path.expanduser: it fails where there is no such user.
    return Path(os.path.expanduser(named)).absolute() if named else root / "course.toml"


def read(root: Path = ROOT) -> Settings:
    """Return the settings, read again when the file has changed; or raise ``SettingsError``."""
    file = path(root)
    try:
        found = kept(Settings, file, guide="course.toml says")
    except LessonError as error:
        raise SettingsError(error.problems) from error
    if found is not None:
        return found
    if file == root / "course.toml":
        return Settings()
    what = "cannot be read (there is no such file)"
    fix = f"Write it, or set {VARIABLE} to a file that is there"
    raise SettingsError([Problem(file, 0, what, fix)])
