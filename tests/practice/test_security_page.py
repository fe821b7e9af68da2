"""The limits that the security page names are those that hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course.exercises.answering import MOST_TOKENS, STATEMENT_SECONDS
from course.exercises.workbench import RATE
from practice import RunLimits
from practice.sandbox.places import LEAST_BYTES, MOST_EACH, RUN_BYTES

DOCS = Path(__file__).parents[2] / "docs"
MEBIBYTE = 1 << 20
CALLED = ("CURRENT_VERSION()", "AI_COMPLETE", "SNOWFLAKE.CORTEX.COMPLETE")


@pytest.mark.parametrize(
    ("file", "seconds", "times", "calls", "each", "model", "drawing"),
    [
        (
            *("security.md", "{} s", "{} runs", "{} calls", "{} programs running at once"),
            *("{} s for the model", "{} s in which the server draws"),
        ),
        (
            *("security.ko.md", "{}초", "{}번 실행", "합쳐 {}번", "한 번에 프로그램 {}개"),
            *("모델과 SQL을 기다리는 시간 {}초", "서버가 화면에 그리는 시간 {}초"),
        ),
    ],
)
def test_the_page_names_the_limits_that_hold(
    file: str, seconds: str, times: str, calls: str, each: str, model: str, drawing: str
) -> None:
    page = " ".join((DOCS / file).read_text("utf-8").split())
    limits = RunLimits()
    named = [f"{limits.memory // MEBIBYTE} MiB", f"{RUN_BYTES // MEBIBYTE} MiB"]
    named += [f"{LEAST_BYTES // MEBIBYTE} MiB", each.format(MOST_EACH)]
    named += [model.format(f"{limits.model:g}"), drawing.format(f"{limits.drawing:g}")]
    named += [seconds.format(STATEMENT_SECONDS), f"{MOST_TOKENS:,}"]
    named += [
        f"{limits.output // 1_000_000} MB",
        times.format(RATE.count),
        calls.format(limits.calls),
        str(limits.nesting),
        str(limits.spinners),
    ]
    named += [
        seconds.format(f"{value:g}")
        for value in (limits.cpu, limits.silence, limits.sleep, limits.wall)
    ]
    named += [
        f"{n:,}" for n in (limits.events, limits.draws, limits.sleeps, limits.prompt, limits.code)
    ]
    for words in named:
        assert re.search(rf"(?<![\d.,]){re.escape(words)}(?![\d,])", page), words
    assert [name for name in CALLED if f"`{name}`" not in page] == []
