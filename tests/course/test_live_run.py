"""A run goes on without its page: what it has done, what it waits for, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from connection import ConnectionFailed
from course.exercises import live_run
from course.exercises.live_run import Run, Use, Waiting, item
from course.limits import Refusal
from course.progress import Progress
from course.progress.stores import SqliteStore
from practice import Event, Unavailable, load_exercises
from practice.events import Ended, Idle, Preparing, Printed, Queued, SessionState

EXERCISE = load_exercises("day_01_connect")[0]
END = Ended(reason="end")
Program = Callable[[], Iterator[Event]]


class Backend:
    """Does, for any program, what ``program`` does."""

    refusal: Refusal | None = None

    def __init__(self, program: Program) -> None:
        self._program = program

    def run(self, *_: object, **__: object) -> Iterator[Event]:
        return self._program()


def is_solved(learned: Progress) -> bool:
    return learned.has(EXERCISE.day, "solved", item(EXERCISE))


@pytest.fixture
def learned(tmp_path: Path) -> Progress:
    return Progress(SqliteStore(tmp_path / "progress.sqlite3"), "me")


@pytest.fixture
def work(learned: Progress) -> Callable[..., Run]:
    def work(program: Program, run: Run | None = None, backend: Any = None) -> Run:
        """Do the work of a run's thread, with ``program`` in the sandbox's place."""
        run = run or Run(EXERCISE, "x = 1\n")
        run._work(cast("Any", backend or Backend(program)), learned, "me")
        return run

    return work


def test_what_a_program_does_is_kept_scene_by_scene(work: Callable[..., Run]) -> None:
    hello = Printed(text="hello")

    def program() -> Iterator[Event]:
        yield from (Idle(), hello, Idle(), END)

    run = work(program)
    assert run.scenes == [[hello, END], [hello, END]]
    assert run.end == "judged"


def test_it_says_what_it_waits_for_until_the_program_goes_on(work: Callable[..., Run]) -> None:
    run, waits = Run(EXERCISE, "x = 1\n"), list[Waiting | None]()

    def program() -> Iterator[Event]:
        for event in (Preparing(at=1.4), Queued(ahead=2), Idle(), END):
            yield event
            waits.append(run.waiting)
        run.wait(3)
        waits.append(run.waiting)

    work(program, run)
    assert waits[:3] == [Waiting("preparing", 1), Waiting("queued", 2), None]
    assert waits[4] == Waiting("answer", 3)


def test_a_run_that_is_stopped_is_over_at_once_and_keeps_what_it_has(
    work: Callable[..., Run],
) -> None:
    run, closed = Run(EXERCISE, "x = 1\n"), list[bool]()

    def program() -> Iterator[Event]:
        try:
            yield Printed(text="before")
            run.cancel()
            assert not run.running
            yield Printed(text="after")
        finally:
            closed.append(True)

    work(program, run)
    assert run.scenes == [[Printed(text="before")]]
    assert (run.end, run.is_judged, closed) == ("stopped", False, [True])


def test_a_stopped_run_waits_neither_for_an_answer_nor_for_its_turn(
    work: Callable[..., Run],
) -> None:
    waits: tuple[Callable[[Run], None], ...] = (Run.look, lambda run: run.wait(1))
    went_on = list[bool]()
    for wait in waits:
        run = Run(EXERCISE, "x = 1\n")

        def program(run: Run = run, wait: Callable[[Run], None] = wait) -> Iterator[Event]:
            run.cancel()
            wait(run)
            went_on.append(True)
            yield END

        assert work(program, run).end == "stopped"
    assert went_on == []


@pytest.mark.parametrize(
    ("before", "inputs"),
    [
        (None, {"Model": "large", "Level": 3}),
        (SessionState(values={}, keyed=[], widgets={}), {"Model": "large"}),
    ],
)
def test_what_a_learner_sets_comes_before_what_the_scene_and_the_page_have_set(
    before: SessionState | None, inputs: dict[str, object]
) -> None:
    had = {"Model": "small", "Level": 3}
    scene = EXERCISE.about.scenes[1].model_copy(
        update={"inputs": had, "press": ["Ask"], "say": ["Hi"]}
    )
    scenes = [EXERCISE.about.scenes[0], scene]
    about = EXERCISE.about.model_copy(update={"scenes": scenes})
    use = Use(1, "Model", "large", before)
    (planned,) = Run(EXERCISE.model_copy(update={"about": about}), "x = 1\n", use)._plan()
    assert (planned.id, planned.inputs) == (scene.id, inputs)
    assert (planned.press, planned.say) == ([], [])


def test_a_solved_exercise_is_noted_whoever_looks(
    work: Callable[..., Run], learned: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_run, "grade", lambda *_: [])

    def program() -> Iterator[Event]:
        yield END

    assert work(program).end == "judged"
    assert is_solved(learned)


def test_a_stopped_run_solves_nothing(
    work: Callable[..., Run], learned: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_run, "grade", lambda *_: [])
    run = Run(EXERCISE, "x = 1\n")

    def program() -> Iterator[Event]:
        yield END
        run.cancel()

    work(program, run)
    assert not is_solved(learned)


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (Unavailable("wasmtime", "not for this machine"), "unavailable"),
        (ConnectionFailed("network"), "failed"),
        (OSError("no room"), "broken"),
    ],
)
def test_what_is_not_the_programs_fault_is_told_apart(
    work: Callable[..., Run], learned: Progress, error: Exception, end: str
) -> None:
    def program() -> Iterator[Event]:
        yield Printed(text="x")
        raise error

    run = work(program)
    assert run.end == end
    assert (run.failure is not None) is (end == "failed")
    assert not is_solved(learned)


def test_a_connection_that_failed_by_a_misnamed_key_keeps_the_right_name() -> None:
    run = Run(EXERCISE, "x = 1\n")
    run.failed(ConnectionFailed("key_name", where="[connections.mine] pwd", fix="password"))
    assert run.failure is not None
    assert (run.failure.where, run.failure.fix) == ("[connections.mine] pwd", "password")


def test_a_server_that_refuses_ends_the_run_and_says_why(work: Callable[..., Run]) -> None:
    def program() -> Iterator[Event]:
        yield Printed(text="before")
        backend.refusal = Refusal("queue")
        yield Printed(text="after")

    backend = Backend(program)
    run = work(program, backend=backend)
    assert (run.end, run.refusal) == ("refused", backend.refusal)
    assert run.scenes == [[Printed(text="before")]]


def test_a_run_that_has_ended_is_not_stopped_any_more(work: Callable[..., Run]) -> None:
    run = work(lambda: iter([END]), Run(EXERCISE, "st.write(\n"))
    run.cancel()
    assert run.end == "judged"


def test_a_program_that_is_no_python_is_judged_without_being_run(work: Callable[..., Run]) -> None:
    run = work(lambda: iter([END]), Run(EXERCISE, "st.write(\n"))
    assert (run.end, run.scenes) == ("judged", [])
