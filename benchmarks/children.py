"""What is measured inside a fresh process: ``python -m benchmarks.children TASK`` prints JSON."""

from __future__ import annotations

import http.client
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable

MODEL = "llama3.1-8b"
CONNECTIONS = 20
ANSWERS = 50
NEIGHBOURS = 100
TIMEOUTS = 5
LIMIT = 0.5
# How long the model is silent; the client would wait without end.
SILENCE = 3.0
# Events of the socket module, and which of their arguments is the address; see the table of audit
# events in Python's documentation.
ADDRESS_ARGUMENT = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
    "socket.getnameinfo": 0,
}


def start() -> float:
    """Return the seconds from calling ``LocalCortex.start()`` to the answer to a first GET."""
    from local_cortex import LocalCortex

    began = time.perf_counter()
    cortex = LocalCortex.start()
    connection = http.client.HTTPConnection("127.0.0.1", cortex.port)
    connection.request("GET", "/")
    connection.getresponse().read()
    seconds = time.perf_counter() - began
    connection.close()
    cortex.close()
    return seconds


def start_process() -> tuple[float, float]:
    """Return the seconds until a process of its own answers, and the bytes that it then has."""
    from local_cortex.process.parent import LocalCortexProcess

    began = time.perf_counter()
    cortex = LocalCortexProcess.start()
    server = cortex.server()
    seconds = time.perf_counter() - began
    session = cortex.session()
    session.sql("select current_version()").collect()
    memory = server.memory()
    session.close()
    cortex.close()
    return seconds, memory


def connect() -> list[float]:
    """Return the seconds of each login, the first of the process in front."""
    import snowflake.snowpark  # noqa: F401 - its import is not part of a login

    from local_cortex import LocalCortex

    cortex = LocalCortex.start()
    seconds = []
    for _ in range(1 + CONNECTIONS):
        began = time.perf_counter()
        session = cortex.session()
        seconds.append(time.perf_counter() - began)
        session.close()
    cortex.close()
    return seconds


def first_tokens() -> list[float]:
    """Return the seconds from calling ``complete`` to its first delta, the first call in front."""
    from snowflake.cortex import complete

    from local_cortex import LocalCortex, Settings

    cortex = LocalCortex.start(settings=Settings(first_token=0))
    session = cortex.session()
    seconds = []
    for _ in range(1 + ANSWERS):
        began = time.perf_counter()
        answer = complete(MODEL, "Hello", session=session, stream=True)
        next(delta for delta in answer if delta)
        seconds.append(time.perf_counter() - began)
        answer.close()
    session.close()
    cortex.close()
    return seconds


def first_pieces() -> tuple[list[float], list[float]]:
    """Return the seconds from a call to its first text: the client's own, and through a stream."""
    from snowflake.cortex import complete

    from local_cortex import LocalCortex, Settings
    from streaming import CompletionRequest, DirectStrategy, stream

    cortex = LocalCortex.start(settings=Settings(first_token=0))
    session = cortex.session()
    request = CompletionRequest(model=MODEL, prompt="Hello")
    raw, ours = [], []
    for _ in range(1 + NEIGHBOURS):
        began = time.perf_counter()
        answer = complete(MODEL, "Hello", session=session, stream=True)
        next(delta for delta in answer if delta)
        raw.append(time.perf_counter() - began)
        answer.close()

        began = time.perf_counter()
        streamed = stream(DirectStrategy(session), request)
        next(streamed)
        ours.append(time.perf_counter() - began)
        streamed.close()
    session.close()
    cortex.close()
    return raw[1:], ours[1:]


def timeouts() -> tuple[list[float], list[float]]:
    """Return the seconds until a limit of ours, and one of the client's, ends a silent answer."""
    from snowflake.cortex import complete

    from local_cortex import LocalCortex, Settings
    from streaming import CompletionRequest, DirectStrategy, Limits, StreamTimeout, stream

    silent = LocalCortex.start(settings=Settings(first_token=60))
    session = silent.session()
    request = CompletionRequest(model=MODEL, prompt="Hello")
    ours = []
    for _ in range(TIMEOUTS):
        streamed = stream(DirectStrategy(session), request, limits=Limits(first_chunk=LIMIT))
        began = time.perf_counter()
        try:
            next(streamed)
        except StreamTimeout:
            ours.append(time.perf_counter() - began)
        streamed.close()
    session.close()
    silent.close()

    late = LocalCortex.start(settings=Settings(first_token=SILENCE))
    session = late.session()
    theirs = []
    for _ in range(TIMEOUTS):
        began = time.perf_counter()
        try:
            next(iter(complete(MODEL, "Hello", session=session, stream=True, timeout=LIMIT)))
        except TimeoutError:
            theirs.append(time.perf_counter() - began)
    session.close()
    late.close()
    return ours, theirs


def addresses() -> None:
    """Print each address that the process connects to, sends to or looks up, to its very end."""

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event not in ADDRESS_ARGUMENT:
            return
        address = arguments[ADDRESS_ARGUMENT[event]]
        host = address[0] if isinstance(address, tuple) else address
        # A socket that already has its peer names none with each message.
        if host is not None:
            print(json.dumps([event, str(host)]), flush=True)

    sys.addaudithook(watch)
    from snowflake.cortex import complete

    from local_cortex import LocalCortex, Settings

    cortex = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=10_000))
    session = cortex.session()
    session.sql("select current_version()").collect()
    session.range(3).collect()
    text = "".join(complete(MODEL, "Hello", session=session, stream=True))
    if not text:
        raise RuntimeError("there was no answer")
    session.close()
    cortex.close()


def first_hour() -> dict[str, float]:
    """Return what the first hour's statements take, in seconds."""
    from benchmarks.first_hour import measure

    return measure()


TASKS: dict[str, Callable[[], float | Iterable[object] | None]] = {
    task.__name__: task
    for task in (
        start,
        start_process,
        connect,
        first_tokens,
        first_hour,
        first_pieces,
        timeouts,
        addresses,
    )
}

if __name__ == "__main__":
    # Every call of complete() says that it is deprecated, which is not what is measured.
    warnings.simplefilter("ignore")
    result = TASKS[sys.argv[1]]()
    if result is not None:
        print(json.dumps(result))
