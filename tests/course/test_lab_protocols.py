"""What the lab reads of both protocols' ends, from their events."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from course.lab import views
from course.lab.protocols import Told, told
from course.stream_errors import messages
from streaming import Usage
from tests.course.lab_making import make_lane


def event(**data: object) -> str:
    return f"data: {json.dumps(data)}"


TEXT = event(choices=[{"delta": {"content": "Hi"}, "finish_reason": None}])
USAGE = {"prompt_tokens": 3, "completion_tokens": 5}


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([], Told()),
        ([TEXT], Told()),
        ([TEXT, event(choices=[{"delta": {}, "finish_reason": "length"}])], Told("length")),
        ([TEXT, event(choices=[], usage=USAGE)], Told(usage=Usage(3, 5))),
        ([TEXT, "data: [DONE]"], Told(done=True)),
        ([event(choices=None), "data: {", "event: error", "data: 5"], Told()),
    ],
)
def test_the_end_is_read_from_the_events_alone(events: list[str], found: Told) -> None:
    assert told(events) == found


def page() -> None:
    from course.lab import protocols

    protocols.draw(None)  # type: ignore[arg-type]


def test_an_answer_that_broke_off_says_so_beside_its_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lanes = [make_lane("direct", code="cut", status="failed"), make_lane("chat")]
    records = {lane.way: SimpleNamespace(events=[(0.5, TEXT)]) for lane in lanes}
    job = SimpleNamespace(lanes=lanes, records=records, running=False)
    monkeypatch.setattr(views, "run", lambda *_: job)
    app = AppTest.from_function(page).run()
    assert not app.exception
    said = [part.value for part in app.markdown]
    assert len([each for each in said if each in messages()["cut"].values()]) == 1
    assert len([part for part in app.get("html") if "<table>" in part.proto.body]) == 2
