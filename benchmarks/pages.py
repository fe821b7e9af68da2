"""How fast the Day 3 page answers its buttons."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.browser import (
    ANSWERING,
    STOPPED,
    STOPPED_EARLY,
    WRITING,
    browser,
    generate,
    open_day_3,
    open_page,
    press,
    window,
)
from benchmarks.figures import Figure
from benchmarks.processes import HOME, PLAIN, Server, running, streamlit, wait_until_it_answers
from course.content.lesson import find, program
from tests.browser.server import streamlit_command

STOPS = 5
PROCESSES = 3
#: For how long a browser goes on drawing a lesson whose script has ended.
DRAWN_MS = 1_500
LATER_ANSWERS = 3
# Longer than anything before it, so that it is the model that is waited for.
SETTLE_MS = 700


def stop_latency() -> list[Figure]:
    """Seconds from pressing Stop on Day 3 until nothing runs and the page says so.

    On the browser's clock, in two situations, 5 times each, in newly opened pages of one server:
    the model is silent and would be for 20 s; the model is writing. `stop_script` has a baseline.
    """
    silent = _stops("20", ANSWERING, STOPPED_EARLY)
    writing = _stops("0", WRITING, STOPPED)
    return [
        Figure("Stop, while the model is silent", silent, "stop_latency"),
        Figure("Stop, while the answer is streaming", writing, "stop_while_streaming"),
    ]


def _stops(first_token: str, situation: str, stopped: str) -> list[float]:
    seconds = []
    settings = {"COURSE_FIRST_TOKEN": first_token, "COURSE_TOKENS_PER_SECOND": "20"}
    with streamlit(HOME, **settings) as server, browser() as opened, window(opened) as tabs:
        for _ in range(STOPS):
            with open_day_3(tabs, server.url) as page:
                generate(page, situation)
                page.wait_for_timeout(SETTLE_MS)
                seconds.append(press(page, "Stop", stopped))
    return seconds


def first_answer() -> list[Figure]:
    """Seconds from pressing Generate on Day 3 to the first text of the answer on the page.

    On the browser's clock, with an engine that does not wait. The first answer of a fresh server
    process, for which the Snowflake clients have to be imported, Local Cortex started and a session
    opened: asked for when the page is drawn, and as soon as the button is there, in 3 processes
    each; then later answers of the same processes, in newly opened pages that are drawn, 3 each.
    The budget is for what the first answer takes longer than the later ones of its process.

    The baseline is the handout's own program under `python -m local_cortex run`, without uvloop,
    when its page is drawn: it imports the clients and logs in before there is a button.
    """
    read, later = _first_and_later(_course)
    hasty, hasty_later = _first_and_later(_course, settled=False)
    theirs, theirs_later = _first_and_later(_handout)
    after, theirs_after = median(later + hasty_later), median(theirs_later)
    against = "the handout's page"
    return [
        Figure(
            "Generate to first text, first answer of a process: longer than later ones by",
            [seconds - after for seconds in read],
            "first_answer",
            baseline=[seconds - theirs_after for seconds in theirs],
            against=against,
        ),
        Figure("Generate to first text, first answer, pressed before the page is drawn", hasty),
        Figure(
            "Generate to first text, later answers",
            later + hasty_later,
            baseline=theirs_later,
            against=against,
        ),
    ]


def _first_and_later(
    serve: Callable[[], AbstractContextManager[Server]], *, settled: bool = True
) -> tuple[list[float], list[float]]:
    first: list[float] = []
    later: list[float] = []
    for _ in range(PROCESSES):
        with serve() as server, browser() as opened, window(opened) as tabs:
            # The handout's page is the whole of its app; ours is reached from Home.
            open_it = open_page if serve is _handout else open_day_3
            for number in range(1 + LATER_ANSWERS):
                with open_it(tabs, server.url, settled=settled or number > 0) as page:
                    page.get_by_role("button", name="Generate").wait_for()
                    if settled or number > 0:
                        # The browser draws on when the script has ended.
                        page.wait_for_timeout(DRAWN_MS)
                    seconds = press(page, "Generate", WRITING)
                    (later if number else first).append(seconds)
    return first, later


def _course() -> AbstractContextManager[Server]:
    return streamlit(HOME, COURSE_FIRST_TOKEN="0")


@contextmanager
def _handout() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="handout-") as folder:
        script = Path(folder) / "day3.py"
        script.write_text(program(find("day_03_write_streams")), encoding="utf-8")
        command, url = streamlit_command(script)
        local_cortex = ["-m", "local_cortex", "run", "--first-token", "0", "--", "python"]
        with running([*local_cortex, *command], url, **PLAIN) as server:
            wait_until_it_answers(server)
            yield server
