"""The limits that the security page names are those that hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course.practice_panel import TURNS
from practice import RunLimits
from practice.places import RUN_BYTES

DOCS = Path(__file__).parents[2] / "docs"
MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    ("file", "seconds", "times", "calls"),
    [
        ("security.md", "{} s", "{} runs", "{} calls"),
        ("security.ko.md", "{}초", "{}번 실행", "합쳐 {}번"),
    ],
)
def test_the_page_names_the_limits_that_hold(
    file: str, seconds: str, times: str, calls: str
) -> None:
    page = " ".join((DOCS / file).read_text("utf-8").split())
    limits = RunLimits()
    named = [f"{limits.memory // MEBIBYTE} MiB", f"{RUN_BYTES // MEBIBYTE} MiB"]
    named += [
        f"{limits.output // 1_000_000} MB",
        times.format(TURNS.count),
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
