"""What answers a learner's program: the scripted model, or the account where that is allowed.

A program in the sandbox holds no session. What it asks comes here, and is asked on a session of the
course's own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from connection import Connection, connect, diagnose
from course.limits.gate import Gate, Reservation, open_gate, spent
from course.limits.line import Place
from course.limits.refusal import Refusal
from local_cortex import tokens
from practice import Event, Exercise, Refused, Scene, SqlError, run
from practice.exercises import SceneText
from practice.grading import can_be_run
from streaming import CompletionRequest, DirectStrategy, Limits, Pace, Retry, TextStream, stream

__all__ = ["AnswerSettings", "Answers", "scene_of", "try_out"]

# A learner waits for the page as well as for the model.
LIMITS = Limits(first_chunk=60.0, idle=30.0, total=80.0)
# Of one answer of an account, some 700 English words; SQL has no place for such a limit.
MOST_TOKENS = 1_000
SELECT = re.compile(r"\s*select\b[^;]*;?\s*", re.IGNORECASE)
# The statements of the course's days; on an account nothing else is run for a stranger.
ON_ACCOUNTS = re.compile(
    r"\s*select\s+(current_version\(\)|snowflake\.cortex\.complete\(\s*\?\s*,\s*\?\s*\))\s*;?\s*",
    re.IGNORECASE,
)

# A statement that asks a model, in whichever way.
ASKS = re.compile(r"\b(?:ai_)?complete\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class AnswerSettings:
    """Whether learners' programs may use the account, and which models; the environment says it.

    ``COURSE_PRACTICE_ACCOUNT=1`` allows it. ``COURSE_PRACTICE_MODELS`` is a list with commas, by
    default ``llama3.1-8b`` alone, the cheapest that the days use.
    """

    account: bool = False
    models: frozenset[str] = field(default=frozenset({"llama3.1-8b"}))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> AnswerSettings:
        """Read the settings."""
        named = environ.get("COURSE_PRACTICE_MODELS", "")
        models = frozenset(name.strip() for name in named.split(",") if name.strip())
        account = environ.get("COURSE_PRACTICE_ACCOUNT", "").strip().lower()
        return cls(account in ("1", "true", "yes", "on"), models or cls().models)


class Answers:
    """Answers for learners' programs, on the page's connection or on Local Cortex.

    Args:
        settings: whether an account may be used, and which models of it.
        preferred: which connection the page uses, see ``connection.connect``.
        on_idle: is called now and then while a model is silent; what it raises ends the answer.
        gate_of: makes the gate that each question passes, for the connection.
        enter: takes a place for answers that come in, waiting for it if need be.

    Attributes:
        refusal: why the gate has refused something, if it has. The program is told that it failed,
            and is not to blame for it.

    Raises:
        connection.ConnectionFailed: there is no session; no program is to be blamed for that.
    """

    def __init__(
        self,
        settings: AnswerSettings,
        preferred: str | None = "local",
        on_idle: Callable[[], object] | None = None,
        gate_of: Callable[[Connection], Gate] = lambda _: open_gate(),
        enter: Callable[[Gate], Place] = lambda gate: gate.enter(lambda _: None),
    ) -> None:
        self._connection = connect(preferred if settings.account else "local")
        self._scripted = self._connection.kind == "local"
        self._models = settings.models
        self._on_idle = on_idle
        self._gate_of, self._enter = gate_of, enter
        # However many answers a program has coming in, it has one place: it would wait for itself.
        self._place: Place | None = None
        self._coming = 0
        self.refusal: Refusal | None = None
        _ = self._connection.session

    def complete(self, request: CompletionRequest, fault: str | None = None) -> Iterator[str]:
        """Return the deltas of an answer; what is refused is refused here, not at the first delta.

        Raises:
            Refused: the model may not be used, or the gate is shut.
            streaming.StreamError: here, or in the middle of the answer.
        """
        if not self._scripted and request.model not in self._models:
            raise Refused("model")
        if not self._scripted:
            most = min(request.max_tokens or MOST_TOKENS, MOST_TOKENS)
            request = request.model_copy(update={"max_tokens": most})
        reservation = self._let_in(request.model, request.text, request.max_tokens)
        request = request.model_copy(update={"max_tokens": reservation.max_tokens})
        if fault is not None and self._scripted:
            request = request.model_copy(update={"model": fault})
        answer = stream(
            DirectStrategy(self._connection.session),
            request,
            pace=Pace.off(),
            limits=LIMITS,
            retry=Retry(attempts=1),
            on_idle=self._on_idle,
        )

        def ended() -> None:
            reservation.settle(spent(answer, reservation))
            self._let_out()

        return _Begun(answer, ended)

    def sql(self, query: str, params: list[Any] | None) -> tuple[list[str], list[list[Any]]]:
        """Run a statement, and return the names of its columns and its rows.

        Raises:
            Refused: it is not one that a learner's program may run here, or the gate is shut.
            SqlError: it failed.
        """
        allowed = SELECT if self._scripted else ON_ACCOUNTS
        if not allowed.fullmatch(query):
            raise Refused("statement")
        if not self._scripted and params and params[0] not in self._models:
            raise Refused("model")
        if not ASKS.search(query):
            return self._run(query, params)
        # Only a statement of the course's form says which model it asks.
        bound = [str(each) for each in params or ()]
        model = bound[0] if len(bound) == 2 else None
        reservation = self._let_in(model, "\n".join(bound[1:]) if model else query)
        # One that is broken off may have been answered all the same.
        used: int | None = None
        try:
            columns, rows = self._run(query, params)
        except SqlError:
            used = reservation.prompt_tokens
            raise
        else:
            answers = (str(value) for row in rows for value in row)
            used = reservation.prompt_tokens + sum(map(tokens.count, answers))
            return columns, rows
        finally:
            reservation.settle(used)
            self._let_out()

    def _run(self, query: str, params: list[Any] | None) -> tuple[list[str], list[list[Any]]]:
        from snowflake.snowpark.exceptions import SnowparkSQLException

        session = self._connection.session
        try:
            rows = session.sql(query, params=params).collect()
        except SnowparkSQLException as error:
            self._connection.check(error, session)
            if not self._scripted:
                # Its text may name the account's objects.
                raise SqlError("", diagnose(error).errno, "") from error
            raise SqlError(
                str(error.raw_message), error.sql_error_code, str(error.sfqid or "")
            ) from error
        names = list(rows[0].as_dict()) if rows else []
        return names, [list(row) for row in rows]

    def _let_in(self, model: str | None, prompt: str, max_tokens: int | None = None) -> Reservation:
        """Pass the gate with one question; ``_let_out`` is to follow when it is answered.

        Raises:
            Refused: it is shut; ``refusal`` says why.
        """
        try:
            gate = self._gate_of(self._connection)
            reservation = gate.reserve(model, prompt, max_tokens)
            if self._place is None:
                try:
                    self._place = self._enter(gate)
                except BaseException:
                    reservation.give_back()
                    raise
        except Refusal as refusal:
            self.refusal = refusal.again()
            raise Refused("limit") from refusal
        self._coming += 1
        return reservation

    def _let_out(self) -> None:
        self._coming -= 1
        if not self._coming and self._place is not None:
            self._place.leave()
            self._place = None


def scene_of(scene: SceneText) -> Scene:
    """Return the world that a program finds in a scene."""
    inputs = {**scene.inputs, **dict.fromkeys(scene.press, True)}
    return Scene(inputs, scene.inside_snowflake)


def try_out(exercise: Exercise, code: str, answers: Answers) -> list[Event]:
    """Run a program in all scenes of an exercise, unseen, and return what it did.

    One that does not parse, or has a blank left, is not run, as on the page.

    Raises:
        practice.Unavailable: programs cannot be run on this machine.
    """
    events: list[Event] = []
    for scene in exercise.about.scenes if can_be_run(code) else ():
        complete = partial(answers.complete, fault=scene.fault)
        events += run(code, complete=complete, sql=answers.sql, scene=scene_of(scene))
    return events


class _Begun:
    """The deltas of an answer whose first one has come; closing it ends the answer.

    ``ended`` is called once, when the answer has.
    """

    def __init__(self, answer: TextStream, ended: Callable[[], None]) -> None:
        self._answer = answer
        self._ended = [ended]
        pieces = iter(answer)
        try:
            self._pieces = chain([next(pieces, "")], pieces)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._answer.cancel()
        while self._ended:
            self._ended.pop()()
