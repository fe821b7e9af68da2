"""When a turn of the script is over."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from streaming.view import turns
from streaming.view.turns import Turn


@pytest.mark.parametrize(
    ("fragments", "state", "over"),
    [
        (["mine"], "CONTINUE", False),
        (["mine"], "RERUN_REQUESTED", True),
        (["mine"], "STOP_REQUESTED", True),
        (["mine", "another"], "CONTINUE", True),
        # The whole page runs, and waits.
        ([], "CONTINUE", True),
        # A Streamlit that hides its requests: a turn has some tenths of a second.
        (["mine"], None, False),
    ],
)
def test_a_turn_is_over_when_somebody_else_waits(
    monkeypatch: pytest.MonkeyPatch, fragments: list[str], state: str | None, *, over: bool
) -> None:
    requests = SimpleNamespace(_state=SimpleNamespace(name=state)) if state else None
    run = SimpleNamespace(fragment_ids_this_run=fragments, script_requests=requests)
    monkeypatch.setattr(turns, "get_script_run_ctx", lambda: run)
    assert Turn().over is over
