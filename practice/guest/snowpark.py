"""What ``from snowflake.snowpark import Session`` gives a program in the sandbox.

A session runs SQL by asking the host; errors and rows are those of Snowpark. Its only column
is ``ai_complete``.
"""

# ruff: noqa: ARG002 - the arguments are Snowpark's, whether they make a difference here or not

from __future__ import annotations

import json
from types import ModuleType

from practice.guest import channel, signatures
from practice.guest.carried import snowflake_exceptions
from practice.guest.carried.snowflake_error_message import SnowparkClientExceptionMessages
from practice.guest.carried.snowflake_exceptions import SnowparkSQLException
from practice.guest.carried.snowflake_row import Row
from practice.guest.channel import NotHere, Partial

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

_active: list[Session] = []
MESSAGES = SnowparkClientExceptionMessages

RANGE = (
    "SELECT ( ROW_NUMBER()  OVER ( ORDER BY  SEQ8() ) -  1 ) * (1) + (0) AS id "
    "FROM ( TABLE (GENERATOR(ROWCOUNT => {count})))"
)
# Other ways to ask for rows.
INSTEAD_OF_COLLECT = {"first", "show", "take", "to_pandas", "toPandas", "to_local_iterator"}
# Parameters that the connector binds; any other type is its error.
BOUND = (str, int, float, list, tuple, type(None))


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
        if self._session._is_closed:
            raise MESSAGES.SERVER_SESSION_HAS_BEEN_CLOSED()
        _check_params(self._params)
        answer = channel.ask("sql", query=self._query, params=self._params or None)
        if "error" in answer:
            raise _sql_error(answer["error"], self._query)
        return [_row(answer["columns"], row) for row in answer["rows"]]

    def select(self, *cols: Any) -> DataFrame:
        given = cols[0] if len(cols) == 1 and isinstance(cols[0], list | tuple | set) else cols
        if not given:
            raise ValueError("The input of select() cannot be empty")
        if not all(isinstance(each, Column | str) for each in given):
            raise TypeError(
                "The input of select() must be Column, column name, TableFunctionCall, "
                "or a list of them"
            )
        written = [each._sql if isinstance(each, Column) else _quoted(each) for each in given]
        query = f"SELECT {', '.join(written)} FROM ( {self._query})"  # noqa: S608 - the learner's own
        return DataFrame(self._session, query, self._params)

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


def _check_params(params: Any) -> None:
    """Refuse what the connector does not bind, in its words."""
    number, message = 0, ""
    if params and not isinstance(params, list | tuple):
        number, message = 252004, f"Binding parameters must be a list: {params}"
    elif wrong := [each for each in params or () if not isinstance(each, BOUND)]:
        kind = type(wrong[0]).__name__.lower()
        number, message = 252011, f"Python data type [{kind}] cannot be automatically mapped to "
        message += "Snowflake data type. Specify the snowflake data type explicitly."
    if number:
        raise SnowparkSQLException(
            f"{number}: {message}", error_code="1304", sql_error_code=number, raw_message=message
        )


class Column:
    """An expression of a column."""

    __module__ = "snowflake.snowpark.column"

    def __init__(self, sql: str) -> None:
        self._sql = sql

    def alias(self, alias: str) -> Column:
        return Column(f"{self._sql} AS {_quoted(alias)}")

    as_ = name = alias

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "Cannot convert a Column object into bool: please use '&' for 'and', '|' for 'or', "
            "'~' for 'not' if you're building DataFrame filter expressions."
        )

    def __repr__(self) -> str:
        return "Column(ai_complete)"


def ai_complete(
    model: Any,
    prompt: Any,
    file: Any = None,
    model_parameters: Any = None,
    response_format: Any = None,
    show_details: Any = None,
    return_error_details: Any = None,
) -> Column:
    """Return the column of a model's answers."""
    if not isinstance(prompt, Column | str | int | float | list | tuple | dict | None):
        raise TypeError(
            "'ai_complete' expected Column, DataFrame, Iterable or LiteralType, "
            f"got: {type(prompt)}"
        )
    given = locals()
    for name in ("file", "show_details", "return_error_details"):
        if given.pop(name) is not None:
            raise NotHere("snowpark", f"ai_complete({name}=...)")
    if isinstance(model, Column) or not isinstance(prompt, str):
        raise NotHere("snowpark", "ai_complete(prompt=Column)")
    arguments = [f"{name} => {_constant(each)}" for name, each in given.items() if each is not None]
    return Column(f"ai_complete({', '.join(arguments)})")


