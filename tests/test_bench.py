"""`make bench` writes the page with its figures; a part of it only prints them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.figures import Figure


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(command, "MEASUREMENTS", {"one": lambda: [Figure("One second", [1.0])]})
    return tmp_path / "performance.md"


def test_a_run_of_everything_writes_what_it_prints(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([]) == 0
    printed = capsys.readouterr().out
    assert "| One second | 1.00 s (1 run) |  |  | reported |" in printed
    assert page.read_text("utf-8") == f"{command.HEAD}\n{printed}"


def test_a_run_of_one_part_writes_nothing(page: Path) -> None:
    assert command.main(["one"]) == 0
    assert not page.exists()


def test_the_page_begins_as_the_command_writes_it() -> None:
    assert command.PAGE.read_text("utf-8").startswith(f"{command.HEAD}\n| measure | ours |")
