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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import streamlit as st

from account.failures import ConnectionFailed, diagnose, means_over
from account.settings import SECTION, complete, mistake, plain, read_entries, read_secrets

if TYPE_CHECKING:
    from openai import OpenAI
    from snowflake.snowpark import Session

    from local_cortex import LocalCortexProcess

__all__ = ["Attempt", "Connection", "ConnectionFailed", "connect", "diagnose"]

Kind = Literal["snowflake", "account", "local"]
LABELS: dict[Kind, str] = {
    "snowflake": "Snowflake",
    "account": "Snowflake account",
    "local": "Local Cortex",
}
CHOICES = ("auto", *LABELS)
ENTRY = re.compile(r"\[.*\]")

# Snowflake keeps a container's OAuth token here and renews it every few minutes.
TOKEN_FILE = Path("/snowflake/session/token")
# SNOWFLAKE_HOST, ... in a container. No role: the token is for one role only.
CONTAINER_SETTINGS = ("host", "account", "database", "schema", "warehouse", "protocol", "port")
# What a stored procedure, and so the warehouse runtime, calls its platform.
PROCEDURE_PLATFORM = "XP"
# Not before is a failure that time may heal tried again: each rerun would sit through a timeout.
RETRY_SECONDS = 15.0
HEALS = frozenset({"network", "unknown"})


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
        settings = {key.lower(): value for key, value in plain(section).items()}
        return Plan("account", settings, problem=mistake(settings, header)), None
    absent = Plan("account", problem=ConnectionFailed("secrets", where=header))
    if entry:
        return absent, None
    if others := tuple(sources.entries()):
        problem = ConnectionFailed("other_name", where=", ".join(others))
        return Plan("account", problem=problem), Attempt("account", "other_name", others)
    return absent, Attempt("account", "no_secrets")


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
        settings = complete(plan.settings)
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
        # ``expired`` is the connector's: 390114, the session's token could not be renewed.
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

        Given the one that failed, it leaves a newer session alone.
        """
        over = means_over(error)
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
