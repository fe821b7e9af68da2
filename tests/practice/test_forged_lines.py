"""A line from the sandbox is a valid event, or it ends the run.

A program can write any bytes to its pipe; ``attacks/deceiving.txt`` has programs that do.
"""

from __future__ import annotations

import json
import queue
import time

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice import RunLimits
from practice.events import Event, Forged, guest_event
from practice.sandbox.process import LONGEST_LINE
from practice.sandbox.runtime import Runtime
from tests.practice.programs import end, ran

pytestmark = pytest.mark.usefixtures("runtime")

READY = b'{"op":"ready"}'


class Worker:
    """A fake worker that has written some lines and ended."""

    written: tuple[bytes, ...]

    def __init__(self, runtime: Runtime, limits: RunLimits) -> None:
        self.lines = queue.SimpleQueue[bytes | None]()
        for line in (READY, *self.written, None):
            self.lines.put(line)

    def send(self, line: bytes) -> None:
        pass

    def has_taken_all(self) -> bool:
        return True

    def kill(self) -> None:
        pass

    def computed(self) -> float:
        return 0.0

    def is_ready(self) -> bool:
        return False

    def resident(self) -> int:
        return 0

    def has_ended(self) -> bool:
        return True

    def why_it_ended(self) -> str:
        return "end"


def told(patch: pytest.MonkeyPatch, *lines: bytes) -> list[Event]:
    """Return the events of a run whose worker writes these lines."""
    patch.setattr(
        "practice.sandbox.lifecycle.Process", type("Writing", (Worker,), {"written": lines})
    )
    return ran("pass")


def forged(op: str, **fields: object) -> bytes:
    return json.dumps({"op": op, **fields}).encode()


def draw(name: str, id: int = 1, into: int = 0, count: int = 1, **args: object) -> bytes:  # noqa: A002
    return forged("draw", name=name, id=id, into=into, count=count, args=args)


ASKED = {"model": "m", "options": None, "stream": True}


@pytest.mark.parametrize(
    ("lines", "ends"),
    [
        ([], "end"),
        ([draw("text", body="x"), draw("text", 2, body="x")], "end"),
        ([forged("complete", prompt=[[]] * 70_000, **ASKED)], "end"),
        ([forged("complete", prompt="x", **ASKED | {"model": 1, "options": [3]})], "end"),
        ([forged("sleep", seconds=float("inf"))], "sleep"),
        ([draw("columns", spec=300_000)], "no_room@0"),
        ([draw("markdown", body="<script>", unsafe_allow_html=True)], "no_drawing@0"),
        ([draw("spinner", number, text="x") for number in range(1, 9)], "no_spinners@0"),
        ([draw("container", number, number - 1) for number in range(1, 99)], "no_nesting@0"),
        (
            [draw("columns", n, max(0, n - 2), 2, spec=2) for n in range(1, 99, 2)],
            "no_nesting@0",
        ),
    ],
)
def test_a_plausible_line_counts_as_the_programs_own(
    lines: list[bytes], ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert end(told(monkeypatch, *lines)) == ends


@pytest.mark.parametrize(
    "lines",
    [
        [READY],
        [forged("ended", reason="cpu")],
        [forged("idle")],
        [forged("next", call=7)],
        [forged("complete", prompt="x", **ASKED), forged("next", call=1)],
        [draw("html")],
        [draw("text", body="x", __class__=1)],
        [draw("text", into=9, body="x")],
        [draw("columns", count=20, spec=2)],
        [draw("columns", count=3, spec=3), draw("text", 2, body="x")],
        [forged("piece", id=5, text="x")],
        [forged("shown", id=5)],
        [forged("sleep", seconds=-1)],
        [forged("sleep", seconds=float("nan"))],
        [b""],
        [b'{"op":"print","text":"\xff\xfe"}'],
        [b'{"op":"print","text":"x","op":"end"}'],
        [b'{"op":"next","call":' + b"9" * 100_000 + b"}"],
        [b'{"op":"draw","name":"json","into":0,"id":1,"args":{"body":' + b"[" * 150],
    ],
    ids=lambda lines: lines[-1][:60].decode("utf-8", "replace"),
)
def test_an_impossible_line_ends_the_run(
    lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert end(told(monkeypatch, *lines, forged("end"))) == "protocol"


# Seconds of processor time; it takes 0.04 at most.
HANG = 5.0


@pytest.mark.parametrize("value", [b"[],", b"1,", b'"x",', b"1.5,"])
def test_the_longest_line_is_read_in_time(value: bytes) -> None:
    values = value * (LONGEST_LINE // len(value))
    line = b'{"op":"sql","query":"","params":[' + values + b"0]}"
    begun = time.thread_time()
    assert guest_event(line).op == "sql"
    assert time.thread_time() - begun < HANG


LINES = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"op": st.sampled_from(["draw", "piece", "print", "sleep", "complete", "next", "error"])},
        optional={
            name: st.one_of(st.integers(-5, 10**6), st.text(max_size=10), st.none(), st.floats())
            for name in ("line", "id", "into", "name", "text", "call", "seconds", "message", "at")
        },
    ).map(lambda value: json.dumps(value).encode()),
)


@given(LINES)
@settings(max_examples=300)
def test_any_line_is_an_event_or_is_refused(line: bytes) -> None:
    try:
        event = guest_event(line)
    except (pydantic.ValidationError, Forged):
        return
    assert event.op in (
        *("draw", "piece", "shown", "print", "sleep", "complete", "next", "sql"),
        *("error", "ready", "end"),
    )
