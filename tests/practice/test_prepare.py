"""`python -m practice prepare`: what an image runs when it is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from practice.__main__ import main
from practice.sandbox import runtime as module
from practice.sandbox.runtime import CACHE_SETTING, SETTING, Runtime


def test_it_compiles_the_sandbox_and_says_where_to(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare"]) == 0
    assert str(runtime.compiled) in capsys.readouterr().out
    assert runtime.is_ready


def test_where_programs_cannot_be_run_it_fails_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "python.wasm"
    monkeypatch.setenv(SETTING, str(missing))
    monkeypatch.setenv(CACHE_SETTING, str(tmp_path / "compiled"))
    module._found.cache_clear()
    assert main(["prepare"]) == 1
    said = capsys.readouterr().err
    assert str(missing) in said
    assert f"check {SETTING}" in said


def test_without_a_command_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "prepare" in capsys.readouterr().err
