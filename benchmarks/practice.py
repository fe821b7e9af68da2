"""What a learner's own program costs: until it is seen, among others, the first time, and after."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil
from playwright.sync_api import Page

from benchmarks.browser import TIMEOUT_MS, browser, open_page, window
from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import HOME, streamlit
from practice import RunLimits, Unavailable, grade, load_exercises, run
from practice.sandbox.job import Scene
from practice.sandbox.runtime import CACHE_SETTING, find
from streaming import CompletionRequest

RUNS = 7
LEARNERS = 8
DAY = "day_03_write_streams"
EXERCISE = "2_show_the_stream"
ANSWER = "A qubit is a quantum bit. It can be 0 and 1 at once."
PIECE_SECONDS = 0.02
TICK_SECONDS = 0.01
# Each ends at another limit.
ATTACKS = (
    "while True: pass",
    "data = bytearray()\nwhile True: data += bytes(1 << 20)",
    "while True: print('x' * 1000)",
    "import os\nos.write(1, b'x' * 50_000_000)",
    "import streamlit as st\nwhile True: st.write('x')",
)

# The key's own moment and the first text are both seen by the page itself.
TIMED_RUN = """timeout => new Promise((resolve, reject) => {
    const text = () => {
        const running = document.querySelector('[class*="2_show_the_stream-output"]');
        return [...running?.querySelectorAll('[data-testid="stMarkdown"]') ?? []]
            .some(e => /quantum/i.test(e.innerText));
    };
    const timer = setTimeout(() => reject(new Error('the program showed no text')), timeout);
    let began = 0;
    new MutationObserver((_, observer) => {
        if (!began || !text()) return;
        clearTimeout(timer);
        observer.disconnect();
        resolve((performance.now() - began) / 1000);
    }).observe(document.body, {childList: true, subtree: true, characterData: true});
    document.addEventListener('keydown', event => {
        if (event.key === 'Enter') began = performance.now();
    }, {capture: true});
    window.armed = true;
})"""


def run_to_first_text() -> list[Figure]:
    """Seconds from Ctrl+Enter in the editor on Day 3 to the first text of the program's stream.

    On the browser's clock, with a model that does not wait, on a server that has run a program
    before; 7 runs of the solution of the second exercise.
    """
    code = _solution()
    settings = {"COURSE_FIRST_TOKEN": "0", "COURSE_TOKENS_PER_SECOND": "60"}
    seconds = []
    with streamlit(HOME, **settings) as server, browser() as opened, window(opened) as tabs:
        for turn in range(RUNS + 1):
            with open_page(tabs, f"{server.url}/{DAY}?lang=en") as page:
                measured = _timed_run(page, code)
                # The first one compiles the sandbox, where no program has been run before.
                if turn:
                    seconds.append(measured)
    return [Figure("Run to the first text of one's own program", seconds, "run_to_first_text")]


def _timed_run(page: Page, code: str) -> float:
    panel = page.locator('[class*="-2_show_the_stream-panel"]')
    panel.locator("textarea").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)
    page.wait_for_timeout(500)
    script = f"timeout => {{ window.timed = ({TIMED_RUN})(timeout); }}"
    page.evaluate(script, 2 * TIMEOUT_MS)
    page.wait_for_function("() => window.armed")
    page.keyboard.press("ControlOrMeta+Enter")
    return float(page.evaluate("() => window.timed"))


def runs_at_once() -> list[Figure]:
    """Seconds until the last of 8 learners who press Run in the same moment has a correct result.

    In one process, without a browser; each program streams 12 pieces, 0.02 s apart. In a second
    round one of the eight is an endless loop, which has to be told so.
    """
    exercise = next(each for each in load_exercises(DAY) if each.name == EXERCISE)
    _ready()
    rounds = []
    for codes in ([exercise.solution] * LEARNERS, ["while True: pass"] + [exercise.solution] * 7):
        seconds: list[float] = []
        wrong: list[str] = []

        def one(code: str, seconds: list[float] = seconds, wrong: list[str] = wrong) -> None:
            began = time.monotonic()
            events = list(run(code, complete=_answer, scene=Scene({"Generate": True})))
            seconds.append(time.monotonic() - began)
            passed = all(result.passed for result in grade(exercise, code, events))
            if passed is not (code == exercise.solution):
                wrong.append(code)

        learners = [threading.Thread(target=one, args=(code,)) for code in codes]
        for learner in learners:
            learner.start()
        for learner in learners:
            learner.join()
        if wrong:
            raise NotMeasured(f"{len(wrong)} of {LEARNERS} runs had a wrong result")
        rounds.append(max(seconds))
    return [
        Figure(f"{LEARNERS} press Run at once: the last has its result", rounds, "runs_at_once")
    ]


def first_compile() -> list[Figure]:
    """Seconds that the sandbox is compiled for, once on a machine, into an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            runtime = find({**os.environ, CACHE_SETTING: folder})
            began = time.monotonic()
            runtime.prepare()
        except Unavailable as error:
            raise NotMeasured(str(error)) from error
        return [Figure("The sandbox's first compile", [time.monotonic() - began], "first_compile")]


