"""Why there is no session: errors of the connector and of Snowpark, as reasons without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

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


def means_over(error: BaseException) -> bool:
    """Return whether an error means that the session is over.

    HTTP 401 counts: it is all that ``snowflake.cortex`` shows of an expired session.
    """
    if isinstance(error, ConnectionFailed):
        return False
    status = getattr(getattr(error, "response", None), "status_code", None)
    found = diagnose(error)
    return found.errno in DEAD_ERRNOS or found.sqlstate in DEAD_SQLSTATES or status == 401