def _quoted(name: str) -> str:
    """Return a name as Snowpark quotes it: upper case, unless it is quoted or needs to be."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name
    plain = name.replace("$", "_").isidentifier() and name.isascii()
    return f'"{name.upper() if plain else name}"'


def _constant(value: Any) -> str:
    """Return a value as Snowflake's constants are written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_constant(k)}: {_constant(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_constant, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


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

        def create(self) -> Session:
            _check_options(self._options)
            _active.append(Session(None, self._options))
            return _active[-1]

        def getOrCreate(self) -> Session:  # noqa: N802 - Snowpark's name for it
            return get_active_session() if _active else self.create()

        def __get__(self, instance: object, owner: type | None = None) -> Session.SessionBuilder:
            return Session.SessionBuilder()

    builder = SessionBuilder()

    def __init__(self, conn: Any, options: Any = None) -> None:
        self._is_closed = False

    def sql(self, query: str, params: Any = None) -> DataFrame:
        if not isinstance(query, str):
            kind = type(query).__name__
            raise TypeError(f"expected string or bytes-like object, got '{kind}'")
        return DataFrame(self, query, params)

    def range(self, start: int, end: int | None = None, step: int = 1) -> DataFrame:
        if end is not None or step != 1:
            raise NotHere("snowpark", "session.range(start, end)")
        return DataFrame(self, RANGE.format(count=max(0, start)))

    def close(self) -> None:
        self._is_closed = True
        if self in _active:
            _active.remove(self)

    @classmethod
    def get_active_session(cls) -> Session | None:
        return get_active_session() if _active else None

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
    if not _active:
        _active.append(Session(None))
    return _active[0]


def get_active_session() -> Session:
    """Return the session that there is.

    Raises:
        SnowparkSessionException: 1403, there is none; 1409, there are several.
    """
    if not _active:
        raise MESSAGES.SERVER_NO_DEFAULT_SESSION()
    if len(_active) > 1:
        raise MESSAGES.MORE_THAN_ONE_ACTIVE_SESSIONS()
    return _active[0]


class Error(Exception):
    """An error of the connector; ``errno`` is its number."""

    __module__ = "snowflake.connector.errors"

    def __init__(self, msg: str, errno: int = -1) -> None:
        self.msg = self.raw_msg = msg
        self.errno = errno
        super().__init__(msg if errno == -1 else f"{errno:06d}: {msg}")


DatabaseError = type("DatabaseError", (Error,), {"__module__": Error.__module__})
ProgrammingError = type("ProgrammingError", (DatabaseError,), {"__module__": Error.__module__})
# snowflake/connector/connection.py, in its order.
NEEDED_OPTIONS = {
    "user": (
        "User is empty, but it must be provided unless authenticator is one of "
        "OAUTH_CLIENT_CREDENTIALS, OAUTH, OAUTH_AUTHORIZATION_CODE, PROGRAMMATIC_ACCESS_TOKEN, "
        "WORKLOAD_IDENTITY, PAT_WITH_EXTERNAL_SESSION, NO_AUTH.",
        251005,
    ),
    "password": ("Password is empty", 251006),
    "account": ("Account must be specified", 251001),
}


def _check_options(options: dict[str, Any]) -> None:
    if not options:
        raise Error("Default connection with name 'default' cannot be found, known ones are []")
    for name, (message, number) in NEEDED_OPTIONS.items():
        if not options.get(name):
            raise ProgrammingError(message, number)


def modules(job: dict[str, Any]) -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    _active[:] = [Session(None)] if job["inside_snowflake"] else []
    get_active_session.__module__ = "snowflake.snowpark.context"
    ai_complete.__module__ = "snowflake.snowpark.functions"
    known = vars(snowflake_exceptions).items()
    raised = {name: kind for name, kind in known if name.startswith("Snowpark")}
    kinds = {kind.__name__: kind for kind in (Error, DatabaseError, ProgrammingError)}
    parts: dict[str, ModuleType] = {
        "context": ModuleType("snowflake.snowpark.context"),
        "exceptions": Partial("snowflake.snowpark.exceptions", "snowpark", (), **raised),
        "functions": Partial(
            "snowflake.snowpark.functions",
            "snowpark",
            signatures.FUNCTIONS,
            ai_complete=ai_complete,
        ),
    }
    parts["context"].__dict__["get_active_session"] = get_active_session
    errors = Partial("snowflake.connector.errors", "snowpark", (), **kinds)
    connector = Partial("snowflake.connector", "snowpark", ("connect",), errors=errors, **kinds)
    snowpark = Partial("snowflake.snowpark", "snowpark", (), **parts)
    snowpark.__dict__.update(Session=Session, Row=Row, DataFrame=DataFrame, Column=Column)
    snowflake = Partial("snowflake", "snowpark", (), snowpark=snowpark, connector=connector)
    own = (snowflake, snowpark, connector, errors, *parts.values())
    return {each.__name__: each for each in own}
