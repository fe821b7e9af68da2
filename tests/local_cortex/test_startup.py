"""What the start-up module does to a program, piece by piece; test_launch.py has the whole."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local_cortex.loopback import write_certificate
from local_cortex.startup.sitecustomize import STAND_IN, Keeper, is_credentials, is_snowflake
from tests.local_cortex.test_certificate import shake_hands

ACCOUNT = "account.snowflakecomputing.com"


@pytest.mark.parametrize(
    "host",
    [
        ACCOUNT,
        ACCOUNT.upper() + ".",
        ACCOUNT.encode(),
        bytearray(ACCOUNT.encode()),
        "xy1.us-east-1.privatelink.snowflakecomputing.com",
        "xy1.cn-northwest-1.snowflakecomputing.cn",
        "service.snowflakecomputing.app",
        "account\N{IDEOGRAPHIC FULL STOP}snowflakecomputing\N{FULLWIDTH FULL STOP}com",
        "app.snowflake.com",
    ],
)
def test_a_name_of_snowflakes_is_known_however_it_is_written(host: object) -> None:
    assert is_snowflake(host)


@pytest.mark.parametrize(
    "host", ["localhost", "docs.snowflake.com", "mysnowflakecomputing.com", "", None, b"\xff"]
)
def test_other_names_are_not_snowflakes(host: object) -> None:
    assert not is_snowflake(host)


@pytest.mark.parametrize(
    "path",
    [
        "/p/.streamlit/secrets.toml",
        "/p/.streamlit/SECRETS.toml",
        "/p/secrets.toml.bak",
        "/p/client_secrets.json",
        "/p/.env",
        "/p/.env.local",
        "/p/prod.env",
        "/p/connections.toml",
        "/h/.cache/snowflake/credential_cache_v1.json",
        "/h/.snowflake/config.toml",
    ],
)
def test_a_file_of_credentials_is_known_by_its_name_or_its_folder(path: str) -> None:
    assert is_credentials(path.replace("/", os.sep), [f"{os.sep}h{os.sep}.snowflake"])


@pytest.mark.parametrize(
    "path", ["/p/secrets.py", "/p/.streamlit/config.toml", "/h/.snowflakes/x", "/p/environment.py"]
)
def test_other_files_are_the_programs(path: str) -> None:
    assert not is_credentials(path, ["/h/.snowflake"])


def test_a_link_to_a_file_of_credentials_is_hidden_as_well(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").touch()
    (tmp_path / "settings").symlink_to(tmp_path / "secrets.toml")
    assert Keeper({}).hides(tmp_path / "settings")


def test_what_local_cortex_gives_the_program_is_shown(tmp_path: Path) -> None:
    ours = tmp_path / "secrets.toml"
    assert Keeper({}).hides(ours)
    assert not Keeper({"shown": [str(tmp_path)]}).hides(ours)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("secrets.toml", "r", os.O_RDONLY)),
        ("open", (b".env", None, os.O_RDWR)),
        ("socket.getaddrinfo", (ACCOUNT, 443, 0, 0, 0)),
        ("socket.gethostbyname", (ACCOUNT,)),
        ("socket.connect", (None, (ACCOUNT, 443))),
        ("http.client.send", (None, f"CONNECT {ACCOUNT}:443 HTTP/1.1\r\n\r\n".encode())),
        ("http.client.send", (None, f"POST http://me@{ACCOUNT}/x HTTP/1.1\r\n\r\n".encode())),
        ("webbrowser.open", (f"https://{ACCOUNT}:443/console/login?user=me",)),
    ],
)
def test_a_way_around_the_replaced_functions_is_refused(
    event: str, arguments: tuple[Any, ...]
) -> None:
    what = "" if event == "open" else ": Snowflake accounts"
    with pytest.raises(OSError, match=f"Out of sight under `local_cortex run`{what}"):
        Keeper({}).audit(event, arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("secrets.toml", "w", os.O_WRONLY | os.O_CREAT)),
        ("open", (3, "r", os.O_RDONLY)),
        ("socket.connect", (None, "/run/some.socket")),
        ("http.client.send", (None, b"GET / HTTP/1.1\r\nX: //account.snowflakecomputing.com\r\n")),
        ("http.client.send", (None, iter([b"a body"]))),
        ("webbrowser.open", ("https://example.com/?next=snowflakecomputing.com",)),
    ],
)
def test_anything_else_goes_on(event: str, arguments: tuple[Any, ...]) -> None:
    Keeper({}).audit(event, arguments)


@pytest.mark.parametrize("host", [ACCOUNT, STAND_IN])
def test_a_connection_to_an_account_is_made_to_local_cortex(host: str) -> None:
    assert Keeper({"port": 4321}).redirect((host, 443)) == ("127.0.0.1", 4321)


@pytest.mark.parametrize("address", [("example.com", 443), "/run/some.socket"])
def test_any_other_connection_is_left_alone(address: object) -> None:
    assert Keeper({"port": 4321}).redirect(address) == address


DEEP = "xy1.us-east-1.privatelink.snowflakecomputing.com"


def careless(keeper: Keeper) -> ssl.SSLContext:
    """Return a context that trusts anybody, from an ``ssl`` of its own that ``keeper`` guards."""

    class Context(ssl.SSLContext):
        pass

    module: Any = SimpleNamespace(SSLContext=Context, PROTOCOL_TLS_CLIENT=ssl.PROTOCOL_TLS_CLIENT)
    keeper.guard_tls(module)
    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_handshake_with_an_account_succeeds_with_local_cortex_alone(tmp_path: Path) -> None:
    server, _, authority = write_certificate(tmp_path, {})
    shake_hands(careless(Keeper({"authority": authority})), server, DEEP)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(careless(Keeper({})), server, DEEP)


def test_a_handshake_with_anybody_else_is_the_programs(tmp_path: Path) -> None:
    server, *_ = write_certificate(tmp_path, {})
    shake_hands(careless(Keeper({})), server, "example.com")


def test_a_handshake_without_a_socket_is_guarded_as_well() -> None:
    context = careless(Keeper({}))
    memory = ssl.MemoryBIO(), ssl.MemoryBIO()
    assert context.wrap_bio(*memory, server_hostname=DEEP).context.verify_mode == ssl.CERT_REQUIRED
    assert context.wrap_bio(*memory, server_hostname="example.com").context is context
