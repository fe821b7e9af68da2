"""Starting, stopping and what a server leaves alone: the rest of the process and of the network."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_cortex import LocalCortex, Settings, StartError
from local_cortex import server as server_module
from local_cortex.loopback import write_certificate
from tests.local_cortex.cortex_engines import PATIENCE, Playing, eventually
from tests.local_cortex.wire import Wire

ROOT = Path(__file__).parents[2]
COMPLETE = "/api/v2/cortex/inference:complete"
ASK = {"model": "llama3.1-8b", "messages": [{"content": "hi"}]}
Start = Callable[..., LocalCortex]
Http = Callable[..., httpx.Client]


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "local-cortex"]


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, with the course on its path."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_a_server_answers_as_soon_as_it_is_started(start: Start, http: Http) -> None:
    server = start()
    assert server.alive
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert server.engine == "scripted"
    assert http(server).get("/").text == "Local Cortex"


def test_two_servers_side_by_side_have_ports_and_secrets_of_their_own(
    start: Start, http: Http
) -> None:
    one, other = start(), start()
    assert one.port != other.port
    assert one.secret != other.secret
    assert len(one.secret) >= 32
    token = Wire(http(one, ""), one).token
    assert http(other, f"Bearer {one.secret}").post(COMPLETE, json=ASK).status_code == 401
    assert http(other, f"Bearer {token}").post(COMPLETE, json=ASK).status_code == 401
    one.close()
    assert http(other).post(COMPLETE, json=ASK).status_code == 200


def test_a_closed_server_leaves_neither_thread_nor_socket_nor_file(
    start: Start, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # Another test's threads may end meanwhile.
    before = {*threading.enumerate()}
    server = start()
    http(server).get("/")
    Wire(http(server, ""), server).run("SELECT 1")
    assert [*tmp_path.iterdir()]
    server.close()
    assert not server.alive
    assert eventually(lambda: before.issuperset(threading.enumerate()))
    assert not listens(server.port)
    assert not [*tmp_path.iterdir()]
    server.close()


def test_a_server_can_be_started_again_on_the_port_of_one_that_was_in_use(
    start: Start, http: Http
) -> None:
    first = start()
    assert http(first).get("/").status_code == 200
    first.close()
    again = start(port=first.port)
    assert again.port == first.port
    assert http(again).get("/").status_code == 200


def test_a_port_that_is_taken_is_named(start: Start) -> None:
    taken = start()
    with pytest.raises(StartError, match=rf"127\.0\.0\.1:{taken.port} .*Choose another port"):
        LocalCortex.start(port=taken.port, settings=Settings())
    assert taken.alive


def test_a_port_is_taken_for_good_before_the_server_runs() -> None:
    # Two sockets can be bound to one port; only one of them can listen.
    taken = server_module._listen(0)
    assert listens(taken.getsockname()[1])
    taken.close()


def test_small_events_of_a_kept_connection_are_not_held_back(start: Start, http: Http) -> None:
    server = start()
    assert http(server).get("/").status_code == 200
    (connection,) = server._server.server_state.connections
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_port_that_does_not_exist_is_named() -> None:
    before = threads()
    for port in (-1, 65_536, 10**9):
        with pytest.raises(StartError, match=rf"127\.0\.0\.1:{port} "):
            LocalCortex.start(port=port, settings=Settings())
    assert threads() == before


def test_a_server_that_cannot_come_up_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "server.pem"
    broken.write_text("no certificate")
    before = threads()
    with pytest.raises(StartError, match="did not start") as failed:
        LocalCortex.start(certificate=broken, settings=Settings())
    assert isinstance(failed.value.__cause__, ssl.SSLError)
    assert eventually(lambda: threads() == before)


def test_only_this_machine_can_connect(start: Start) -> None:
    server = start()
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    others = [str(address) for address in addresses if not str(address).startswith("127.")]
    assert server._socket.getsockname()[0] == "127.0.0.1"
    assert not any(listens(server.port, host) for host in others if ":" not in host)


def test_closing_with_a_stream_open_ends_the_engine(start: Start, http: Http) -> None:
    engine = Playing("some text", None)
    before = threads()
    server = start(engine=engine)
    with http(server).stream("POST", COMPLETE, json=ASK) as answer:
        text = answer.iter_text()
        assert next(text)
        server.close()
        assert threads() == before
        assert engine.stopped.is_set()
        with pytest.raises(httpx.RemoteProtocolError):
            list(text)
    assert server.open_streams == 0


def test_closing_while_a_statement_runs_ends_the_engine(start: Start, http: Http) -> None:
    engine = Playing(None)
    server = start(engine=engine)
    wire = Wire(http(server, ""), server)
    asking = threading.Thread(
        target=_ignoring, args=(wire.run, "SELECT AI_COMPLETE('llama3.1-8b', 'hi')")
    )
    asking.start()
    assert engine.waiting.wait(PATIENCE)
    server.close()
    assert engine.stopped.wait(PATIENCE)
    asking.join(PATIENCE)
    assert not asking.is_alive()


def _ignoring(call: Callable[..., Any], *arguments: Any) -> None:
    # The connection breaks off, or what comes is no JSON.
    with suppress(httpx.HTTPError, ValueError):
        call(*arguments)


def test_several_threads_may_close_a_server(start: Start) -> None:
    server = start()
    closing = [threading.Thread(target=server.close) for _ in range(4)]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join(PATIENCE)
    assert eventually(lambda: not server.alive)


def test_the_secret_shows_nowhere_but_where_it_is_asked_for(start: Start) -> None:
    server = start(secret="a-secret-of-ones-own")
    assert server.secret == "a-secret-of-ones-own"
    assert server.secret not in repr(server) + str(vars(server)) + server.url


def test_uvicorn_keeps_quiet_about_this_server_and_only_about_it(
    start: Start, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "uvicorn.access")]
    before = [(each.level, each.handlers[:], each.propagate) for each in loggers]
    server = start()
    http(server).get("/")
    server.close()
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert [(each.level, each.handlers[:], each.propagate) for each in loggers] == before
    for each in loggers:
        each.error("a line about another server of this process")
    assert len([record for record in caplog.records if record.name.startswith("uvicorn")]) == 2


def test_with_a_certificate_it_speaks_tls_and_takes_nothing_else(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, bundle, _ = write_certificate(tmp_path, {})
    server = start(certificate=certificate)
    assert server.url == f"https://127.0.0.1:{server.port}"
    context = ssl.create_default_context(cafile=str(bundle))
    assert httpx.get(server.url, verify=context, trust_env=False).text == "Local Cortex"
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url, trust_env=False)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{server.port}", trust_env=False)
    assert httpx.get(server.url, verify=context, trust_env=False).text == "Local Cortex"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_what_is_no_http_at_all_is_refused_quietly(
    start: Start, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    server = start()
    for sent in (b"\x16\x03\x01\x02\x00", b"\x00" * 100, b"GET\r\n\r\n", b"SSH-2.0-x\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            assert b"200" not in line.recv(1000)
    assert http(server).get("/").status_code == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


NOTHING_BUT_LOOPBACK = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        address = arguments
    else:
        return
    # AF_UNIX addresses are text and stay on this machine too.
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", b"127.0.0.1"):
        sys.stderr.write(f"{event} {address}\\n")
        raise PermissionError(address)

sys.addaudithook(refuse)

from local_cortex import LocalCortex
from snowflake.cortex import Complete

cortex = LocalCortex.start()
session = cortex.session()
assert session.sql("SELECT 1").collect()[0][0] == 1
text = "".join(Complete("llama3.1-8b", "hi", session=session, stream=True))
assert text == Complete("llama3.1-8b", "hi", session=session)
session.close()
cortex.close()
print("done", flush=True)
"""


def test_nothing_but_this_machine_is_connected_to() -> None:
    done = python(NOTHING_BUT_LOOPBACK)
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


def test_that_test_would_notice() -> None:
    hook = NOTHING_BUT_LOOPBACK.partition("from local_cortex")[0]
    done = python(f"{hook}import socket\nsocket.create_connection(('192.0.2.1', 9), 1)")
    assert done.returncode != 0
    assert "192.0.2.1" in done.stderr


LEFT_OPEN = """
from local_cortex import LocalCortex, Settings
from snowflake.cortex import Complete

session = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=0.2)).session()
stream = iter(Complete("llama3.1-8b", "hi", session=session, stream=True))
next(stream)
session.sql("SELECT 1").collect()
"""


def test_a_program_that_closes_nothing_ends_before_its_answer_does_and_quietly() -> None:
    # The whole answer would take minutes, which is longer than this waits for the program.
    done = python(LEFT_OPEN)
    assert (done.stderr, done.returncode) == ("", 0)
