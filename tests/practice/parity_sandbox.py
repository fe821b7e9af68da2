"""Running programs in the sandbox, and telling what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

import practice
from practice.events import Draw, Event, Failed, Piece, Printed
from streaming import CompletionRequest, DirectStrategy
from tests.practice.parity import Error, Outcome, Program, cleaned, normal

__all__ = ["Sandbox"]

# All programs at once are far more than a learner's one.
LIMITS = practice.RunLimits(
    cpu=60,
    silence=60,
    wall=120,
    events=100_000,
    output=20_000_000,
    calls=10_000,
    code=1_000_000,
)

MARK = "\x00outcome "
# Runs programs one after the other in one sandbox, as boot.main runs each: what it says at the end
# of one is told, and instead of an exit comes the next one.
DRIVER = """\
import json, os, sys, time
from practice.guest import boot, channel, page_stand_in

class Over(BaseException): pass

frame = sys._getframe()
while "job" not in frame.f_locals:
    frame = frame.f_back
job, say, sleep, leave = frame.f_locals["job"], channel.say, time.sleep, os._exit

def say_on(op, **fields):
    if op in ("error", "end"):
        say("print", text=MARK + json.dumps(fields) + "\\n")
    elif op != "ready":
        say(op, **fields)

def go_on(code):
    raise Over

channel.say, os._exit = say_on, go_on
# A place that there has been cannot be made again.
page_stand_in.begin = page_stand_in._within.clear
for program in PROGRAMS:
    time.sleep = sleep
    try:
        boot.main({**job, **program})
    except Over:
        pass
channel.say, os._exit = say, leave
"""


class Sandbox:
    """The sandbox, with a model and a database."""

    def __init__(self, session: Session) -> None:
        self._strategy = DirectStrategy(session)
        self._session = session

    def run(self, programs: Sequence[Program]) -> list[Outcome]:
        """Run programs, all in one sandbox."""
        account = {"account": "practice", "user": "learner", "password": "not-a-real-one"}
        jobs = [
            {
                "code": program.code,
                "inputs": dict(program.inputs),
                "inside_snowflake": program.inside,
                "secrets": None if program.inside else {"connections": {"snowflake": account}},
            }
            for program in programs
        ]
        driver = (
            f"import json\nMARK = {MARK!r}\nPROGRAMS = json.loads({json.dumps(jobs)!r})\n{DRIVER}"
        )
        outcomes, events = [], []
        for event in self._events(driver, practice.Scene()):
            events.append(event)
            if isinstance(event, Printed) and MARK in event.text:
                told = json.loads(event.text.partition(MARK)[2])
                outcomes.append(_outcome(events, told))
                events = []
        assert len(outcomes) == len(programs), f"the sandbox ended early: {events}"
        return outcomes

    def run_alone(self, program: Program) -> Outcome:
        """Run a program as a learner's is run."""
        scene = practice.Scene(inputs=program.inputs, inside_snowflake=program.inside)
        events = list(self._events(program.code, scene))
        failed = [event.model_dump() for event in events if isinstance(event, Failed)]
        return _outcome(events, failed[0] if failed else {})

    def _events(self, code: str, scene: practice.Scene) -> Iterator[Event]:
        yield from practice.run(
            code, complete=self._complete, sql=self._sql, scene=scene, limits=LIMITS
        )

    def _complete(self, request: CompletionRequest) -> Iterator[str]:
        return self._strategy.open(request)

    def _sql(self, query: str, params: list[Any] | None) -> tuple[list[str], list[list[Any]]]:
        try:
            rows = self._session.sql(query, params=params).collect()
        except SnowparkSQLException as error:
            number, query_id = error.sql_error_code, error.sfqid
            raise practice.SqlError(error.message, number, query_id or "") from error
        names = list(rows[0]._fields) if rows else []
        return names, [list(row) for row in rows]


def _outcome(events: list[Event], told: Mapping[str, Any]) -> Outcome:
    printed = "".join(
        event.text.partition(MARK)[0] for event in events if isinstance(event, Printed)
    )
    if not told:
        return Outcome(normal(printed), drawn_by(events))
    failed = Failed.model_validate(told)
    error = Error(f"{failed.module}.{failed.type}", normal(failed.message))
    return Outcome(normal(printed), drawn_by(events), error, error, failed)


# What holds elements, and what is gone when the program has ended.
CONTAINERS, GONE = ("container", "columns", "expander", "chat_message"), ("spinner",)
# The argument that an element shows; for the others it is the first of these that they have.
SHOWN = ("body", "exception", "label")
# What st.write calls st.help for; it says more than the sandbox knows.
DESCRIBED = {"help": "help_info"}


class _Page:
    """What a page shows that repeats events, as lists in lists."""

    def __init__(self) -> None:
        self.main: list[Any] = []
        self.sidebar: list[Any] = []
        self._containers = {0: self.main, -1: self.sidebar}
        # Elements, each in a list of its own: what is drawn into one takes its place.
        self._elements: dict[int, list[Any]] = {}
        # Where streams are, and where the text of each goes on.
        self._streams: dict[int, int] = {}
        self._texts: dict[int, list[Any]] = {}

    def _new(self, into: int) -> list[Any]:
        if into in self._elements:
            self._elements[into].clear()
            return self._elements[into]
        node: list[Any] = []
        self._containers[into].append(node)
        return node

    def draw(self, event: Draw) -> None:
        if event.name == "stream":
            self._streams[event.id] = event.into
        elif event.name in CONTAINERS:
            node = self._new(event.into)
            for number in range(event.id, event.id + event.count):
                self._containers[number] = []
                node.append(self._containers[number])
        elif event.name not in GONE:
            self._elements[event.id] = node = self._new(event.into)
            texts = [str(event.args[key]) for key in SHOWN if key in event.args]
            node.append((DESCRIBED.get(event.name, event.name), "".join(texts[:1])))

    def stream(self, event: Piece) -> None:
        if event.text is None:
            self._texts.pop(event.id, None)
            return
        if event.id not in self._texts:
            self._texts[event.id] = self._new(self._streams[event.id])
            self._texts[event.id].append(("markdown", ""))
        node = self._texts[event.id]
        node[0] = ("markdown", node[0][1] + event.text)


def drawn_by(events: Sequence[Event]) -> tuple[tuple[str, str], ...]:
    """Return what a page shows that repeats these events, from top to bottom."""
    page = _Page()
    for event in events:
        if isinstance(event, Draw):
            page.draw(event)
        elif isinstance(event, Piece):
            page.stream(event)
    return tuple(_flat([*page.main, *page.sidebar]))


def _flat(nodes: list[Any]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, list):
            yield from _flat(node)
        else:
            kind, text = node
            yield kind, cleaned(text)
