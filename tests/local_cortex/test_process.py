"""Local Cortex in a process of its own: watched, replaced, and gone with its parent."""

from __future__ import annotations

import atexit
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partialmethod
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from snowflake.cortex import Complete
from snowflake.snowpark import session as snowpark_session

from local_cortex import SettingsError, StartError
from local_cortex.environment import ModelTableError
from local_cortex.process.parent import Child, LocalCortexProcess, Watching
from tests.local_cortex.cortex_engines import eventually

ROOT = Path(__file__).parents[2]
SLOW = {**os.environ, "COURSE_TOKENS_PER_SECOND": "5"}
# A start takes half a second, and much longer where nine programs share two processors.
PATIENCE = 120.0
# Ten seconds: on a busy machine one that is well may be silent for three.
QUICK = Watching(every=0.2, patience=50)
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can promise this")

Start = Callable[..., LocalCortexProcess]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process that the test ends."""
    started: list[LocalCortexProcess] = []

    def start_one(**options: Any) -> LocalCortexProcess:
        started.append(LocalCortexProcess(**{"watching": QUICK, **options}))
        return started[-1]

    before = set(snowpark_session._active_sessions)
    yield start_one
    for each in started:
        each.close()
    # Sessions whose process was killed can't be closed. Snowpark keeps them for later tests, and
    # asks their servers to close them when Python ends, for half a minute.
    for session in set(snowpark_session._active_sessions) - before:
        snowpark_session._remove_session(session)
        atexit.unregister(session._close_at_exit)
        atexit.unregister(session.connection._close_at_exit)


def suspend(pid: int) -> None:
    """Stop a process, and wait until it has stopped: on a busy machine it goes on for a moment."""
    process = psutil.Process(pid)
    process.suspend()
    assert eventually(lambda: process.status() == psutil.STATUS_STOPPED, PATIENCE)


# --- a process and its parent --------------------------------------------------------------------


def test_it_answers_the_real_clients_and_leaves_nothing_when_it_is_closed(start: Start) -> None:
    before = watchers()
    cortex = start()
    session = cortex.session()
    assert session.sql("SELECT 1").collect()[0][0] == 1
    assert "".join(Complete("llama3.1-8b", "hi", session=session, stream=True))
    child = cortex.server()
    assert child.engine == "scripted"
    assert child.memory() > 10_000_000
    session.close()
    cortex.close()
    assert not psutil.pid_exists(child.pid)
    assert eventually(lambda: watchers() <= before)
    with pytest.raises(StartError, match="stopped"):
        cortex.session()
    cortex.close()
    assert not cortex.alive
    assert cortex.replaced == 0


def watchers() -> set[threading.Thread]:
    threads = threading.enumerate()
    # The threads of statements belong to servers of other tests.
    return {each for each in threads if re.match("local-cortex-(?!.*sql)", each.name)}


def test_starting_one_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    class Starting(FakeChild):
        def wait_until_it_listens(self) -> None:
            assert go_on.wait(PATIENCE)

    make = LocalCortexProcess.__init__
    monkeypatch.setattr(LocalCortexProcess, "__init__", partialmethod(make, child=Starting))
    cortex = LocalCortexProcess.start()
    go_on.set()
    assert cortex.server().alive
    cortex.close()


def test_closing_one_that_is_still_starting_ends_it(start: Start) -> None:
    made: list[Child] = []

    def child(environment: Mapping[str, str]) -> Child:
        made.append(Child(environment))
        return made[-1]

    cortex = start(child=child)
    cortex._begin()
    assert eventually(lambda: bool(made), PATIENCE)
    cortex.close()
    assert eventually(lambda: not psutil.pid_exists(made[0].pid), PATIENCE)


@linux_only
def test_the_secret_is_neither_on_its_command_line_nor_in_its_environment(start: Start) -> None:
    child = start(environment={**os.environ, "SNOWFLAKE_PASSWORD": "planted"}).server()
    process = psutil.Process(child.pid)
    seen = " ".join([*process.cmdline(), *map(str, process.environ().items())])
    assert child.secret not in seen
    assert "planted" not in seen


@linux_only
def test_linux_ends_it_before_the_pages_when_memory_runs_out(start: Start) -> None:
    child = start().server()
    assert Path(f"/proc/{child.pid}/oom_score_adj").read_text() == "1000\n"


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"COURSE_FIRST_TOKEN": "soon"}, SettingsError, "COURSE_FIRST_TOKEN=soon"),
        ({"COURSE_MODELS": "no-such-file"}, ModelTableError, "no-such-file"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_as_in_process(
    start: Start, settings: dict[str, str], kind: type[Exception], words: str
) -> None:
    cortex = start(environment={**os.environ, **settings}, watching=None)
    for _ in range(2):
        with pytest.raises(kind, match=words):
            cortex.session()


def test_a_process_that_ends_while_it_starts_says_how(start: Start) -> None:
    # What Python prints of it goes to the terminal: it is a real failure.
    cortex = start(environment={**os.environ, "PYTHONHOME": "nowhere"})
    with pytest.raises(StartError, match=r"did not start.*ended with code 1"):
        cortex.session()


def test_where_no_process_can_be_started_the_reason_is_given(start: Start) -> None:
    def refuse(*_: object) -> Child:
        raise OSError("no more processes")

    with pytest.raises(StartError, match="cannot be started: no more processes"):
        start(child=refuse).session()


PARENT = """
import sys, time
from local_cortex.process.parent import LocalCortexProcess
cortex = LocalCortexProcess.start()
print(cortex.server().pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    "stopped", [False, pytest.param(True, marks=[linux_only, pytest.mark.thorough])]
)
@posix_only
def test_it_ends_with_its_parent_however_that_ends(stopped: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        if stopped:
            child.suspend()
        parent.kill()
        parent.wait(PATIENCE)
    # Only init can reap it, and that may take a while.
    ended = lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE  # noqa: E731
    assert eventually(ended, PATIENCE)


def test_what_it_prints_is_no_report() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import builtins; from local_cortex.process import child; child.main()",
        ],
        input=b"a-secret\n",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=PATIENCE,
    )
    assert said.returncode == 0
    assert set(json.loads(said.stdout)) == {"port", "engine"}
    assert said.stderr == b""


