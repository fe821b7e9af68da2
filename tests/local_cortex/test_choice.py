"""Which engine answers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from local_cortex.engines.relay import RelayEngine
from local_cortex.engines.scripted import ScriptedEngine
from local_cortex.environment import Settings, choose_engine


def test_the_script_answers_at_the_pace_of_the_settings() -> None:
    engine = choose_engine(Settings(first_token=0.25, tokens_per_second=11))
    assert isinstance(engine, ScriptedEngine)
    assert (engine.first_token, engine.tokens_per_second) == (0.25, 11)


def test_a_relay_answers_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_RELAY_URL", "http://127.0.0.1:11434/v1")
    assert isinstance(choose_engine(Settings()), RelayEngine)


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_name_is_no_relay(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("COURSE_RELAY_URL", blank)
    assert isinstance(choose_engine(Settings()), ScriptedEngine)


def test_the_script_pays_for_no_http_client() -> None:
    code = (
        "import sys; from local_cortex.environment import *;"
        "choose_engine(Settings()); print('httpx' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_RELAY_URL"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\n"
