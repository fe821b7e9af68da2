"""Day 3's program and one with the library, really run, when they meet a fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from course.lab import breaking
from course.lab.breaking import Outcome, Side, day_3, marked, with_library
from local_cortex import LocalCortex, Settings, faults
from streaming import Limits
from tests.local_cortex.cortex_engines import eventually

# Only a hang takes as long: what is waited for takes tenths of a second.
SECONDS = 60.0
PROMPT = "What is streaming?"


@pytest.fixture(scope="module")
def cortex() -> Iterator[LocalCortex]:
    running = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=10_000))
    yield running
    running.close()


def wait_for(side: Side, seconds: float = SECONDS) -> Outcome:
    until = time.monotonic() + seconds
    while side.running and time.monotonic() < until:
        side.join()
    return side.outcome()


def run(cortex: LocalCortex, program: Any, model: str, *, seconds: float = SECONDS) -> Outcome:
    """Run a program on half a page; end it after that many seconds."""
    session = cortex.session()
    prompt = f"{PROMPT} {program.__name__} {model}"
    side = Side(program, session, model, prompt, "en", "(address)")
    side.start()
    wait_for(side, seconds)
    side.end()
    outcome = wait_for(side)
    assert not side.running, "its thread is still there"
    assert eventually(lambda: cortex.open_streams == 0), "its connection is still open"
    session.close()
    return outcome


def test_without_a_fault_both_keep_the_same_text(cortex: LocalCortex) -> None:
    theirs, mine = (run(cortex, program, "llama3.1-8b") for program in (day_3, with_library))
    assert theirs.kept == theirs.shown == mine.kept == mine.shown != ""
    assert (theirs.error, theirs.said, theirs.requests) == (None, None, 1)
    assert (mine.status, mine.cut) == ("unknown_end", False)


def test_a_reset_loses_day_3s_text_and_the_library_keeps_it(cortex: LocalCortex) -> None:
    theirs, mine = (run(cortex, program, "fault-reset") for program in (day_3, with_library))
    assert theirs.error is not None
    assert theirs.error[0] == "ChunkedEncodingError"
    assert theirs.kept is None
    assert mine.error is None
    assert mine.said
    assert mine.kept == mine.shown == theirs.shown != ""


def test_a_stall_ends_at_our_limit_and_day_3_waits_on(
    cortex: LocalCortex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaking, "LIMITS", Limits(first_chunk=SECONDS, idle=0.5))
    theirs = run(cortex, day_3, "fault-stall-mid", seconds=1.0)
    mine = run(cortex, with_library, "fault-stall-mid")
    assert (theirs.cut, theirs.error, theirs.kept) == (True, None, None)
    assert theirs.seconds >= 1.0
    assert mine.status == "timeout"
    assert not mine.cut
    assert mine.said


def test_the_clients_own_retries_are_counted(cortex: LocalCortex) -> None:
    theirs = run(cortex, day_3, "fault-429-then-ok")
    assert (theirs.requests, theirs.error) == (2, None)
    assert theirs.kept


def test_a_program_that_is_refused_again_and_again_is_ended_with_its_thread(
    cortex: LocalCortex,
) -> None:
    theirs = run(cortex, day_3, "fault-429-forever", seconds=0.5)
    assert (theirs.cut, theirs.error, theirs.kept, theirs.shown) == (True, None, None, "")


def test_half_an_emoji_breaks_day_3_and_not_the_library(cortex: LocalCortex) -> None:
    theirs, mine = (run(cortex, program, "fault-split-emoji") for program in (day_3, with_library))
    assert theirs.error is not None
    assert theirs.error[0] == "UnicodeEncodeError"
    assert theirs.error[1].encode()
    assert "\N{GRINNING FACE}" in mine.shown


def test_an_error_that_names_an_address_is_shown_without_it(cortex: LocalCortex) -> None:
    theirs, mine = (run(cortex, program, "fault-403") for program in (day_3, with_library))
    assert theirs.error is not None
    assert theirs.error[0] == "HTTPError"
    assert "(address)" in theirs.error[1]
    for said in (theirs.error[1], mine.said or ""):
        assert "127.0.0.1" not in said


def test_every_fault_on_offer_is_one_of_local_cortex() -> None:
    for name in breaking.FAULTS:
        assert faults.find(f"fault-{name.replace('_', '-')}") is not None
    assert set(breaking.FAULTS) >= breaking.RETRIED | breaking.SILENT | breaking.ENDLESS


def test_what_is_shown_of_the_programs_is_what_was_run() -> None:
    lines = marked().splitlines()
    assert "-     answer = Complete(model, prompt, session=session, stream=True)" in lines
    assert "+     except StreamError as error:" in lines
    assert all(line.startswith(("- ", "+ ", "  ")) for line in lines)
