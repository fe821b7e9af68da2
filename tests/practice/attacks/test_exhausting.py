"""A program that uses too much is ended, and nobody else notices. See ``exhausting.txt``."""

from __future__ import annotations

import threading

import pytest

from practice import Event, RunLimits
from practice.sandbox.places import Places
from tests.practice.attacks.attack import (
    LONG_CPU,
    LONG_SILENCE,
    SHORT_CPU,
    Attack,
    attacks,
)
from tests.practice.attacks.host import Host
from tests.practice.programs import end, printed, ran


@pytest.mark.parametrize("attack", attacks("exhausting"))
def test_using_too_much_is_stopped_and_explained(attack: Attack, host: Host) -> None:
    host.withstands(attack)


def test_the_limit_that_attacks_shorten_also_holds_at_full_length() -> None:
    assert end(ran("while True: pass")) == "cpu"


GREEDY = {
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass": "cpu",
    "data = bytearray()\nwhile True: data += bytes(1 << 20)": "no_memory@2",
    "import streamlit as st\nwhile True: st.write('x')": "flood",
    "import os\nos.write(1, b'x' * 50_000_000)": "flood",
    "nested = ()\nfor _ in range(100_000): nested = (nested,)\nhash(nested)": "crash",
}


def test_other_programs_run_undisturbed_meanwhile(host: Host) -> None:
    places, told = Places(2), dict[str, list[Event]]()
    good = {f"import time\ntime.sleep(0.1)\nprint({number})": f"{number}\n" for number in range(4)}

    def run_it(code: str) -> None:
        cpu = SHORT_CPU if GREEDY.get(code) == "cpu" else LONG_CPU
        limits = RunLimits(cpu=cpu, silence=LONG_SILENCE)
        told[code] = ran(code, places=places, limits=limits)

    threads = [threading.Thread(target=run_it, args=(code,)) for code in (*GREEDY, *good)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {code: end(told[code]) for code in GREEDY} == GREEDY
    assert {code: printed(told[code]) for code in good} == good
    assert {end(told[code]) for code in good} == {"end"}
    host.is_unharmed()