# --- replaced ------------------------------------------------------------------------------------


def lose(cortex: LocalCortexProcess, how: Callable[[psutil.Process], None]) -> Child:
    """Do something to the process, and return it when it has been given up."""
    child, before = cortex.server(), cortex.replaced
    how(psutil.Process(child.pid))
    assert eventually(lambda: cortex.replaced > before and not child.alive, PATIENCE)
    return child


def test_one_that_is_gone_is_replaced(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    cortex = start()
    lost = lose(cortex, psutil.Process.kill)
    has_been_replaced(cortex, lost)
    assert caplog.text.count("its sessions are gone") == 1


@posix_only
def test_one_that_is_stuck_is_replaced_and_an_answer_that_streams_ends(start: Start) -> None:
    cortex = start(environment=SLOW)
    session, lost = cortex.session(), cortex.server()
    question = "Explain quantum computing in 2000 characters"
    stream = iter(Complete("llama3.1-8b", question, session=session, stream=True))
    assert next(stream)
    suspend(lost.pid)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(stream)
    # The next caller hears of the loss.
    assert cortex.replaced == 1
    has_been_replaced(cortex, lost)


def has_been_replaced(cortex: LocalCortexProcess, lost: Child) -> None:
    new = cortex.session()
    assert new.sql("SELECT 1").collect()[0][0] == 1
    child = cortex.server()
    assert (child.port, child.secret) != (lost.port, lost.secret)
    assert eventually(lambda: not psutil.pid_exists(lost.pid), PATIENCE)
    assert cortex.replaced == 1
    new.close()


@pytest.mark.thorough
@posix_only
def test_a_login_during_which_the_process_is_lost_reaches_the_next_one(start: Start) -> None:
    cortex = start()
    stuck = cortex.server()
    suspend(stuck.pid)
    sessions: list[Any] = []
    threads = [threading.Thread(target=lambda: sessions.append(cortex.session())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [each.sql("SELECT 1").collect()[0][0] for each in sessions] == [1, 1]
    assert cortex.replaced == 1
    for session in sessions:
        session.close()


def test_one_that_grows_too_large_is_replaced(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    # A Python with a server in it is larger than this.
    cortex = start(watching=Watching(every=0.05, memory=1_000_000, most=0))
    cortex.server()
    assert eventually(lambda: "used more than 1 MB" in caplog.text, PATIENCE)
    with pytest.raises(StartError, match=r"used more than 1 MB.*not started again for 60 s"):
        cortex.session()


class FakeChild:
    """A process that listens at once and ends when asked."""

    port, engine, secret = 1, "scripted", "secret"

    def __init__(self, _: Mapping[str, str]) -> None:
        self.alive = True

    def wait_until_it_listens(self) -> None: ...

    def answers(self, seconds: float) -> bool:
        return True

    def memory(self) -> int:
        return 0

    def how_it_ended(self) -> str:
        return "ended by signal 9"

    def kill(self) -> None:
        self.alive = False

    close = kill


def test_one_that_ends_again_and_again_is_left_alone_for_a_while(start: Start) -> None:
    now = 1000.0
    cortex = start(
        child=FakeChild, clock=lambda: now, watching=Watching(every=0.01, most=2, within=60)
    )
    for lost in range(3):
        assert cortex.replaced == lost
        cortex.server().close()
        assert eventually(lambda lost=lost: len(cortex._losses) == lost + 1)  # type: ignore[misc]
    for _ in range(2):
        with pytest.raises(StartError, match=r"ended by signal 9.*not started again for 60 s"):
            cortex.server()
    now += 60
    assert cortex.server().alive


def test_everybody_who_waits_is_told_of_a_failure(start: Start) -> None:
    asked, told = threading.Event(), []

    class Refusing(FakeChild):
        def wait_until_it_listens(self) -> None:
            asked.wait(PATIENCE)
            raise StartError("no luck")

    cortex = start(child=Refusing)

    def ask() -> None:
        try:
            cortex.server()
        except StartError as error:
            told.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    asked.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert told == ["no luck"] * 4
