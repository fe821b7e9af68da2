"""Runs many small programs both ways, in the sandbox and for real, and tells what became of each.

For real means Streamlit's own script runner under AppTest, Snowpark and ``snowflake.cortex``, which
talk to a Local Cortex as ``python -m local_cortex run`` has it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from openai import OpenAI
from snowflake.ml._internal import telemetry
from snowflake.snowpark import Session
from snowflake.snowpark import session as snowpark_session
from snowflake.snowpark.exceptions import SnowparkSQLException
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

import practice
from local_cortex import LocalCortex
from local_cortex.launch import connection_block
from local_cortex.loopback import bypass, write_certificate
from practice.events import Event, Printed
from streaming import ChatCompletionsStrategy, CompletionRequest, DirectStrategy, Usage
from streaming.deltas import Delta
from tests.local_cortex.cortex_engines import END, Playing

__all__ = ["Both", "Case", "Outcome"]

# All programs at once are far more than a learner's one.
LIMITS = practice.RunLimits(
    cpu=60,
    silence=60,
    wall=120,
    events=100_000,
    draws=100_000,
    output=20_000_000,
    calls=10_000,
    code=1_000_000,
    spinners=1_000,
)
# Longer than all programs take, even on a busy machine.
SECONDS = 120
MARK = "\x00outcomes "
#: What each program finds.
SETUP = """\
import collections, dataclasses, enum, json, math, time
import regex
import streamlit as st
from openai import OpenAI
from requests.exceptions import ChunkedEncodingError, HTTPError, RequestException
from snowflake.cortex import Complete, CompleteOptions, complete
from snowflake.cortex._complete import MidStreamException, ResponseParseException
from snowflake.snowpark import Row, Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSQLException, SnowparkSessionException
from snowflake.snowpark.functions import ai_complete
Point = collections.namedtuple("Point", "x y")
class Colour(enum.Enum):
    RED = 1
class Name(str, enum.Enum):
    ONE = "first"
class Plain:
    pass
def words():
    yield "some "
    yield "words"
def broken():
    yield "kept "
    raise RuntimeError("broken in the middle")
def connect():
    return Session.builder.configs(st.secrets["connections"]["snowflake"]).create()
def client():
    account = st.secrets["connections"]["snowflake"]
    host = account.get("host") or f"{account['account']}.snowflakecomputing.com"
    url = f"https://{host}/api/v2/cortex/v1"
    return OpenAI(base_url=url, api_key=account["password"], max_retries=0)
def ask(model="llama3.1-8b", **more):
    messages = [{"role": "user", "content": "Hi"}]
    return client().chat.completions.create(model=model, messages=messages, **more)
def run(text):
    exec(text, globals())
session = connect()
"""
HARNESS = """
OUTCOMES = []
for case in CASES:
    with st.container():
        outcome = {"value": "", "error": "", "message": "", "what": ""}
        try:
            for line in case[:-1]:
                exec(line, globals())
            value = eval(case[-1], globals())
            outcome["value"] = f"{type(value).__module__}.{type(value).__name__} {value!r}"
        except Exception as error:
            kind = type(error)
            outcome |= {"error": f"{kind.__module__}.{kind.__name__}", "message": str(error)}
            outcome["what"] = getattr(error, "what", "")
        OUTCOMES.append(outcome)
