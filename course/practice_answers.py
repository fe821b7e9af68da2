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

from connection import connect, diagnose
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

    Raises:
        connection.ConnectionFailed: there is no session; no program is to be blamed for that.
    """

    def __init__(
        self,
        settings: AnswerSettings,
        preferred: str | None = "local",
        on_idle: Callable[[], object] | None = None,
    ) -> None:
        self._connection = connect(preferred if settings.account else "local")
        self._scripted = self._connection.kind == "local"
        self._models = settings.models
        self._on_idle = on_idle
        _ = self._connection.session

    def complete(self, request: CompletionRequest, fault: str | None = None) -> Iterator[str]:
        """Return the deltas of an answer; what is refused is refused here, not at the first delta.

        Raises:
            Refused: the model may not be used.
            streaming.StreamError: here, or in the middle of the answer.
        """
        if not self._scripted and request.model not in self._models:
            raise Refused("model")
        if fault is not None and self._scripted:
            request = request.model_copy(update={"model": fault})
        if not self._scripted:
            tokens = min(request.max_tokens or MOST_TOKENS, MOST_TOKENS)
            request = request.model_copy(update={"max_tokens": tokens})
        answer = stream(
            DirectStrategy(self._connection.session),
            request,
            pace=Pace.off(),
            limits=LIMITS,
            retry=Retry(attempts=1),
            on_idle=self._on_idle,
        )
        return _Begun(answer)

    def sql(self, query: str, params: list[Any] | None) -> tuple[list[str], list[list[Any]]]:
        """Run a statement, and return the names of its columns and its rows.

        Raises:
            Refused: it is not one that a learner's program may run here.
            SqlError: it failed.
        """
        allowed = SELECT if self._scripted else ON_ACCOUNTS
        if not allowed.fullmatch(query):
            raise Refused("statement")
        if not self._scripted and params and params[0] not in self._models:
            raise Refused("model")
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
    """The deltas of an answer whose first one has come; closing it ends the answer."""

    def __init__(self, answer: TextStream) -> None:
        self._answer = answer
        pieces = iter(answer)
        try:
            self._pieces = chain([next(pieces, "")], pieces)
        except BaseException:
            answer.cancel()
            raise

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        self._answer.cancel()
