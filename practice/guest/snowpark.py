"""What ``from snowflake.snowpark import Session`` gives a program in the sandbox.

A session runs SQL by asking the host; errors and rows are those of Snowpark.
"""

# ruff: noqa: ARG002 - the arguments are Snowpark's, whether they make a difference here or not

from __future__ import annotations

from types import ModuleType

from practice.guest import channel, columns, signatures
from practice.guest.carried import snowflake_exceptions
from practice.guest.carried.snowflake_exceptions import (
    SnowparkSessionException,
    SnowparkSQLException,
)
from practice.guest.carried.snowflake_row import Row
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["DataFrame", "Row", "Session", "get_active_session", "modules", "opened"]

_active: list[Session] = []

RANGE = (
    "SELECT ( ROW_NUMBER()  OVER ( ORDER BY  SEQ8() ) -  1 ) * ({step}) + ({start}) AS id "
    "FROM ( TABLE (GENERATOR(ROWCOUNT => {count})))"
)
NO_USER = (
    "User is empty, but it must be provided unless authenticator is one of "
    "OAUTH_CLIENT_CREDENTIALS, OAUTH, OAUTH_AUTHORIZATION_CODE, PROGRAMMATIC_ACCESS_TOKEN, "
    "WORKLOAD_IDENTITY, PAT_WITH_EXTERNAL_SESSION, NO_AUTH."
)

# Other ways to ask for rows.
INSTEAD_OF_COLLECT = {"first", "show", "take", "to_pandas", "toPandas", "to_local_iterator"}


class DataFrame:
    """A statement that has not been run yet."""

    __module__ = "snowflake.snowpark.dataframe"

    def __init__(self, session: Session, query: str, params: Any = None) -> None:
        self._session, self._query, self._params = session, query, params

    def collect(
        self,
        *,
        statement_params: Any = None,
        block: bool = True,
        log_on_exception: bool = False,
        case_sensitive: bool = True,
    ) -> list[Row]:
        self._session._check_open()
        _check_params(self._params)
        params = list(self._params) if self._params else None
        answer = channel.ask("sql", query=self._query, params=params)
        if "error" in answer:
            raise _sql_error(answer["error"], self._query)
        rows = [[_value(told) for told in row] for row in answer["rows"]]
        return [_row(answer["columns"], row) for row in rows]

    def select(self, *cols: Any) -> DataFrame:
        query = self._query.strip().removesuffix(";")
        around = f"( {query})" if query.startswith("SELECT ( ROW_NUMBER()") else f"({query})"
        sql = f"SELECT {', '.join(columns.selected(cols))} FROM {around}"  # noqa: S608 - the learner's own
        return DataFrame(self._session, sql, self._params)

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle '_thread.RLock' object")

    def __getitem__(self, item: Any) -> NoReturn:
        # A column, there; for its name the statement would have to be described.
        raise NotHere("rows", "DataFrame[...]")

    def __getattr__(self, name: str) -> Any:
        if name in signatures.DATAFRAME:
            kind = "rows" if name in INSTEAD_OF_COLLECT else "snowpark"
            raise NotHere(kind, f"DataFrame.{name}")
        raise AttributeError(f"DataFrame object has no attribute {name}")


def _row(names: list[str], values: list[Any]) -> Any:
    """Return a row; ``Row`` itself takes no column names that are no Python names."""
    row = Row(*values)
    row.__dict__["_fields"] = names
    return row


def _sql_error(told: dict[str, Any], query: str) -> Exception:
    """Return the error for a statement that the host could not run."""
    if "kind" in told:
        return NotHere(told["kind"], told["message"])
    # "001003 (42000): SQL compilation error: ...": Snowflake's number, its state, its message.
    _, _, rest = told["message"].partition("): ")
    raw = rest if rest and told["message"][:6].isdigit() else told["message"]
    error: Exception = SnowparkSQLException(**told, query=query, raw_message=raw)
    return error


def _binding_error(number: int, message: str) -> Exception:
    """Return the error for a parameter that the connector itself does not take."""
    error: Exception = SnowparkSQLException(
        f"{number}: {message}", error_code="1304", sql_error_code=number, raw_message=message
    )
    return error


def _value(told: Any) -> Any:
    """Return a value of a result; what JSON can't express comes as ``{kind: text}``."""
    if not isinstance(told, dict):
        return told
    ((kind, text),) = told.items()
    if kind == "bytes":
        return bytearray.fromhex(text)
    if kind == "decimal":
        from decimal import Decimal  # rarely needed

        return Decimal(text)
    import datetime  # rarely needed

    return getattr(datetime, kind).fromisoformat(text)


def _check_params(params: Any) -> None:
    if params and not isinstance(params, list | tuple):
        raise _binding_error(252004, f"Binding parameters must be a list: {params}")
    for value in params or ():
        kind = type(value).__name__
        if kind in ("Decimal", "date", "time", "datetime", "timedelta", "bytes", "bytearray"):
            raise NotHere("snowpark", f"params=[{kind}]")
        if not isinstance(value, str | int | float | list | tuple | None):
            raise _binding_error(
                252011,
                f"Python data type [{kind.lower()}] cannot be automatically mapped to Snowflake "
                "data type. Specify the snowflake data type explicitly.",
            )