print(MARK + json.dumps(OUTCOMES))
"""

#: Lines of a program, the last of which is an expression.
Case = tuple[str, ...]


class Outcome(NamedTuple):
    """What became of a program: a value or an error, and what it drew."""

    value: str
    error: str
    message: str
    what: str
    drawn: tuple[tuple[str, str], ...]

    def in_kind_and_meaning(self) -> tuple[object, ...]:
        """Return what has to be the same both ways: of a message, the first sentence."""
        said = " ".join(self.message.split())
        first = re.split(r"[.:] ", said)[0].removesuffix(".")
        return self.value, self.error, first, self.drawn


# What is different each time.
NORMAL = [
    (r"https://[\w.:]+(/sf)?/api/", "https://HOST/api/"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"0x[0-9a-f]+", "0x0"),
    (r" \(Request ID: \w+\)", ""),
    (r"(cannot import name '\w+' from '[\w.]+') \([^)]+\)", r"\1"),
]


def _normal(text: str) -> str:
    for pattern, instead in NORMAL:
        text = re.sub(pattern, instead, text)
    before = ""
    while before != text and re.search(r"(Generator|Container)\(", text):
        # What a place says of itself is Streamlit's inside.
        before, text = text, re.sub(r"([\w=])\([^()]*\)", r"\1", text)
    return text


class Both:
    """A sandbox and the real libraries, and a Local Cortex for the two of them."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        # What `python -m local_cortex run` does for a program of its own.
        certificate, bundle, signer = write_certificate(folder, os.environ)
        # Each client reads it, and all the public authorities would take a third of the time.
        bundle.write_text(signer)
        patch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        patch.setenv("SSL_CERT_FILE", str(bundle))
        for name, value in bypass(os.environ).items():
            patch.setenv(name, value)
        # It copies what it has not sent from session to session: see local_cortex/client.py.
        patch.setattr(telemetry, "_get_snowflake_connection", lambda: None)
        # An answer of a few pieces: a program's time is in asking for each.
        engine = Playing("The ", "model ", "says: ", "hello! ", "한국어", ".\n", "✨", END)
        self._cortex = LocalCortex.start(engine=engine, certificate=certificate)
        self._secrets = tomllib.loads(connection_block(self._cortex.port, self._cortex.secret))
        self._session = Session.builder.configs(self._secrets["connections"]["snowflake"]).create()
        url = f"https://127.0.0.1:{self._cortex.port}/api/v2/cortex/v1"
        self._client = OpenAI(base_url=url, api_key=self._cortex.secret, max_retries=0)
        # No program is to find the sandbox's own, or one that another test has left open.
        for session in list(snowpark_session._active_sessions):
            snowpark_session._remove_session(session)

    def close(self) -> None:
        """End the Local Cortex."""
        self._session.close()
        self._client.close()
        self._cortex.close()

    def in_sandbox(self, cases: Sequence[Case]) -> list[Outcome]:
        """Run programs in one sandbox, and draw what they draw."""
        events: list[Event] = list(
            practice.run(
                _program(cases),
                complete=self._complete,
                chat=self._chat,
                sql=self._sql,
                limits=LIMITS,
            )
        )
        printed = "".join(event.text for event in events if isinstance(event, Printed))
        assert MARK in printed, events[-2:]
        _EVENTS[:] = events
        app = AppTest.from_function(_replayed, default_timeout=SECONDS).run()
        return _outcomes(printed, [*app.main.children.values()][1])

    def for_real(self, cases: Sequence[Case]) -> list[Outcome]:
        """Run programs under AppTest."""
        app = AppTest.from_string(_program(cases), default_timeout=SECONDS)
        app.secrets.update(self._secrets)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            app.run()
        for session in list(snowpark_session._active_sessions):
            session.close()
        assert MARK in printed.getvalue(), app.exception
        return _outcomes(printed.getvalue(), app.main)

    def _complete(self, request: CompletionRequest) -> Iterator[str]:
        return DirectStrategy(self._session).open(request)

    def _chat(self, request: CompletionRequest) -> Iterator[str]:
        strategy = ChatCompletionsStrategy(self._client, usage=True)
        return _Texts(strategy.open(request))

    def _sql(self, query: str, params: list[Any] | None) -> tuple[list[str], list[list[Any]]]:
        try:
            rows = self._session.sql(query, params=params).collect()
        except SnowparkSQLException as error:
            number, query_id = error.sql_error_code, error.sfqid
            raise practice.SqlError(error.message, number, query_id or "") from error
        names = list(rows[0]._fields) if rows else []
        return names, [list(row) for row in rows]


class _Texts:
    """The text of an answer, delta by delta, and at its end how many tokens it took."""

    def __init__(self, answer: Iterator[Delta]) -> None:
        self._answer = answer
        self.usage: Usage | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for delta in self._answer:
            if isinstance(delta, str):
                return delta
            if isinstance(delta, Usage):
                self.usage = delta
        raise StopIteration

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answer, name)


def _program(cases: Sequence[Case]) -> str:
    return f"{SETUP}MARK = {MARK!r}\nCASES = {cases!r}\n{HARNESS}"


# What the page of ``_replayed`` repeats.
_EVENTS: list[Event] = []


def _replayed() -> None:
    from practice.replay import Replay
    from tests.practice.parity import _EVENTS

    replay = Replay(key="parity", printed="printed", sidebar="sidebar")
    replay.take(_EVENTS)
    replay.show(last=True)


def _outcomes(printed: str, page: Any) -> list[Outcome]:
    told = json.loads(printed.partition(MARK)[2].partition("\n")[0])
    # Beside them stands what the page says of a call that Streamlit refuses.
    places = [each for each in page.children.values() if isinstance(each, Block)]
    return [
        Outcome(
            _normal(each["value"]),
            each["error"],
            _normal(each["message"]),
            each["what"],
            tuple(_drawn(place)),
        )
        for each, place in zip(told, places, strict=False)
    ]


# What the page shows these as, which are for programs on the learner's own computer.
SHOWN_AS = {"exception": "error", "help_info": "code"}


def _drawn(node: Any) -> Iterator[tuple[str, str]]:
    """Yield what a part of a page shows, from top to bottom."""
    if isinstance(node, Block):
        for child in node.children.values():
            yield from _drawn(child)
    elif node.type not in ("spinner", "empty"):
        kind = SHOWN_AS.get(node.type, node.type)
        text = "" if kind in ("error", "code") else str(getattr(node, "value", ""))
        yield kind, _normal(text)
