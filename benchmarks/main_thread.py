"""How busy an answer keeps the browser of its reader."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from benchmarks.answers import AGAINST, warm_servers
from benchmarks.browser import SCRIPT_IS, browser, window
from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import Server
from benchmarks.stream_pages.tokens import TOKEN
from benchmarks.texts import answer

RUNS = 3
CHARACTERS, GAP = 8_000, 0.005
# How long after the model's end the page may take.
PATIENCE_SECONDS = 60.0
POLL_MS = 100


def browser_busy() -> list[Figure]:
    """Share of the time of an answer in which the browser's main thread has work to do.

    8,000 characters, a token of 4 every 5 ms, on the pages of `answer_cost`, in a headless Chromium
    without a graphics card: the growth of DevTools' ``TaskDuration`` between the click on a button
    and the end of the script, over the time between. In a newly opened page each time, the two
    pages in turns, 3 times each.
    """
    ours, naive = [], []
    with warm_servers() as (our_server, their_server), browser() as opened:
        for _ in range(RUNS):
            ours.append(_busy(opened, our_server))
            naive.append(_busy(opened, their_server))
    return [
        Figure(
            "Browser's main thread busy, 8,000 characters at 200 tokens/s",
            ours,
            "browser_busy",
            "share",
            baseline=naive,
            against=AGAINST,
        )
    ]


def _busy(opened: Browser, server: Server) -> float:
    with window(opened) as tabs:
        page = tabs.new_page()
        page.goto(f"{server.url}/?wait=1&characters={CHARACTERS}&gap={GAP}")
        button = page.get_by_role("button", name="Answer")
        button.wait_for()
        page.wait_for_function(SCRIPT_IS % "notRunning")
        devtools = tabs.new_cdp_session(page)
        devtools.send("Performance.enable")

        def measured() -> dict[str, float]:
            metrics = devtools.send("Performance.getMetrics")["metrics"]
            return {metric["name"]: metric["value"] for metric in metrics}

        before = measured()
        button.click()
        page.wait_for_function(SCRIPT_IS % "running", polling=POLL_MS)
        page.wait_for_function(
            SCRIPT_IS % "notRunning",
            polling=POLL_MS,
            timeout=(CHARACTERS / TOKEN * GAP + PATIENCE_SECONDS) * 1000,
        )
        after = measured()
        last_heading = re.findall(r"^## (.+)$", answer(CHARACTERS), re.MULTILINE)[-1]
        if last_heading not in page.get_by_test_id("stMain").inner_text():
            raise NotMeasured("the answer did not reach the page")
        seconds = after["Timestamp"] - before["Timestamp"]
        return (after["TaskDuration"] - before["TaskDuration"]) / seconds
