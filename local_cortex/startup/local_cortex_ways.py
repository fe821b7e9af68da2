"""Every way to a session: what a program under ``python -m local_cortex run`` asks Snowflake by.

It runs in the program's own Python: it imports nothing but the standard library, and that late.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

# The connector's arguments by which a program identifies itself to a real account, and how they
# begin. Local Cortex ignores them; keys stay unused.
CREDENTIALS = (
    *("auth_class", "authenticator", "client_request_mfa_token", "connection_name"),
    *("client_store_temporary_credential", "connections_file_path", "external_browser_timeout"),
    *("oauth_", "passcode", "password", "pat", "private_key", "protocol", "proxy_", "region"),
    *("token", "workload_identity_"),
)
OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
ONLY_OURS = (
    " Under `local_cortex run`, st.secrets holds the credentials of Local Cortex and nothing else: "
    "pass on anything else as an environment variable."
)
# A request header where a query parameter may stand: the clients differ in their order.
HEADERS = frozenset({"accept", "authorization", "content-type", "user-agent"})
# The names of Snowpark that we read or replace.
SESSION_NAMES = ("_get_active_session", "_active_sessions", "_session_management_lock")


def led(
    ours: Mapping[str, Any], given: Mapping[str, Any], is_snowflake: Callable[[object], bool]
) -> dict[str, Any] | None:
    """Return the arguments that lead to us; ``None`` where ``given`` name another server."""
    # st.secrets holds each entry in small and in capital letters.
    plain = {name: value for name, value in given.items() if value is not None}
    small = {name.lower(): value for name, value in plain.items() if name.isupper()}
    plain = small | {name: value for name, value in plain.items() if not name.isupper()}
    host = str(plain.pop("host", "")).rpartition("//")[2].partition("/")[0]
    here = str(ours["host"]).partition("/")[0]
    own = (here, *(name for name in OWN_HOSTS if here.endswith(f":{plain.get('port')}")))
    if host and host not in own and not is_snowflake(host.partition(":")[0]):
        return None
    kept = {name: value for name, value in plain.items() if not name.startswith(CREDENTIALS)}
    for name in ("account", "user"):
        if not isinstance(kept.get(name), str) or not kept[name]:
            kept.pop(name, None)
    always = {name: ours[name] for name in ("host", "port", "protocol", "password")}
    return {**ours, **kept, **always}


def lead_connections(
    ours: Mapping[str, Any], is_snowflake: Callable[[object], bool], module: ModuleType
) -> None:
    """Have ``snowflake.connector.connection`` log in to Local Cortex, asking nothing."""
    real = module.SnowflakeConnection.__init__

    def connect(self: Any, *given: Any, **named: Any) -> None:
        # The two arguments that may come without a name lead to credentials.
        arguments = led(ours, named, is_snowflake)
        if arguments is None:
            real(self, *given, **named)
        else:
            real(self, **arguments)

    module.SnowflakeConnection.__init__ = connect


def give_session(ours: Mapping[str, Any], module: ModuleType) -> None:
    """Have ``snowflake.snowpark.session`` open an active session when it is first asked for."""
    if not all(hasattr(module, name) for name in SESSION_NAMES):
        return  # another Snowpark, which we do not know
    real = module._get_active_session
    builder = module.Session.SessionBuilder
    real_get_or_create = builder.getOrCreate
    opened: list[Any] = []

    def active_session() -> Any:
        with module._session_management_lock:
            sessions = module._active_sessions
            if not sessions:
                opened[:] = [module.Session.builder.configs(dict(ours)).create()]
            return opened[0] if opened and opened[0] in sessions else real()

    def get_or_create(self: Any) -> Any:
        # Otherwise our session would lose the builder's own settings.
        return real_get_or_create(self) if module._active_sessions else self.create()

    module._get_active_session = active_session  # type: ignore[attr-defined]
    builder.getOrCreate = get_or_create


def explain_secrets(module: ModuleType) -> None:
    """Have the module ``streamlit.runtime.secrets`` say why an entry is missing."""
    for name in ("_missing_key_error_message", "_missing_attr_error_message"):
        real = getattr(module, name, None)
        if real is not None:
            setattr(module, name, lambda key, real=real: real(key) + ONLY_OURS)


def give_token(token: str, where: str) -> None:
    """Have ``open`` find a container's token where Snowflake mounts it.

    A program that first checks for the file takes its local branch.
    """
    import builtins
    import io

    real = builtins.open

    def opened(file: Any, *options: Any, **more: Any) -> Any:
        is_token = isinstance(file, (str, os.PathLike)) and os.fspath(file) == where
        return real(token if is_token else file, *options, **more)

    builtins.open = io.open = opened


def inside(told: Mapping[str, Any]) -> ModuleType:
    """Make the module ``_snowflake``, which programs inside Snowflake have."""
    module = ModuleType("_snowflake", "What programs inside Snowflake reach its REST API by.")

    def missing(name: str) -> Any:
        raise AttributeError(
            f"`local_cortex run` has send_snow_api_request in _snowflake, and no {name}. "
            "Give the program the secrets that it needs as environment variables."
        )

    module.__dict__.update(send_snow_api_request=partial(send, told), __getattr__=missing)
    return module


def send(
    told: Mapping[str, Any],
    method: str,
    path: str,
    headers: Any = None,
    params: Any = None,
    body: Any = None,
    request_guid: Any = None,  # noqa: ARG001 - Snowflake's own name for it
    timeout: Any = None,
) -> dict[str, Any]:
    """Send a request and return ``status``, ``reason``, ``headers`` and ``content``.

    Some clients have ``headers`` and ``params`` the other way round. ``timeout`` is in
    milliseconds.
    """
    import http.client
    import json
    import ssl
    from urllib.parse import urlencode

    both = {**(headers or {}), **(params or {})}
    query = urlencode({k: v for k, v in both.items() if str(k).lower() not in HEADERS})
    text = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
    connection = http.client.HTTPSConnection(
        "127.0.0.1",
        told.get("port", 0),
        timeout=float(timeout) / 1000 if timeout else None,
        context=ssl.create_default_context(cadata=told["authority"]),
    )
    try:
        connection.request(
            method,
            f"{path}?{query}" if query else path,
            text.encode() if isinstance(text, str) else text,
            {
                "authorization": f"Bearer {told['connection']['password']}",
                "content-type": "application/json",
                "accept": "application/json, text/event-stream",
            },
        )
        answer = connection.getresponse()
        content = answer.read().decode()
    finally:
        connection.close()
    sent = dict(answer.getheaders())
    if answer.headers.get_content_type() == "text/event-stream":
        events, name = [], "message"
        for line in content.splitlines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data" and value != "[DONE]":
                events.append({"event": name, "data": json.loads(value)})
                name = "message"
        # The whole stream at once, which is how it comes there.
        content, sent["content-type"] = json.dumps(events), "application/json"
    status = {"status": answer.status, "reason": answer.reason}
    return {**status, "headers": sent, "content": content}


def prepare(
    told: Mapping[str, Any], is_snowflake: Callable[[object], bool]
) -> dict[str, Callable[[ModuleType], None]]:
    """Prepare the program, and return what changes which modules once they are loaded."""
    ours = told.get("connection")
    if ours is None:
        return {}
    give_token(told["token"], told["token_place"])
    sys.modules.setdefault("_snowflake", inside(told))
    lead = partial(lead_connections, ours, is_snowflake)
    return {
        "snowflake.connector.connection": lead,
        "snowflake.connector.aio._connection": lead,
        "snowflake.snowpark.session": partial(give_session, ours),
        "streamlit.runtime.secrets": explain_secrets,
    }
