"""One quick Local Cortex for all tests that do not need one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session

from local_cortex import LocalCortex, Settings
from local_cortex.loopback import bypass
from local_cortex.routes import query

FAST = Settings(first_token=0, tokens_per_second=10_000)
# A test that hangs is to fail instead.
SECONDS = 60.0


@pytest.fixture(autouse=True, scope="session")
def _no_proxy() -> Iterator[None]:
    """Let no proxy of this machine stand between a client and a server of the same machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bypass(os.environ).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def _no_second_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a request by hand wait for its result: the first statement takes seconds under load."""
    monkeypatch.setattr(query, "LONG_POLL_SECONDS", SECONDS)


@pytest.fixture(scope="session")
def cortex() -> Iterator[LocalCortex]:
    server = LocalCortex.start(settings=FAST)
    yield server
    server.close()


@pytest.fixture(scope="module")
def session(cortex: LocalCortex) -> Iterator[Session]:
    opened = cortex.session()
    yield opened
    opened.close()


@pytest.fixture
def start() -> Iterator[Callable[..., LocalCortex]]:
    """Start a Local Cortex of the test's own; keyword arguments are those of ``start``."""
    started: list[LocalCortex] = []

    def start_one(**options: Any) -> LocalCortex:
        started.append(LocalCortex.start(**{"settings": FAST, **options}))
        return started[-1]

    yield start_one
    for server in started:
        server.close()


@pytest.fixture
def http() -> Iterator[Callable[..., httpx.Client]]:
    """Make a plain HTTP client of a Local Cortex that shows the server's secret, or a token."""
    clients: list[httpx.Client] = []

    def client(server: LocalCortex, authorization: str | None = None) -> httpx.Client:
        shown = f"Bearer {server.secret}" if authorization is None else authorization
        clients.append(
            httpx.Client(
                base_url=server.url,
                headers={"authorization": shown} if shown else {},
                timeout=SECONDS,
                trust_env=False,
                # Without TLS no authorities need to be loaded, which takes 20 ms.
                verify=server.url.startswith("https:"),
            )
        )
        return clients[-1]

    yield client
    for each in clients:
        each.close()


@pytest.fixture
def rest(cortex: LocalCortex, http: Callable[..., httpx.Client]) -> httpx.Client:
    """Return a plain HTTP client of the Local Cortex that the tests share."""
    return http(cortex)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a learner's own model server, fake_openai.py, and give its address."""
    command = [sys.executable, str(Path(__file__).with_name("fake_openai.py"))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.kill()
