"""How long a process takes to end after Ctrl-C, with an answer on its way."""

from __future__ import annotations

import http.client
import json
import re
import time

from playwright.sync_api import Browser

from benchmarks.browser import ANSWERING, WRITING, browser, generate, open_day_3, window
from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import HOME, running, streamlit

RUNS = 5
PAGE_RUNS = 3
# An answer that is well under way.
SETTLE_MS = 500
START_SECONDS = 20.0
# Slow enough that no answer ends before the measurement does.
SLOW = "2"


def exit_after_ctrl_c() -> list[Figure]:
    """Seconds from SIGINT until the process is gone.

    `python -m local_cortex serve` while a client reads a stream that has begun, 5 times; and
    `streamlit run Home.py` while Day 3, in a browser, shows an answer that has begun, and while
    it waits for a model that is silent, 3 times each, in a fresh process each time.
    """
    serve = [_serve() for _ in range(RUNS)]
    with browser() as opened:
        writing = [_page(opened, WRITING, "0") for _ in range(PAGE_RUNS)]
        silent = [_page(opened, ANSWERING, "20") for _ in range(PAGE_RUNS)]
    return [
        Figure("Ctrl-C to exit: `local_cortex serve`, stream open", serve, "exit_after_ctrl_c"),
        Figure("Ctrl-C to exit: the course, answer streaming", writing, "exit_after_ctrl_c"),
        Figure("Ctrl-C to exit: the course, model silent", silent, "exit_after_ctrl_c"),
    ]


def _serve() -> float:
    command = ["-m", "local_cortex", "serve", "--first-token", "0", "--tokens-per-second", SLOW]
    with running(command) as server:
        deadline = time.monotonic() + START_SECONDS
        # The last line it prints.
        while "api_key" not in (said := server.log.read_text()):
            if time.monotonic() > deadline or server.ended:
                raise NotMeasured("`local_cortex serve` did not start")
            time.sleep(0.05)
        port = re.search(r"127\.0\.0\.1:(\d+)", said)
        secret = re.search(r'password = "([^"]+)"', said)
        if port is None or secret is None:
            raise NotMeasured("`local_cortex serve` did not say how to connect")
        connection = http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=START_SECONDS)
        body = {
            "model": "llama3.1-8b",
            "messages": [{"role": "user", "content": "Hello"}],
            "stream": True,
        }
        headers = {"Authorization": f"Bearer {secret[1]}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v2/cortex/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        if response.status != 200 or not response.readline():
            raise NotMeasured(f"no stream: HTTP {response.status}")
        seconds = server.stop()
        connection.close()
        return seconds


def _page(opened: Browser, situation: str, first_token: str) -> float:
    settings = {"COURSE_FIRST_TOKEN": first_token, "COURSE_TOKENS_PER_SECOND": SLOW}
    with (
        streamlit(HOME, **settings) as server,
        window(opened) as tabs,
        open_day_3(tabs, server.url) as page,
    ):
        generate(page, situation)
        page.wait_for_timeout(SETTLE_MS)
        return server.stop()
