"""The lab's tokens view: what a conversation costs, turn by turn, sent whole or within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from connection import Connection
from course import limits
from course.lab import charts, streams, views
from course.lab.jobs import Job
from course.lab.protocols import told
from course.lab.streams import WELL
from course.lab.views import Redraw, Spot
from course.lab.wire import Watched, WireRecord
from course.language import text
from local_cortex import speed, tokens
from streaming import (
    CompletionRequest,
    DirectStrategy,
    Pace,
    StreamError,
    TextStream,
    Usage,
    stream,
)
from streaming.request import Message

#: The two conversations: everything is sent each time, or no more than the budget allows.
KINDS = ("whole", "trimmed")
TURNS = 8
USUAL_TURNS, USUAL_BUDGET = 6, 200
# Bounds what a run costs on an account; the script's answers are shorter.
MAX_TOKENS = 120
# A model that thinks sends more events than tokens of its answer.
MOST_EVENTS = 1_000
CHARACTERS_A_TOKEN = 4
MILLION = 1_000_000
# An example (docs/scaling.md): what a model costs stands in Snowflake's table, which changes.
EXAMPLE_RATE = 0.2
CONVERSATIONS = 1_000


def estimate(messages: Sequence[Message]) -> int:
    """Estimate the tokens of messages as the lesson's program does."""
    return sum(len(each.content.encode()) // 3 + 1 for each in messages)


def trim(messages: Sequence[Message], budget: int) -> tuple[Message, ...]:
    """Leave out the oldest questions with their answers, as the lesson's program does."""
    kept = tuple(messages)
    while len(kept) > 1 and estimate(kept) > budget:
        kept = kept[2:]
    return kept


@dataclass(frozen=True, slots=True)
class Rates:
    """Credits for a million tokens."""

    sent: float
    received: float

    def credits(self, sent: int, received: int) -> float:
        return (self.sent * sent + self.received * received) / MILLION


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """The tokens of one request; ``counted`` tells whether the server counted them."""

    messages: int
    sent: int
    received: int
    counted: bool


class Conversations(Job):
    """The same questions in two conversations, one after the other; ``code`` is of an early end."""

    def __init__(self, connection: Connection, questions: Sequence[str], budget: int) -> None:
        model = streams.model_name()
        if streams.can_set_speed(connection):
            model = speed.with_speed(model, speed.FASTEST)
        self.questions, self._budget = tuple(questions), budget
        self.turns: dict[str, list[TurnUsage]] = {kind: [] for kind in KINDS}
        self.code: str | None = None
        self._session = connection.session
        self._stream: TextStream | None = None
        super().__init__(limits.ask(connection, self._longest(model)))

    def cancel(self) -> None:
        super().cancel()
        if self._stream is not None:
            self._stream.cancel()

    def work(self) -> None:
        said: dict[str, list[Message]] = {kind: [] for kind in KINDS}
        try:
            for number, question in enumerate(self.questions):
                for place, kind in enumerate(KINDS):
                    asked = [*said[kind], Message(content=question)]
                    sent = trim(asked, self._budget) if kind == "trimmed" else tuple(asked)
                    answer = self._turn(kind, number * len(KINDS) + place, sent)
                    if answer is None:
                        return
                    said[kind] = [*asked, Message(role="assistant", content=answer)]
        finally:
            # Those that were never asked.
            self._admission.cancel()

    def _turn(self, kind: str, number: int, messages: tuple[Message, ...]) -> str | None:
        """Ask, note what it took, and return the answer; ``None`` if there is no whole one."""
        # The client throws away what the service counted.
        record = WireRecord(most=MOST_EVENTS)
        let_in = self._admission.requests[number]
        request = let_in.model_copy(update={"messages": messages})
        strategy = Watched(DirectStrategy(self._session), record)
        over = partial(self._admission.over, number, live=strategy.live)
        made = stream(strategy, request, pace=Pace.off(), limits=streams.LIMITS, on_end=over)
        self._stream = made
        if self.stopped:
            made.cancel()
        with suppress(StreamError), made:  # the error stays in the stream
            for _ in made:
                pass
        if made.status not in WELL or not made.text:
            self.code = made.error.code if made.error is not None else None
            return None
        sent = sum(tokens.count(each.content) for each in messages)
        counted = told([event for _, event in record.events]).usage
        usage = counted or Usage(sent, tokens.count(made.text))
        self.turns[kind].append(
            TurnUsage(
                len(messages), usage.prompt_tokens, usage.completion_tokens, counted is not None
            )
        )
        return made.text

    def _longest(self, model: str) -> list[CompletionRequest]:
        """Return the requests with answers as long as they may be: the limits count them."""
        answer = Message(role="assistant", content="x" * CHARACTERS_A_TOKEN * MAX_TOKENS)
        said: list[Message] = []
        requests = []
        for question in self.questions:
            said.append(Message(content=question))
            asked = CompletionRequest(model=model, messages=tuple(said), max_tokens=MAX_TOKENS)
            requests += [asked] * len(KINDS)
            said.append(answer)
        return requests


def draw(connection: Connection) -> Redraw | None:
    st.caption(text("lab.conversation.about"))
    above = st.container()
    with views.settings("conversation"):
        turns, budget, rates = _settings()
    questions = [text(f"lab.question.turn_{number + 1}") for number in range(turns)]
    if connection.kind != "local":
        st.caption(text("lab.compare.calls", calls=turns * len(KINDS)))
    make = partial(Conversations, connection, questions, budget)
    with above:
        job = views.run("conversation", Conversations, make)
    return _Board(job, rates).draw if job is not None else None


def _settings() -> tuple[int, int, Rates]:
    left, right = st.columns(2)
    with left:
        turns = st.slider(text("lab.conversation.turns"), 3, TURNS, USUAL_TURNS, key="lab-turns")
        label = text("lab.conversation.budget")
        budget = st.slider(label, 50, 400, USUAL_BUDGET, 10, key="lab-budget")
    with right:
        given = [
            st.number_input(
                text(f"lab.conversation.rate_{each}"),
                *(0.0, 100.0, EXAMPLE_RATE, 0.1),
                format="%.2f",
                key=f"lab-rate-{each}",
            )
            for each in ("sent", "received")
        ]
    st.caption(text("lab.conversation.rates"))
    return turns, budget, Rates(*given)


class _Board:
    """A place for the table of turns, one for the chart, and one for what the run shows."""

    def __init__(self, job: Conversations, rates: Rates) -> None:
        self._job, self._rates = job, rates
        self._names = {kind: text(f"lab.conversation.{kind}") for kind in KINDS}
        self._said, self._table, self._chart = (Spot(st.container()) for _ in range(3))
        self._drawn = -1
        self.draw()

    def draw(self) -> None:
        """Draw the turns that have come, if there are more than before."""
        turns = {kind: list(self._job.turns[kind]) for kind in KINDS}
        done = sum(map(len, turns.values()))
        if done == self._drawn:
            return
        self._drawn = done
        self._said.markdown(self._words(turns))
        if not all(turns.values()):
            return
        rows, points = self._rows(turns), self._points(turns)
        names = {name: text(f"lab.conversation.{name}") for name in rows[0]}
        alt = text("lab.conversation.table_alt")
        self._table.draw(
            lambda at: at.dataframe(rows, hide_index=True, column_config=names, alt=alt)
        )
        spec, words = _chart(list(self._names.values())), text("lab.conversation.chart_alt")
        self._chart.draw(lambda at: at.vega_lite_chart(points, spec, alt=words))

    def _words(self, turns: dict[str, list[TurnUsage]]) -> str:
        if self._job.code is not None:
            return f"**{text('lab.conversation.ended')}** {streams.explained(self._job.code)}"
        asked = len(self._job.questions)
        if min(map(len, turns.values())) < asked:
            return text("lab.conversation.so_far", turn=min(map(len, turns.values())), turns=asked)
        whole, trimmed = (turns[kind] for kind in KINDS)
        figures = {
            "whole": sum(each.sent for each in whole),
            "trimmed": sum(each.sent for each in trimmed),
            "turns": asked,
            "whole_credits": self._credits(whole) * CONVERSATIONS,
            "trimmed_credits": self._credits(trimmed) * CONVERSATIONS,
        }
        said = text("lab.conversation.result", **figures)
        counted = all(each.counted for each in [*whole, *trimmed])
        return said if counted else f"{said} {text('lab.conversation.estimated')}"

    def _credits(self, turns: Sequence[TurnUsage]) -> float:
        return sum(self._rates.credits(each.sent, each.received) for each in turns)

    def _rows(self, turns: dict[str, list[TurnUsage]]) -> list[dict[str, Any]]:
        """Return a row for each turn that both conversations have had."""
        rows = []
        for number in range(min(map(len, turns.values()))):
            both = {kind: turns[kind][number] for kind in KINDS}
            so_far = {kind: self._credits(turns[kind][: number + 1]) for kind in KINDS}
            # Side by side, and what a narrow window hides last.
            row: dict[str, Any] = {"turn": number + 1}
            row |= {f"{kind}_sent": each.sent for kind, each in both.items()}
            row |= {f"{kind}_credits": f"{each:.6f}" for kind, each in so_far.items()}
            row |= {f"{kind}_received": each.received for kind, each in both.items()}
            row |= {f"{kind}_messages": each.messages for kind, each in both.items()}
            rows.append(row)
        return rows

    def _points(self, turns: dict[str, list[TurnUsage]]) -> list[dict[str, Any]]:
        """Return (conversation, turn, tokens sent so far)."""
        return [
            {
                "kind": self._names[kind],
                "turn": number,
                "tokens": sum(each.sent for each in turns[kind][:number]),
            }
            for kind in KINDS
            for number in range(1, len(turns[kind]) + 1)
        ]


def _chart(names: Sequence[str]) -> dict[str, Any]:
    turn = {
        "field": "turn",
        "type": "ordinal",
        "title": text("lab.conversation.turn"),
        "axis": {"labelAngle": 0},
    }
    tokens = charts.quantity("tokens", text("lab.conversation.total"))
    # With points on the lines, the legend would show the points.
    apart = charts.told_apart("kind", names, symbolType="stroke")
    return charts.lines(turn, tokens, apart, point=True)
