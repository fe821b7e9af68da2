"""Accounts in Streamlit's secrets, and mistakes in them that show without connecting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from account.failures import ConnectionFailed

SECTION = "[connections.snowflake]"
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
# A table with an account and one of these describes a Snowflake account.
ACCOUNT_KEYS = frozenset(key for key, name in RENAMED.items() if name == "account") | {"account"}
TELLING = frozenset(
    {"user", "authenticator", "role", "warehouse", "database", "schema", "username"}
)


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


def mistake(settings: Mapping[str, Any], header: str) -> ConnectionFailed | None:
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


def plain(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section of the secrets as a dictionary of dictionaries."""
    return {k: plain(v) if isinstance(v, Mapping) else v for k, v in section.items()}


def complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to connect with: the settings, and ``DEFAULTS`` where they say nothing."""
    parameters = settings.get("session_parameters", {})
    parameters = {**DEFAULTS["session_parameters"], **parameters}
    return {**DEFAULTS, **settings, "session_parameters": parameters}
