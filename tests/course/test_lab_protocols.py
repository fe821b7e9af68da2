"""What the lab reads of both protocols' ends, from their events."""

from __future__ import annotations

import json

import pytest

from course.lab.protocols import Told, told
from streaming import Usage


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
