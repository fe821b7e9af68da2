"""What answers a learner's program: the scripted model, or the account where that is allowed.

A program in the sandbox holds no session. Its questions come here, and are asked on a session of
the course.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

from connection import Connection, connect, diagnose
from course.limits import Entry, Policy, Refusal, Reservation, open_policy
from course.settings import AnswerSettings
from local_cortex import tokens
from practice import Event, Exercise, Refused, Scene, SessionState, SqlError, run, sql_forms
from practice.exercises import SceneText
from practice.grading import can_be_run
from streaming import (
    CallEnd,
    ChatCompletionsStrategy,
    CompletionRequest,
    DirectStrategy,
    Limits,
    Pace,
    Retry,
    Strategy,
    stream,
)

# A learner waits for the page as well as for the model.
LIMITS = Limits(first_chunk=60.0, idle=30.0, total=80.0)
# Of one answer of an account, some 700 English words; SQL has no place for such a limit.
MOST_TOKENS = 1_000
# The longest that an account may work on one statement.
STATEMENT_SECONDS = 60
# How Local Cortex's names go on where they ask for more than a model: a fault, or a speed.
FAULTY, SPEEDY = "fault-", "@"


class Backend:
    """Runs learners' programs, and answers them on the page's connection or on Local Cortex.

    ``settings`` say whether an account may be used, and which of its models; ``preferred`` is for
    ``connection.connect``. ``policy_of`` makes the policy that each question passes. ``on_idle`` is
    called while a model is silent, and ``on_wait`` with the number of people ahead while a question
    waits for a place: an exception from either ends the answer. ``refusal`` is why the policy
    refused a question, if it did. Any thread may use it. Raises ``ConnectionFailed``.
    """

    def __init__(
        self,
        settings: AnswerSettings,
        preferred: str | None = "local",
        on_idle: Callable[[], object] | None = None,
        policy_of: Callable[[Connection], Policy] = lambda _: open_policy(),
        on_wait: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._connection = connect(preferred if settings.account else "local")
        self._scripted = self._connection.kind == "local"
        self._models = settings.models
        self._on_idle, self._on_wait = on_idle, on_wait
        self._policy: Policy | Refusal
        try:
            self._policy = policy_of(self._connection)
        except Refusal as refusal:
            # A program that asks nothing can still run.
            self._policy = refusal.again()
        # A program has one place for all its answers: on several it would wait for itself.
        self._place: Entry | None = None
        self._coming = 0
        # A run that is ended from outside ends its answers in another thread.
        self._lock = threading.RLock()
        self.refusal: Refusal | None = None
        _ = self._connection.session

    def run(
        self,
        code: str,
        scene: SceneText,
        *,
        state: SessionState | None = None,
        learner: str | None = None,
    ) -> Generator[Event]:
        """Run a program in a scene; ``state`` is what its page has kept so far."""
        return run(
            code,
            complete=_answering(self.complete, scene),
            chat=_answering(self.chat, scene),
            sql=partial(self.sql, fault=scene.fault),
            scene=_scene_of(scene),
            state=state or SessionState(),
            learner=learner,
        )

    def complete(self, request: CompletionRequest, fault: str | None = None) -> Iterator[str]:
        """Return the deltas of an answer to ``Complete``, which is asked for when the first one is.

        ``fault`` is that of the scene that the program is tried in. Raises ``Refused``, and
        ``StreamError`` at a delta.
        """
        return self._stream(lambda: DirectStrategy(self._connection.session), request, fault)

    def chat(self, request: CompletionRequest, fault: str | None = None) -> Iterator[str]:
        """Return an answer to the OpenAI client, like ``complete``, with what its end tells."""
        client = self._connection.chat_client
        return self._stream(lambda: ChatCompletionsStrategy(client(), usage=True), request, fault)

    def _stream(
        self, strategy: Callable[[], Strategy], request: CompletionRequest, fault: str | None
    ) -> Iterator[str]:
        self._check_model(request.model, fault)
        if not self._scripted:
            most = min(request.max_tokens or MOST_TOKENS, MOST_TOKENS)
            request = request.model_copy(update={"max_tokens": most})
        reservation = self._let_in(request.model, request.text, request.max_tokens)
        request = request.model_copy(update={"max_tokens": reservation.max_tokens})
        if fault is not None and self._scripted:
            request = request.model_copy(update={"model": fault})

        def over(text: str, end: CallEnd) -> None:
            self._let_out()
            reservation.ended(text, end, live=True)

        return stream(
            strategy(),
            request,
            pace=Pace.off(),
            limits=LIMITS,
            retry=Retry(attempts=1),
            on_idle=self._on_idle,
            on_end=over,
        )

    def sql(
        self, query: str, params: list[Any] | None, fault: str | None = None
    ) -> tuple[list[str], list[list[Any]]]:
        """Return a statement's column names and its rows; or raise ``Refused`` or ``SqlError``."""
        statement = sql_forms.read(query, params)
        if statement.model is None:
            return self._run(statement)
        self._check_model(statement.model, fault)
        reservation = self._let_in(statement.model, statement.prompt)
        # A statement that is broken off may still have been answered.
        used: int | None = None
        try:
            columns, rows = self._run(statement)
        except SqlError:
            used = reservation.prompt_tokens
            raise
        else:
            answers = (str(value) for row in rows for value in row)
            used = reservation.prompt_tokens + sum(map(tokens.count, answers))
            return columns, rows
        finally:
            self._let_out()
            reservation.settle(used)

    def _check_model(self, name: str, fault: str | None) -> None:
        """Raise ``Refused`` unless a model is asked for by its plain name, or as its scene's fault.

        A name that no model has passes: that it is unknown is for Snowflake to say.
        """
        plain = name.strip().lower()
        special = plain.startswith(FAULTY) or SPEEDY in plain
        if not (plain == fault or not special if self._scripted else name in self._models):
            raise Refused("model")

    def _run(self, statement: sql_forms.Statement) -> tuple[list[str], list[list[Any]]]:
        from snowflake.snowpark.exceptions import SnowparkSQLException

        session = self._connection.session
        try:
            rows = session.sql(statement.text, params=statement.params or None).collect(
                statement_params={"STATEMENT_TIMEOUT_IN_SECONDS": str(STATEMENT_SECONDS)}
            )
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
        """Let a question in until ``_let_out``; or raise ``Refused``, and ``refusal`` says why."""
        try:
            if isinstance(self._policy, Refusal):
                raise self._policy.again()
            reservation = self._policy.reserve(model, prompt, max_tokens)
            if self._place is None:
                try:
                    self._place = self._policy.entry().enter(self._on_wait)
                except BaseException:
                    reservation.give_back()
                    raise
        except Refusal as refusal:
            self.refusal = refusal.again()
            raise Refused("limit") from refusal
        with self._lock:
            self._coming += 1
        return reservation

    def _let_out(self) -> None:
        with self._lock:
            self._coming -= 1
            place = None
            if not self._coming:
                place, self._place = self._place, None
        if place is not None:
            place.leave()


def _scene_of(scene: SceneText) -> Scene:
    """Return the world that a program finds in a scene."""
    inputs = {**scene.inputs, **dict.fromkeys(scene.press, True)}
    return Scene(inputs, scene.inside_snowflake, scene.say, scene.stop_after)


def _answering(
    answer: Callable[[CompletionRequest, str | None], Iterator[str]], scene: SceneText
) -> Callable[[CompletionRequest], Iterator[str]]:
    """Return what answers one program's calls in a scene, its fault included."""
    calls = itertools.count(1)

    def complete(request: CompletionRequest) -> Iterator[str]:
        meets = scene.fault_calls is None or next(calls) <= scene.fault_calls
        return answer(request, scene.fault if meets else None)

    return complete


def try_out(exercise: Exercise, code: str, backend: Backend) -> list[Event]:
    """Run a program in all scenes of an exercise, unseen, and return what it did.

    One that does not parse, or has a blank left, is not run, as on the page. Raises
    ``Unavailable`` if programs cannot be run on this machine.
    """
    scenes = exercise.about.scenes if can_be_run(code) else []
    return [event for scene in scenes for event in backend.run(code, scene)]
