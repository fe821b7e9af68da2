"""The errors of Snowpark and of the connector beneath it."""

from __future__ import annotations

from types import ModuleType

from practice.guest.channel import NotHere

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "Error",
    "ProgrammingError",
    "SnowparkSQLException",
    "SnowparkSessionException",
    "binding_error",
    "modules",
    "sql_error",
]


class SnowparkClientException(Exception):
    """An error of Snowpark; ``error_code`` is its number."""

    def __init__(self, message: str, *, error_code: str | None = None) -> None:
        super().__init__(message)
        self.message = self.telemetry_message = message
        self.error_code = error_code

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, {self.error_code!r})"

    def __str__(self) -> str:
        return f"({self.error_code}): {self.message}" if self.error_code else self.message


class SnowparkServerException(SnowparkClientException):
    """An error of the connection."""


class SnowparkSessionException(SnowparkServerException):
    """There is no session, or too many."""


class SnowparkSQLException(SnowparkClientException):
    """A statement failed; ``sql_error_code`` is Snowflake's number for the reason."""

    def __init__(
        self,
        message: str,
        *,
        error_code: str | None = None,
        conn_error: Any = None,
        sfqid: str | None = None,
        query: str | None = None,
        sql_error_code: int | None = None,
        raw_message: str | None = None,
        debug_context: str | None = None,
    ) -> None:
        super().__init__(message, error_code=error_code)
        self.conn_error, self.debug_context = conn_error, debug_context
        self.sfqid, self.query = sfqid, query
        self.sql_error_code, self.raw_message = sql_error_code, raw_message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, {self.error_code!r}, {self.sfqid!r})"

    def __str__(self) -> str:
        code = f"({self.error_code}): " if self.error_code else ""
        query = f"{self.sfqid}: " if self.sfqid else ""
        return f"{code}{query}{self.message}{self.debug_context or ''}"


class Error(Exception):
    """An error of the connector; ``errno`` is its number."""

    def __init__(self, msg: str, errno: int = -1) -> None:
        self.msg = self.raw_msg = msg
        self.errno = errno
        super().__init__(msg if errno == -1 else f"{errno:06d}: {msg}")

    def __repr__(self) -> str:
        return str(self)


class DatabaseError(Error):
    """Snowflake has refused something."""


class ProgrammingError(DatabaseError):
    """The connector was used wrongly."""


def sql_error(told: dict[str, Any], query: str) -> Exception:
    """Return the error for a statement that whoever runs the program could not run."""
    if "kind" in told:
        return NotHere(told["kind"], told["message"])
    # "001003 (42000): SQL compilation error: ...": Snowflake's number, its state, what it says.
    _, _, rest = told["message"].partition("): ")
    raw = rest if rest and told["message"][:6].isdigit() else told["message"]
    return SnowparkSQLException(**told, query=query, raw_message=raw)


def binding_error(number: int, message: str) -> SnowparkSQLException:
    """Return the error for a parameter that the connector itself does not take."""
    return SnowparkSQLException(
        f"{number}: {message}", error_code="1304", sql_error_code=number, raw_message=message
    )


class _Connector(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name == "connect":
            raise NotHere("snowpark", "snowflake.connector.connect")
        text = f"module 'snowflake.connector' has no attribute '{name}'"
        raise AttributeError(text, name=name, obj=self)


def modules() -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    snowpark, connector = (
        ModuleType("snowflake.snowpark.exceptions"),
        _Connector("snowflake.connector"),
    )
    errors = ModuleType("snowflake.connector.errors")
    connector.__path__ = []
    of_snowpark = (
        *(SnowparkClientException, SnowparkServerException),
        *(SnowparkSessionException, SnowparkSQLException),
    )
    for home, kinds in (
        (snowpark, of_snowpark),
        (errors, (Error, DatabaseError, ProgrammingError)),
    ):
        for kind in kinds:
            kind.__module__ = home.__name__
            setattr(home, kind.__name__, kind)
    for kind in (Error, DatabaseError, ProgrammingError):
        setattr(connector, kind.__name__, kind)
    connector.__dict__["errors"] = errors
    return {each.__name__: each for each in (snowpark, connector, errors)}
