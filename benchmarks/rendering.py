"""How soon a page stands in the browser, and what many lessons cost."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.browser import browser, window
from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import PLAIN
from course.commands.check import check
from course.commands.new_day import create
from tests.browser.server import ROOT, streamlit_server
from tests.copies import copy_of_the_course

RUNS = 9
MANY, FEW = 200, 20
EMPTY = ROOT / "benchmarks" / "empty_page.py"
# The last thing that each page draws: selectors.
LAST = {"empty": "h1", "home": ".st-key-progress-controls", "day_3": ".st-key-read-box"}
# Seen by the page itself, from the start of the navigation on: no time of the driver's is in it.
WATCH = """(() => {
    const look = () => {
        if (window.drawnAfter === undefined && document.querySelector('SELECTOR'))
            window.drawnAfter = performance.now() / 1000;
    };
    new MutationObserver(look).observe(document, {childList: true, subtree: true});
})()"""


def first_render() -> list[Figure]:
    """Seconds from opening an address to the last element of the page, on a warm server.

    In Chromium with an empty cache, in a new session, on the browser's own clock; each server has
    shown its page twice before. An empty Streamlit page (without uvloop), Home, Day 3, and Home
    with 200 generated lessons take turns, 9 times each.
    """
    found: dict[str, list[float]] = {"empty": [], "home": [], "day_3": [], "many": []}
    with ExitStack() as stack, browser() as opened:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        many = copy_of_the_course(folder)
        _generate(many, MANY - len(list((many / "lessons").glob("day_*"))))

        def serve(name: str, script: Path, root: Path, **settings: str) -> str:
            home = folder / name
            home.mkdir()
            return stack.enter_context(streamlit_server(home, script, root, **settings))

        ours = serve("ours", ROOT / "Home.py", ROOT)
        pages = {
            "empty": (serve("empty", EMPTY, ROOT, **PLAIN), LAST["empty"]),
            "home": (f"{ours}/?lang=en", LAST["home"]),
            "day_3": (f"{ours}/day_03_write_streams?lang=en", LAST["day_3"]),
            "many": (f"{serve('many', many / 'Home.py', many)}/?lang=en", LAST["home"]),
        }
        for turn in range(RUNS + 2):
            for name, (url, selector) in pages.items():
                seconds = _seconds_to(opened, url, selector)
                if turn >= 2:
                    found[name].append(seconds)
    against, theirs = "an empty Streamlit page", found["empty"]
    return [
        Figure("Home: first render", found["home"], "render_home", "seconds", "", theirs, against),
        Figure(
            "Day 3: first render", found["day_3"], "render_day_3", "seconds", "", theirs, against
        ),
        Figure(
            f"Home with {MANY} lessons: first render",
            found["many"],
            "render_many",
            "seconds",
            "",
            theirs,
            against,
        ),
    ]


def check_cost() -> list[Figure]:
    """Seconds that `make check` takes for each of 200 generated lessons, beside each of 20."""
    few, many = _check_seconds(FEW), _check_seconds(MANY)
    return [
        Figure(
            f"make check, each of {MANY} lessons",
            [many / MANY],
            "check_cost",
            baseline=[few / FEW],
            against=f"each of {FEW}",
        )
    ]


def _check_seconds(count: int) -> float:
    with _generated_course(count) as root:
        began = time.monotonic()
        errors = [problem for problem in check(root) if problem.severity == "error"]
        seconds = time.monotonic() - began
    if errors:
        raise NotMeasured(f"a generated lesson is not right: {errors[0]}")
    return seconds


@contextmanager
def _generated_course(count: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        root = copy_of_the_course(Path(folder))
        for path in (root / "lessons").glob("day_*"):
            shutil.rmtree(path)
            (root / "pages" / f"{path.name}.py").unlink()
        # It leads to lessons that are gone.
        (root / "lessons" / "moved.toml").unlink()
        _generate(root, count)
        yield root


def _generate(root: Path, count: int) -> None:
    for number in range(1, count + 1):
        create(100 + number, f"Generated {number}", root=root)


def _seconds_to(opened: Browser, url: str, selector: str) -> float:
    with window(opened) as tabs:
        page = tabs.new_page()
        page.add_init_script(WATCH.replace("SELECTOR", selector))
        page.goto(url)
        page.wait_for_function("() => window.drawnAfter !== undefined")
        return float(page.evaluate("() => window.drawnAfter"))
