"""The one place where a Snowflake session comes from.

``connect()`` takes the first that is there: the Snowflake that the app runs inside of, the account
in ``[connections.snowflake]`` of the secrets, Local Cortex. It looks at the environment, at files
and at the secrets, and imports no Snowflake package: that waits for ``.session``, so Home does not
pay for it. An account that is configured but fails is not replaced silently: ``.session`` raises
``ConnectionFailed``, and ``connect("local")`` goes on without the account.

Settings: ``COURSE_CONNECTION`` is auto, snowflake, account, local, or the header of an entry in the
secrets, such as [connections.mine]. ``COURSE_CONNECTION_NAME`` names an entry of your own
connections.toml, which is not read otherwise.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import os
import platform
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

if TYPE_CHECKING:
    from openai import OpenAI
    from snowflake.snowpark import Session

    from local_cortex import LocalCortexProcess

__all__ = ["Attempt", "Connection", "ConnectionFailed", "connect"]

Kind = Literal["snowflake", "account", "local"]
LABELS: dict[Kind, str] = {
    "snowflake": "Snowflake",
    "account": "Snowflake account",
    "local": "Local Cortex",
}
CHOICES = ("auto", *LABELS)
SECTION = "[connections.snowflake]"
ENTRY = re.compile(r"\[.*\]")

# Snowflake keeps a container's OAuth token here and renews it every few minutes.
TOKEN_FILE = Path("/snowflake/session/token")
# SNOWFLAKE_HOST, ... in a container. No role: the token is for one role only.
CONTAINER_SETTINGS = ("host", "account", "database", "schema", "warehouse", "protocol", "port")
# What a stored procedure, and so the warehouse runtime, calls its platform.
PROCEDURE_PLATFORM = "XP"
# The user's own values in the secrets win over all of these.
DEFAULTS: dict[str, Any] = {
    "login_timeout": 20,  # seconds of repeating a login; a single try may last a socket_timeout
    # Seconds that a read may be silent, and all that interrupts one. Snowflake is silent for 45
    # while a statement runs, before it answers "in progress".
    "socket_timeout": 50,
    # Seconds of repeating any other request, which otherwise has no limit; also the most that a
    # statement may take, and one that asks a model for a long answer takes minutes.
    "network_timeout": 600,
    "platform_detection_timeout_seconds": 0.0,  # do not ask the network which cloud this is
    "client_session_keep_alive": True,  # Snowflake ends a session that is idle for four hours
    "validate_default_parameters": True,  # a misspelt warehouse fails here, not in a later query
    # Otherwise Snowpark shares one cursor between threads, and their queries fail.
    "session_parameters": {"PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION": True},
}
# The connector takes these as text and fails by using them if TOML has made numbers of them.
SECRET_KEYS = frozenset({"password", "token", "private_key_file_pwd"})
TEXT_KEYS = SECRET_KEYS | {
    *("account", "user", "authenticator", "role", "warehouse", "database", "schema"),
    *("host", "token_file_path", "private_key_file"),
}
NUMBER_KEYS = frozenset({"login_timeout", "network_timeout", "socket_timeout"})
# Names that the connector ignores, some of them from other Snowflake tools: its own name for each.
RENAMED = {
    "private_key_path": "private_key_file",
    "private_key_passphrase": "private_key_file_pwd",
    "private_key_file_passphrase": "private_key_file_pwd",
    "username": "user",
    "pwd": "password",
    **dict.fromkeys(("accountname", "account_name", "account_identifier"), "account"),
    "token_file": "token_file_path",
}
# ORG-ACCOUNT, or a locator and its region. No certificate matches a host with an underscore.
ACCOUNT_FORM = re.compile(
    r"[a-z0-9-]+(\.(privatelink|global|[a-z0-9]+(-[a-z0-9]+)+)(\.[a-z]+)*)?", re.IGNORECASE
)
# Snowsight writes <none selected>.
PLACEHOLDER = re.compile(r"<.*>")
# A table with an account and one of these belongs to an account of Snowflake's.
ACCOUNT_KEYS = frozenset(key for key, name in RENAMED.items() if name == "account") | {"account"}
TELLING = frozenset(
    {"user", "authenticator", "role", "warehouse", "database", "schema", "username"}
)

# Not before is a failure that time may heal tried again: each rerun would sit through a timeout.
RETRY_SECONDS = 15.0
HEALS = frozenset({"network", "unknown"})

# How a failure is recognised: by number (39xxxx and 000666 are Snowflake's, 25xxxx the connector's,
# 290xxx are HTTP statuses), or by Snowflake's wording, since connectors have given every refused
# login the number 250001.
EXPIRED = range(390110, 390116)  # the session's own tokens
REASON_BY_NUMBER: dict[int, str] = {
    **dict.fromkeys((666, 251009, 290403, 290404), "account"),
    **dict.fromkeys((390100, 390101, 390102, 390144, *range(394300, 394307)), "user"),
    **dict.fromkeys((390186, 390189), "role"),
    **dict.fromkeys((606, 390201), "warehouse"),  # 390201: or the database, or the schema
    **dict.fromkeys((390420, 390422, 390432), "network"),
    **dict.fromkeys((*EXPIRED, 390195, 390303, 390318, 394400), "expired_token"),
    **dict.fromkeys((390120, 390127, *range(394507, 394513)), "mfa"),
    **dict.fromkeys((251001, *range(251005, 251009), 251013, 251017, 251020), "secrets"),
}
# The connector's number for a setting that is missing, or has a value that it does not know.
KEY_BY_NUMBER = {251001: "account", 251005: "user", 251006: "password"}
UNKNOWN_VALUE = 251007
REASON_BY_WORDING = {
    "mfa": r"\bmfa\b",
    "account": r"verify the account name|free trial has ended|account is suspended",
    "user": r"incorrect username or password|user access disabled|jwt token is invalid",
    "role": r"in the connect string|is not granted to this user|in the access token",
    "warehouse": r"does not exist or not authorized",
    "network": r"is not allowed to access snowflake|network policy is required",
    "expired_token": r"token (has )?expired|access token is invalid",
    "secrets": r"invalid connection_name",
}
REASON_BY_TYPE = {
    "ForbiddenError": "account",  # HTTP 403 to a login, which the connector numbers 540001
    "ImportError": "missing_package",
    "MissingDependencyError": "missing_package",
    "ConfigSourceError": "secrets",
}
# Local Cortex's own errors: they name a setting of this machine and its fix, and nothing secret.
LOCAL_ERRORS = frozenset({"ModelTableError", "SettingsError", "StartError"})
# Errors of a session that is over; the last two are the connector's own.
DEAD_ERRNOS = frozenset({*EXPIRED, 250002, 252007})
DEAD_SQLSTATES = frozenset({"08001", "08003"})


class ConnectionFailed(RuntimeError):
    """No session, and why, without anything secret; the original error is the ``__cause__``.

    ``reason`` is account, user, role, warehouse, network, expired_token, mfa, secrets, not_inside,
    missing_package, other_name (the secrets have an account under another name), key_name,
    key_text, key_number, placeholder, account_form (a key is wrong), local (Local Cortex
    does not start), no_token (the warehouse runtime gives out none, and chat completions need one)
    or unknown; ``errno`` and ``sqlstate`` are Snowflake's or the connector's, or None; ``where``
    names the file, section or key to look at, says for local what is wrong and how to fix it, and
    may be empty; ``fix`` is the right name of a misnamed key.
    """

    def __init__(
        self,
        reason: str,
        errno: int | None = None,
        sqlstate: str | None = None,
        where: str = "",
        fix: str = "",
    ) -> None:
        facts = (f"errno {errno}" if errno else "", f"sqlstate {sqlstate}" if sqlstate else "")
        super().__init__(", ".join(filter(None, (f"no session: {reason}", *facts, where))))
        self.reason, self.errno, self.sqlstate = reason, errno, sqlstate
        self.where, self.fix = where, fix

    def again(self) -> ConnectionFailed:
        """Return a copy to raise; an exception raised twice would collect tracebacks."""
        copy = ConnectionFailed(self.reason, self.errno, self.sqlstate, self.where, self.fix)
        copy.__cause__ = self.__cause__
        return copy


@dataclass(frozen=True, slots=True)
class Attempt:
    """One kind that was considered.

    ``outcome`` is used, not_inside, no_secrets, other_name, not_chosen or a
    ``ConnectionFailed.reason``; ``found`` are, for other_name, the headers of the secrets' entries
    that are accounts, each of which ``connect`` takes as its ``prefer``.
    """

    kind: Kind
    outcome: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How to make the session of one kind, or why that is impossible; the settings are secret."""

    kind: Kind
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    problem: ConnectionFailed | None = None
    procedure: bool = False

    @property
    def key(self) -> str:
        """The same for plans that may share a session."""
        what = (self.kind, str(self.problem), self.procedure, sorted(self.settings.items()))
        return hashlib.sha256(repr(what).encode()).hexdigest()