def left_after_a_kill() -> list[Figure]:
    """Processes, open files and temporary files that 5 killed programs leave.

    One is killed in a loop, one asleep, one while it waits for its model, one while it floods the
    page, one when it is done.
    """
    if os.name != "posix":
        raise NotMeasured("open files are counted on POSIX only")
    _ready()
    before = _held()
    programs = (
        "while True: pass",
        "import time\ntime.sleep(15)",
        _solution(),
        "while True: print('x')",
        "x = 1",
    )
    for code in programs:
        events = run(
            code, complete=_answer, scene=Scene({"Generate": True}), limits=RunLimits(cpu=20.0)
        )
        list(islice(events, 4))
        events.close()
    left = [after - begun for begun, after in zip(before, _held(), strict=True)]
    label = "Left by 5 killed programs: processes, open files, temporary files"
    return [Figure(label, left, "left_after_a_kill", "count")]


def attacks() -> list[Figure]:
    """What 5 programs without end cost the server: seconds, its longest stall, its memory.

    A thread of the server notes when it gets no turn.
    """
    _ready()
    stalls: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        before = time.monotonic()
        while not stop.wait(TICK_SECONDS):
            now = time.monotonic()
            stalls.append(now - before - TICK_SECONDS)
            before = now

    ticking = threading.Thread(target=tick)
    memory = psutil.Process().memory_info
    before = memory().rss
    seconds = []
    ticking.start()
    try:
        for code in ATTACKS:
            began = time.monotonic()
            list(run(code, complete=_answer))
            seconds.append(time.monotonic() - began)
    finally:
        stop.set()
        ticking.join()
    return [
        Figure("A program without end is ended", seconds, "attack_seconds"),
        Figure("The server's longest stall meanwhile", [max(stalls)], "attack_stall"),
        Figure("The server's memory grows by", [memory().rss - before], "attack_memory", "bytes"),
    ]


def _held() -> tuple[int, int, int]:
    """Count this process's children, its open files, and the temporary files of all."""
    me = psutil.Process()
    return len(me.children()), me.num_fds(), len(list(Path(tempfile.gettempdir()).iterdir()))


def _answer(_: CompletionRequest) -> Iterator[str]:
    for piece in ANSWER.split(" "):
        time.sleep(PIECE_SECONDS)
        yield f"{piece} "


def _solution() -> str:
    return next(each.solution for each in load_exercises(DAY) if each.name == EXERCISE)


def _ready() -> None:
    """Run something, so that the sandbox is compiled and all modules are read.

    Raises:
        NotMeasured: programs cannot be run on this machine.
    """
    try:
        list(run("x = 1", complete=_answer))
    except Unavailable as error:
        raise NotMeasured(str(error)) from error
