"""The model table: which Cortex models there are, and which of them still answer on a given day.

``models.toml`` says where each fact is from; ``COURSE_MODELS`` may name a file of the same form.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from local_cortex.environment import ModelTableError

Lifecycle = Literal["GA", "PUPR", "PRPR"]
# TOML's integers have 64 bits; Python reads longer ones and fails to print them.
Tokens = Annotated[int, Field(gt=0, lt=2**63)]
Status = Literal["GA", "PUPR", "PRPR", "LEGACY", "EOL"]

# The environment variable that names another table.
OVERRIDE = "COURSE_MODELS"
# The REST API's documented cap, the same for every model in its rate-limit table; it stands in
# for models whose own limit is not documented.
REST_MAX_OUTPUT_TOKENS = 16_384
QUALIFIED = re.compile(r'snowflake\.models\."(?P<name>[^"]+)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """One Cortex model; the fields are explained at the top of ``models.toml``."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    family: str
    lifecycle: Lifecycle
    max_output_tokens: Tokens = REST_MAX_OUTPUT_TOKENS
    legacy_date: date | None = None
    eol_date: date | None = None
    eol_not_before: date | None = None
    images: bool = True

    def retired_on(self, day: date) -> bool:
        """Whether the model has ended: it still answers on its end-of-life date, not after it."""
        return self.eol_date is not None and day > self.eol_date

    def status_on(self, day: date) -> Status:
        """Give the ``lifecycle_status`` of ``SHOW CORTEX BASE MODELS`` on ``day``."""
        if self.retired_on(day):
            return "EOL"
        if self.legacy_date is not None and day >= self.legacy_date:
            return "LEGACY"
        return self.lifecycle


@dataclass(frozen=True, slots=True)
class ModelTable:
    """A whole table: the models, newest first in each family, and which to offer first."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    as_of: date
    defaults: tuple[str, ...]
    model: tuple[Model, ...]


def load(path: str | Path) -> ModelTable:
    """Read and check a model table; a ``ModelTableError`` names the file, place and problem."""
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ModelTableError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # a number may be too long, a list too deep
        raise ModelTableError(f"{path}: not TOML: {error}") from error
    try:
        table = TypeAdapter(ModelTable).validate_python(given)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place, problem = list(map(str, first["loc"])), first["msg"]
        if len(place) > 1 and place[0] == "model":
            place[:2] = [f"model number {int(place[1]) + 1}"]
        problem = "unknown field" if "Unexpected keyword" in problem else problem
        raise ModelTableError(f"{path}: {': '.join([*place, problem])}") from error
    names = [model.name for model in table.model]
    for model in table.model:
        if model.name != model.name.lower() or names.count(model.name) > 1:
            raise ModelTableError(f"{path}: {model.name!r}: names are lower case and unique")
        if model.eol_date is not None and model.eol_not_before is not None:
            raise ModelTableError(f"{path}: {model.name!r}: eol_date or eol_not_before, not both")
    for name in table.defaults:
        if name not in names:
            raise ModelTableError(f"{path}: defaults: no [[model]] is named {name!r}")
    return table


_TABLE = load(os.environ.get(OVERRIDE) or Path(__file__).with_name("models.toml"))
_BY_NAME = {model.name: model for model in _TABLE.model}
#: Every model of the table, newest first in each family.
MODELS: tuple[Model, ...] = _TABLE.model
#: Names to offer first: alive when the table was compiled.
DEFAULTS: tuple[str, ...] = _TABLE.defaults


def find(name: str) -> Model | None:
    """Look a model up as Snowflake does.

    A plain name in any case means the object ``SNOWFLAKE.MODELS."NAME"``, whose own identifier is
    case-sensitive (docs.snowflake.com/en/user-guide/snowflake-cortex/aisql-privileges-and-access).
    """
    qualified = QUALIFIED.fullmatch(name)
    if qualified is None:
        return _BY_NAME.get(name.lower())
    model = _BY_NAME.get(qualified["name"].lower())
    return model if model is not None and qualified["name"] == model.name.upper() else None


def available(on: date) -> tuple[Model, ...]:
    """List the models that any account can start to use: no legacy ones, no private previews."""
    return tuple(model for model in MODELS if model.status_on(on) in ("GA", "PUPR"))


def shown(on: date) -> list[dict[str, datetime | str | None]]:
    """Give the rows of ``SHOW CORTEX BASE MODELS`` on a day; ``created_on`` is the table's."""
    rows: list[dict[str, datetime | str | None]] = []
    for model in sorted(MODELS, key=lambda model: model.name):
        ends = model.eol_date.isoformat() if model.eol_date else None
        if model.eol_not_before is not None:
            # Documented as free text, with these two forms as its examples.
            ends = f"No sooner than {model.eol_not_before:%Y/%m/%d}"
        rows.append(
            {
                "created_on": datetime.combine(_TABLE.as_of, time(), UTC),
                "name": model.name.upper(),
                "model_type": "CORTEX_BASE",
                "database_name": "SNOWFLAKE",
                "schema_name": "MODELS",
                "owner": "SNOWFLAKE",
                "lifecycle_status": model.status_on(on),
                "in_region_availability": None,
                "legacy_date": model.legacy_date.isoformat() if model.legacy_date else None,
                "eol_date": ends,
                "cross_region_availability": None,
            }
        )
    return rows