def read_secrets() -> Mapping[str, Any] | None:
    """Return ``[connections.snowflake]``, or None; unreadable secrets are ``ConnectionFailed``."""
    try:
        found = st.secrets.get("connections", {})
    except (StreamlitSecretNotFoundError, UnicodeDecodeError, OSError) as error:
        files = [path for path in map(Path, st.get_option("secrets.files")) if path.exists()]
        if not files:
            return None
        where = ", ".join(f"{path.parent.name}/{path.name}" for path in files)
        raise ConnectionFailed("secrets", where=where) from error
    section = found.get("snowflake") if isinstance(found, Mapping) else found
    if section is None or isinstance(section, Mapping):
        return section
    raise ConnectionFailed("secrets", where=SECTION)


def read_entries() -> dict[str, dict[str, Any]]:
    """Return the settings of all accounts in the secrets by their headers; [] is the file's top."""
    try:
        return dict(_entries(st.secrets.to_dict(), ()))
    except (StreamlitSecretNotFoundError, UnicodeDecodeError, OSError):
        return {}


def _entries(
    table: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    # Keys of environment variables are common at the top: SNOWFLAKE_ACCOUNT.
    own = {
        key.lower().removeprefix("snowflake_"): value
        for key, value in table.items()
        if not isinstance(value, Mapping) or key == "session_parameters"
    }
    if ACCOUNT_KEYS & own.keys() and TELLING & own.keys():
        # The top of the file holds the secrets of other programs as well.
        ours = own.keys() if path else own.keys() & (TEXT_KEYS | RENAMED.keys())
        yield f"[{'.'.join(path)}]", {key: own[key] for key in own if key in ours}
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _entries(value, (*path, name))


def _open_session(settings: Mapping[str, Any]) -> Session:
    from snowflake.snowpark import Session

    session = Session.builder.configs(dict(settings)).create()
    # Unsent telemetry doubles whenever another session takes over (see local_cortex/client.py).
    session.telemetry_enabled = False
    return session


def _active_session() -> Session:
    from snowflake.snowpark.context import get_active_session

    return cast("Session", get_active_session())


def _start_local() -> LocalCortexProcess:
    from local_cortex import LocalCortexProcess

    return LocalCortexProcess.start()


@dataclass(frozen=True)
class Sources:
    """All that deciding and connecting look at or call; tests bring their own."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    secrets: Callable[[], Mapping[str, Any] | None] = read_secrets
    entries: Callable[[], Mapping[str, Mapping[str, Any]]] = read_entries
    token_file: Path = TOKEN_FILE
    platform: Callable[[], str] = platform.platform
    open_session: Callable[[Mapping[str, Any]], Session] = _open_session
    active_session: Callable[[], Session] = _active_session
    start_local: Callable[[], LocalCortexProcess] = _start_local
    clock: Callable[[], float] = time.monotonic


def _find_snowflake(sources: Sources, _entry: str | None) -> tuple[Plan, Attempt | None]:
    if sources.platform() == PROCEDURE_PLATFORM:
        return Plan("snowflake", procedure=True), None
    given = {name: sources.environ.get(f"SNOWFLAKE_{name.upper()}") for name in CONTAINER_SETTINGS}
    if not (given["host"] and sources.token_file.is_file()):
        absent = Plan("snowflake", problem=ConnectionFailed("not_inside"))
        return absent, Attempt("snowflake", "not_inside")
    settings = {name: value for name, value in given.items() if value}
    return Plan("snowflake", {**settings, "authenticator": "oauth"}), None


def _find_account(sources: Sources, entry: str | None) -> tuple[Plan, Attempt | None]:
    header, section = entry or SECTION, None
    name = sources.environ.get("COURSE_CONNECTION_NAME", "").strip()
    if not entry and name:
        return Plan("account", {"connection_name": name}), None
    try:
        section = sources.entries().get(entry) if entry else sources.secrets()
    except ConnectionFailed as failure:
        return Plan("account", problem=failure), None
    if section is not None:
        settings = {key.lower(): value for key, value in _plain(section).items()}
        return Plan("account", settings, problem=_mistake(settings, header)), None
    absent = Plan("account", problem=ConnectionFailed("secrets", where=header))
    if entry:
        return absent, None
    if others := tuple(sources.entries()):
        problem = ConnectionFailed("other_name", where=", ".join(others))
        return Plan("account", problem=problem), Attempt("account", "other_name", others)
    return absent, Attempt("account", "no_secrets")


def _mistake(settings: Mapping[str, Any], header: str) -> ConnectionFailed | None:
    """Return what is wrong with the settings by themselves; it names a key and never its value."""
    for key, value in settings.items():
        where, right, reason = f"{header} {key}", RENAMED.get(key), None
        if right is not None and right not in settings:
            return ConnectionFailed("key_name", where=where, fix=right)
        if key in TEXT_KEYS and not isinstance(value, str):
            reason = "key_text"
        elif key in NUMBER_KEYS and (isinstance(value, bool) or not isinstance(value, int | float)):
            reason = "key_number"
        elif key in TEXT_KEYS - SECRET_KEYS and PLACEHOLDER.fullmatch(value):
            reason = "placeholder"
        if reason is not None:
            return ConnectionFailed(reason, where=where)
    account, where = settings.get("account"), f"{header} account"
    if not account:
        named = settings.get("connection_name")
        return None if named else ConnectionFailed("secrets", where=where)
    if not settings.get("host") and not ACCOUNT_FORM.fullmatch(account):
        return ConnectionFailed("account_form", where=where)
    return None


FINDERS: dict[Kind, Callable[[Sources, str | None], tuple[Plan, Attempt | None]]] = {
    "snowflake": _find_snowflake,
    "account": _find_account,
    "local": lambda _sources, _entry: (Plan("local"), None),
}


def decide(
    prefer: str | None, sources: Sources, failure_of: Callable[[Plan], str | None]
) -> tuple[Plan, tuple[Attempt, ...]]:
    """Choose a kind of connection; ``failure_of`` gives the reason a plan last failed, if it did.

    Raises ``ValueError`` if ``prefer``, or else ``COURSE_CONNECTION``, is none of the choices.
    """
    setting = "prefer" if prefer is not None else "COURSE_CONNECTION"
    given = (prefer if prefer is not None else sources.environ.get(setting, "")).strip()
    entry = given if ENTRY.fullmatch(given) else None
    wanted = "account" if entry else given.lower() or "auto"
    if wanted not in CHOICES:
        raise ValueError(
            f"{setting} is {wanted[:20]!r}, which is not a connection: "
            f"set it to one of {', '.join(CHOICES)}, to an entry of the secrets such as "
            "[connections.mine], or leave it out for auto"
        )
    attempts: list[Attempt] = []
    for kind, find in FINDERS.items():
        plan, absent = find(sources, entry)
        chosen = wanted == kind or (wanted == "auto" and absent is None)
        failure = plan.problem.reason if plan.problem else failure_of(plan)
        attempts.append(absent or Attempt(kind, failure or ("used" if chosen else "not_chosen")))
        if chosen:
            return plan, tuple(attempts)
    raise AssertionError("Local Cortex is always there")


class SharedSession:
    """The one session of a plan: made on first use, replaced when it has died, closed at exit."""

    def __init__(self, plan: Plan, sources: Sources) -> None:
        self._plan, self._sources = plan, sources
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._starting = threading.Lock()
        self.cortex: LocalCortexProcess | None = None
        # How many processes Local Cortex had lost when the session was opened.
        self._lost = 0
        self._failure: ConnectionFailed | None = None
        self._retry_at = 0.0
        # Its pool of connections and its certificates serve every question's client.
        self._chat: OpenAI | None = None

    @property
    def failure(self) -> str | None:
        """The reason of the last failure; None once there is a session, and after a reset."""
        return self._failure.reason if self._failure else None

    def get(self) -> Session:
        plan, sources = self._plan, self._sources
        with self._lock:
            if plan.problem:
                raise plan.problem.again()
            if self._session is not None and not self._is_dead(self._session):
                return self._session
            self._drop()
            if self._failure and sources.clock() < self._retry_at:
                raise self._failure.again()
            try:
                self._session = self._open()
            except Exception as error:  # whatever it is: its text may name the account
                self._failure = failure = diagnose(error, plan.settings)
                # Only an account's credentials can be wrong for good, and be locked by repeating.
                heals = failure.reason in HEALS or plan.kind != "account"
                self._retry_at = sources.clock() + (RETRY_SECONDS if heals else float("inf"))
                raise failure from error
            self._failure = None
            if not plan.procedure:
                # Run before the clients' own hooks: a client whose server is gone repeats requests.
                atexit.register(self._at_exit)
            return self._session

    def _open(self) -> Session:
        plan, sources = self._plan, self._sources
        if plan.procedure:
            return sources.active_session()
        if plan.kind == "local":
            cortex = self.local()
            self._lost = cortex.replaced
            return cortex.session()
        parameters = plan.settings.get("session_parameters", {})
        parameters = {**DEFAULTS["session_parameters"], **parameters}
        settings = {**DEFAULTS, **plan.settings, "session_parameters": parameters}
        if plan.kind == "snowflake":
            settings["token"] = sources.token_file.read_text(encoding="utf-8").strip()
        return sources.open_session(settings)

    def local(self) -> LocalCortexProcess:
        """Return Local Cortex, which is being started or runs."""
        with self._starting:
            if self.cortex is None or not self.cortex.alive:
                self.cortex = self._sources.start_local()
            return self.cortex

    def _is_dead(self, session: Session) -> bool:
        if self._plan.procedure:
            return False
        if self.cortex is not None and not (
            self.cortex.alive and self.cortex.replaced == self._lost
        ):
            return True
        # Noted by the connector (390114: not renewed) and by Local Cortex (its process is stuck).
        return bool(session.connection.is_closed() or getattr(session.connection, "expired", False))

    def chat_client(self) -> OpenAI:
        from openai import OpenAI

        connection = self.get().connection
        rest = getattr(connection, "rest", None)
        if rest is None or not rest.token:
            raise ConnectionFailed("no_token")
        url = f"{rest.server_url}/api/v2/cortex/v1"
        # As snowflake.cortex sends it (_complete.py). Its own retries are the caller's business.
        sent = {"Authorization": f'Snowflake Token="{rest.token}"'}
        with self._lock:
            if self._chat is None:
                self._chat = OpenAI(base_url=url, api_key="-", max_retries=0)
            return self._chat.with_options(base_url=url, default_headers=sent)

    def reset(self, session: Session | None = None) -> None:
        with self._lock:
            if session is None or session is self._session:
                self._failure = None
                self._drop()

    def _drop(self) -> None:
        old, self._session = self._session, None
        if old is not None and not self._plan.procedure:  # a procedure's session is not ours
            atexit.unregister(self._at_exit)
            _in_background(_close, old)

    def close(self) -> None:
        """Close the session and stop Local Cortex; a later use starts both again."""
        self.reset()
        with self._starting:
            cortex, self.cortex = self.cortex, None
        if cortex is not None:
            _in_background(cortex.close)

    def _at_exit(self) -> None:
        # What is alive now dies with the process; collecting it one by one took half a second.
        gc.freeze()
        if self._session is not None:
            _close(self._session)
        if self.cortex is not None:
            self.cortex.close()


def _close(session: Session) -> None:
    # The connection first, in one request: Session.close() alone begins with a query, and repeats
    # it where the server is gone.
    with suppress(Exception):
        session.connection.close(retry=False)
    with suppress(Exception):
        session.close()


def _in_background(work: Callable[..., None], *of: object) -> None:
    threading.Thread(target=work, args=of, name="close-session", daemon=True).start()


@dataclass(frozen=True)
class Connection:
    """Where the session comes from, and the session.

    ``kind`` is snowflake (inside Snowflake), account (secrets) or local (Local Cortex); ``label``
    is its name in the sidebar; ``attempts`` is what was considered, in order, and why it is not
    used; ``token_streaming`` is False where the platform buffers the whole answer.
    """

    kind: Kind
    label: str
    attempts: tuple[Attempt, ...]
    token_streaming: bool
    _shared: SharedSession = field(repr=False)

    @property
    def session(self) -> Session:
        """The session that all reruns and threads share; pass it on explicitly, do not close it.

        Raises ``ConnectionFailed`` if there is none; one that only a person can fix without another
        login, until ``reset()``: a page that reruns with a wrong password would lock its user out.
        """
        return self._shared.get()

    def chat_client(self) -> OpenAI:
        """Return an OpenAI client on Cortex's chat completions, with the session's own token.

        Make one for each question: the token is renewed now and then. Raises ``ConnectionFailed``
        as ``session`` does, and with the reason ``no_token`` where a session has none.
        """
        return self._shared.chat_client()

    @property
    def replaced(self) -> int:
        """How many times Local Cortex's process was replaced; its temporary tables went with it."""
        return cortex.replaced if (cortex := self._shared.cortex) else 0

    def prepare(self) -> None:
        """Begin to start Local Cortex where a session needs it, and wait for nothing."""
        if self.kind == "local":
            self._shared.local()

    def reset(self, session: Session | None = None) -> None:
        """Connect again on the next use; if ``session`` is given, only if it is the one in use."""
        self._shared.reset(session)

    def check(self, error: BaseException, session: Session | None = None) -> bool:
        """Return whether ``error`` means that the session is over; the next use then has a new one.

        Given the one that failed, it leaves a newer session alone. HTTP 401 counts: it is all that
        ``snowflake.cortex`` shows of an expired session.
        """
        if isinstance(error, ConnectionFailed):
            return False
        status = getattr(getattr(error, "response", None), "status_code", None)
        found = diagnose(error)
        over = found.errno in DEAD_ERRNOS or found.sqlstate in DEAD_SQLSTATES or status == 401
        if over:
            self._shared.reset(session)
        return over


def connect(prefer: str | None = None) -> Connection:
    """Return the connection to use; cached, and cheap enough for every rerun.

    ``prefer`` is auto, snowflake, account, local, or one of ``Attempt.found``, by default what
    ``COURSE_CONNECTION`` says. Raises ``ValueError`` if it is none of these.
    """
    plan, attempts = decide(prefer, Sources(), lambda plan: _shared(plan.key, plan).failure)
    return _connection(f"{plan.key} {attempts}", plan, attempts)


# Streamlit leaves arguments whose name begins with an underscore out of the cache's key.
@st.cache_resource(show_spinner=False)
def _connection(key: str, _plan: Plan, _attempts: tuple[Attempt, ...]) -> Connection:  # noqa: ARG001
    shared = _shared(_plan.key, _plan)
    return Connection(_plan.kind, LABELS[_plan.kind], _attempts, not _plan.procedure, shared)


# Edited secrets make a new plan, and running pages may still use the old one for a while.
@st.cache_resource(show_spinner=False, max_entries=4, on_release=SharedSession.close)
def _shared(key: str, _plan: Plan) -> SharedSession:  # noqa: ARG001
    return SharedSession(_plan, Sources())


def diagnose(error: BaseException, settings: Mapping[str, Any] | None = None) -> ConnectionFailed:
    """Recognise an error of the connector or of Snowpark; its text is read but not kept."""
    if isinstance(error, ConnectionFailed):
        return error
    if type(error).__name__ in LOCAL_ERRORS:
        return ConnectionFailed("local", where=str(error))
    settings = settings or {}
    chain = list(_chain(error))
    links = [link for link in chain if not isinstance(link, OSError)]  # its errno is C's
    numbers = (getattr(link, name, None) for link in links for name in ("errno", "sql_error_code"))
    errno = next((number for number in numbers if isinstance(number, int) and number > 0), None)
    states = (str(getattr(link, "sqlstate", "")) for link in links)
    sqlstate = next((state for state in states if re.fullmatch("[0-9A-Z]{5}", state)), None)
    where = KEY_BY_NUMBER.get(errno or 0, "")
    if errno == UNKNOWN_VALUE and "authenticator" in settings:
        where = "authenticator"
    text = " ".join(map(str, chain)).lower()
    names = [base.__name__ for base in type(error).__mro__]
    reason = (
        REASON_BY_NUMBER.get(errno or 0)
        or next((REASON_BY_TYPE[name] for name in names if name in REASON_BY_TYPE), None)
        or next((why for why, words in REASON_BY_WORDING.items() if re.search(words, text)), None)
    )
    if reason is None and errno:
        reason = "network" if 250000 < errno < 252000 or 254000 < errno < 300000 else None
    elif reason is None and isinstance(error, OSError):
        reason = "secrets" if error.filename else "network"
        where = next((key for key, value in settings.items() if value == error.filename), "")
    elif reason is None and settings and isinstance(error, TypeError | ValueError):
        reason = "secrets"  # the connector finds a setting of the wrong type by using it
    return ConnectionFailed(reason or "unknown", errno, sqlstate, where)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and what it says caused it, outermost first."""
    for _ in range(10):  # a chain that is a ring ends too
        if not isinstance(error, BaseException):
            return
        yield error
        # Snowpark and the connector also keep the original in attributes.
        kept = getattr(error, "conn_error", None) or getattr(error, "cause", None)
        error = kept or error.__cause__


def _plain(section: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _plain(v) if isinstance(v, Mapping) else v for k, v in section.items()}
