"""What the home page costs a server, compared with an empty page."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from benchmarks.browser import browser, open_page, window
from benchmarks.figures import Figure
from benchmarks.processes import HOME, PLAIN, streamlit
from tests.browser.server import ROOT

RUNS = 7
EMPTY = ROOT / "benchmarks" / "empty_page.py"


def home_process_time() -> list[Figure]:
    """Processor seconds of a server that shows Home once, over those for an empty page.

    User and system time of a fresh `streamlit run`, from its start through one page opened in a
    browser with an empty cache until the script has finished, to its exit after Ctrl-C. Home and
    the empty page, which runs without uvloop, take turns, 7 times each; the ratio is that of the
    medians, the spread that of the neighbours.

    Neither watches its folder for edits: what that takes depends on how many folders lie below
    the script, a virtual environment's included, and not on the page. Home with the watcher, as
    `make run` starts it, is reported beside them.
    """
    home, empty, watching = [], [], []
    with browser() as opened:
        for _ in range(RUNS):
            empty.append(_processor_seconds(opened, EMPTY, watcher="none", **PLAIN))
            home.append(_processor_seconds(opened, HOME, watcher="none"))
            watching.append(_processor_seconds(opened, HOME, watcher="auto"))
    ratios = [ours / theirs for ours, theirs in zip(home, empty, strict=True)]
    note = f"neighbours {min(ratios):.2f}x to {max(ratios):.2f}x, {RUNS} runs of each"
    return [
        Figure(
            "Home's processor time over an empty page's",
            [median(home) / median(empty)],
            "home_process_time",
            "ratio",
            note,
        ),
        Figure("Home: processor time", home),
        Figure("An empty page: processor time", empty),
        Figure("Home, with Streamlit watching its folder: processor time", watching),
    ]


def _processor_seconds(opened: Browser, script: Path, watcher: str, **settings: str) -> float:
    settings = {"STREAMLIT_SERVER_FILE_WATCHER_TYPE": watcher, **settings}
    with streamlit(script, **settings) as server:
        with window(opened) as tabs, open_page(tabs, server.url):
            pass
        server.stop()
        return server.processor_seconds
