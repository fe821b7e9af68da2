"""How the Cortex functions are called: ``forms.toml`` read, and the errors that calls share."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cortex.engines import EngineError
from local_cortex.sql.errors import SqlError

__all__ = [
    "FORMS",
    "FUNCTIONS",
    "MAY_BE_OBJECT",
    "SCHEMA",
    "Form",
    "inactive_account",
    "remote_error",
]

SCHEMA: Final = "SNOWFLAKE.CORTEX."
#: Arguments that make an answer an object; they are left out of a call where they are not set.
MAY_BE_OBJECT: Final = ("response_format", "show_details", "return_error_details")


@dataclass(frozen=True, slots=True)
class Form:
    """How a function is called; ``forms.toml`` explains the fields."""

    takes: str = ""
    gives: str = "VARCHAR"
    asks: str = ""
    computes: str = ""
    null: bool = False
    instead: str = ""
    refused: str = ""

    @property
    def parameters(self) -> list[str]:
        return self.takes.replace("[", "").replace("]", "").split()

    @property
    def required(self) -> list[str]:
        return self.takes.partition("[")[0].split()


_TABLE: Final = {
    name: Form(**given)
    for name, given in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}
#: A function's own name -> its form.
FORMS: Final = {name.removeprefix(SCHEMA): form for name, form in _TABLE.items()}
#: The names that SQL calls, upper case: as they stand, and with their schema.
FUNCTIONS: Final = frozenset(
    {"PROMPT"}
    | {SCHEMA + name for name in FORMS}
    | {name for name, form in _TABLE.items() if not form.instead}
)


def remote_error(name: str, error: EngineError) -> SqlError:
    """Word an engine's refusal as Snowflake words that of the service behind the function."""
    return SqlError(
        f"Request failed for external function {name}$V2 with remote service error: "
        f"{error.status} '{error}'",
        code="100351",
        sqlstate="P0000",
    )


def inactive_account(name: str, instead: str) -> SqlError:
    """Refuse a legacy function as an account that Snowflake marked inactive does (BCR-2432).

    The behaviour is documented, the wording is Local Cortex's own.
    """
    return SqlError(
        f"Function {SCHEMA}{name} is not available: this account is marked inactive for the legacy "
        f"Cortex functions. Use {instead} instead.",
        code="000002",
        sqlstate="0A000",
    )
