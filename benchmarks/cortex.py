"""What Local Cortex costs, and whom it talks to."""

from __future__ import annotations

import json

from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import in_fresh_process

STARTS = 7
LOOPBACK = "127.0.0.1"


def local_cortex_start() -> list[Figure]:
    """Seconds from calling ``LocalCortex.start()`` to the answer to a first GET.

    In a fresh process each time, 7 times; importing ``local_cortex.LocalCortex`` is not counted,
    what ``start()`` itself imports is. Beside it the process that the course starts: until it
    answers, its Python and imports included, which nobody waits for while the clients are
    imported; and its memory after a first statement.
    """
    values = [_read("start")[0] for _ in range(STARTS)]
    processes = [_read("start_process") for _ in range(STARTS)]
    return [
        Figure("Local Cortex: start to first answer", values, "local_cortex_start"),
        Figure("Local Cortex: start of its own process", [each[0] for each in processes]),
        Figure("Local Cortex: memory", [each[1] for each in processes], unit="bytes"),
    ]


def local_cortex_connect() -> list[Figure]:
    """Seconds of ``cortex.session()``: a login by the real connector and Snowpark.

    In one fresh process that has imported Snowpark: the first, then 20 more, each closed before
    the next. Only the 20 count; the first also pays for what the connector imports late.
    """
    first, *others = _read("connect")
    return [
        Figure("Local Cortex: a login after the first", others, "local_cortex_connect"),
        Figure("Local Cortex: the first login of a process", [first]),
    ]


def added_time_to_first_token() -> list[Figure]:
    """Seconds from calling ``snowflake.cortex.complete(..., stream=True)`` to its first delta.

    The scripted engine waits 0 s, so that what is left is the client's, the protocol's
    and the server's. One warm-up, then 50 calls one after another on one session.
    """
    first, *others = _read("first_tokens")
    label = "Local Cortex: time added to the first token"
    return [
        Figure(label, others, "added_time_to_first_token"),
        Figure(f"{label}, first call of a process", [first]),
    ]


def only_loopback() -> list[Figure]:
    """How often a process connects to, sends to or looks up anything but 127.0.0.1.

    An audit hook of Python's sees every such call of the ``socket`` module (not of native code)
    while a fresh process imports the clients, starts Local Cortex, logs in, runs SQL, streams an
    answer, closes all and exits. 2 times.
    """
    values, elsewhere, seen = [], set(), 0
    for _ in range(2):
        lines = in_fresh_process("addresses").splitlines()
        calls = [json.loads(line) for line in lines if line.startswith('["socket.')]
        others = [
            f"{event.removeprefix('socket.')} {host}" for event, host in calls if host != LOOPBACK
        ]
        values.append(len(others))
        elsewhere.update(others)
        seen = len(calls)
    if not seen:
        raise NotMeasured("the audit hook saw no connection at all")
    note = ", ".join(sorted(elsewhere)) or f"each made {seen} calls to {LOOPBACK}"
    return [Figure("Calls to anything but 127.0.0.1", values, "only_loopback", "count", note)]


def _read(task: str) -> list[float]:
    last = json.loads(in_fresh_process(task).strip().splitlines()[-1])
    return [float(value) for value in (last if isinstance(last, list) else [last])]