class Session:
    """A session; ``sql`` and ``range`` are what the course's days use of it."""

    __module__ = "snowflake.snowpark.session"

    class SessionBuilder:
        """``Session.builder``."""

        __module__ = "snowflake.snowpark.session"

        def __init__(self) -> None:
            self._options: dict[str, Any] = {}

        def config(self, key: str, value: Any) -> Session.SessionBuilder:
            self._options[key] = value
            return self

        def configs(self, options: Any) -> Session.SessionBuilder:
            self._options = {**self._options, **options}
            return self

        def app_name(self, app_name: str, format_json: bool = False) -> Session.SessionBuilder:
            return self

        appName = app_name  # noqa: N815 - Snowpark's name for it

        def create(self) -> Session:
            _check_options(self._options)
            session = Session(None, self._options)
            _active.append(session)
            return session

        def getOrCreate(self) -> Session:  # noqa: N802 - Snowpark's name for it
            return get_active_session() if _active else self.create()

        def __get__(self, instance: object, owner: type | None = None) -> Session.SessionBuilder:
            return Session.SessionBuilder()

    builder = SessionBuilder()

    def __init__(self, conn: Any, options: Any = None) -> None:
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether the program has closed it; Snowpark's own has no such name."""
        return self._is_closed

    def sql(self, query: str, params: Any = None) -> DataFrame:
        if not isinstance(query, str):
            kind = type(query).__name__
            raise TypeError(f"expected string or bytes-like object, got '{kind}'")
        return DataFrame(self, query, params)

    def range(self, start: int, end: int | None = None, step: int = 1) -> DataFrame:
        if step == 0:
            raise ValueError("The step for range() cannot be 0.")
        begin, end = (0, start) if end is None else (start, end)
        count = max(0, int(-(-(end - begin) // step)))
        return DataFrame(self, RANGE.format(step=step, start=begin, count=count))

    @classmethod
    def get_active_session(cls) -> Session | None:
        return get_active_session() if _active else None

    getActiveSession = get_active_session  # noqa: N815 - Snowpark's name for it

    def close(self) -> None:
        self._is_closed = True
        if self in _active:
            _active.remove(self)

    def _check_open(self) -> None:
        if self._is_closed:
            raise SnowparkSessionException(
                "Cannot perform this operation because the session has been closed.",
                error_code="1404",
            )

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle '_thread.RLock' object")

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name in signatures.SESSION:
            raise NotHere("snowpark", f"session.{name}")
        raise AttributeError(f"'Session' object has no attribute '{name}'")


def opened() -> Session:
    """Return the session that there is, or a new one."""
    if not _active:
        _active.append(Session(None))
    return _active[0]


class Error(Exception):
    """An error of the connector; ``errno`` is its number."""

    def __init__(self, msg: str, errno: int = -1) -> None:
        self.msg = self.raw_msg = msg
        self.errno = errno
        super().__init__(msg if errno == -1 else f"{errno:06d}: {msg}")


class DatabaseError(Error):
    """Snowflake has refused something."""


class ProgrammingError(DatabaseError):
    """The connector was used wrongly."""


def _check_options(options: dict[str, Any]) -> None:
    # snowflake/connector/connection.py, in its order.
    if not options:
        name = "Default connection with name 'default' cannot be found, known ones are []"
        raise Error(name)
    if not options.get("user"):
        raise ProgrammingError(NO_USER, 251005)
    if not options.get("password"):
        raise ProgrammingError("Password is empty", 251006)
    if not options.get("account"):
        raise ProgrammingError("Account must be specified", 251001)


def get_active_session() -> Session:
    """Return the session that there is.

    Raises:
        SnowparkSessionException: 1403, there is none; 1409, there are several.
    """
    if not _active:
        raise SnowparkSessionException(
            "No default Session is found. Please create a session before you call function 'udf' "
            "or use decorator '@udf'.",
            error_code="1403",
        )
    if len(_active) > 1:
        raise SnowparkSessionException(
            "More than one active session is detected. When you call function 'udf' or use "
            "decorator '@udf', you must specify the 'session' parameter if you created multiple "
            "sessions.Alternatively, you can use 'session.udf.register' to register UDFs",
            error_code="1409",
        )
    return _active[0]


def modules(job: dict[str, Any]) -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    _active[:] = [Session(None)] if job["inside_snowflake"] else []
    get_active_session.__module__ = "snowflake.snowpark.context"
    kinds = {kind.__name__: kind for kind in (Error, DatabaseError, ProgrammingError)}
    for kind in kinds.values():
        kind.__module__ = "snowflake.connector.errors"
    known = vars(snowflake_exceptions).items()
    raised = {name: kind for name, kind in known if name.startswith("Snowpark")}
    parts = {
        "context": ModuleType("snowflake.snowpark.context"),
        "exceptions": Partial("snowflake.snowpark.exceptions", "snowpark", (), **raised),
        "functions": columns.module(),
    }
    parts["context"].__dict__["get_active_session"] = get_active_session
    errors = Partial("snowflake.connector.errors", "snowpark", (), **kinds)
    connector = Partial("snowflake.connector", "snowpark", ("connect",), errors=errors, **kinds)
    snowpark = Partial("snowflake.snowpark", "snowpark", (), **parts)
    snowpark.__dict__.update(Session=Session, Row=Row, DataFrame=DataFrame, Column=columns.Column)
    snowflake = Partial("snowflake", "snowpark", (), snowpark=snowpark, connector=connector)
    own = (snowflake, snowpark, connector, errors, *parts.values())
    return {each.__name__: each for each in own}
