"""The proof: the hand-out's Day 3 program, unmodified, streams in a browser without an account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from local_cortex import tokens
from tests.browser import chromium
from tests.local_cortex.programs import command_line, variables
from tests.local_cortex.test_lesson_code import ANSWER, METHODS, PROMPT, handout

SECONDS = 240.0
# Slow enough for a browser on a busy machine to see the first words before the last are made.
FIRST_TOKEN, TOKENS_PER_SECOND = 0.4, 8.0
# How long the model takes for all of the answer.
GENERATION = FIRST_TOKEN + (tokens.count(ANSWER) - 1) / TOKENS_PER_SECOND


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing in it but the learner's program."""
    (tmp_path / "day3.py").write_text(handout(), encoding="utf-8")
    return tmp_path


@dataclass(frozen=True)
class Shown:
    """When, in seconds after the click, how much of the answer was on the page, and its end."""

    growth: list[tuple[float, int]]
    text: str

    @property
    def first(self) -> float:
        return self.growth[0][0]


@pytest.mark.thorough
@pytest.mark.browser
def test_both_methods_stream_in_a_browser(folder: Path) -> None:
    path = chromium.find()
    if path is None:
        reason = "there is no Chromium or Chrome; set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}: in CI the browser tests must run")
        pytest.skip(reason)
    # In a thread of its own, as Playwright allows one driver in each.
    with streamlit(folder) as url, ThreadPoolExecutor(1) as pool:
        direct, custom = pool.submit(in_a_browser, path, url, both_methods).result(SECONDS * 2)

    assert direct.text == custom.text == ANSWER
    assert direct.first < GENERATION, "the first words are there before the last are made"
    assert custom.first >= GENERATION, "nothing is there before everything is made"
    for shown in (direct, custom):
        lengths = [length for _, length in shown.growth]
        assert lengths == sorted(lengths)
        assert len(lengths) >= 8, "the text grows, it does not appear"


def both_methods(page: Page, url: str) -> list[Shown]:
    shown = []
    for method in METHODS:
        # Anew for each method: no answer of a run before can be taken for this one's.
        page.goto(url)
        expect(page.get_by_role("button", name="Generate")).to_be_enabled()
        expect(page.get_by_text("Select a model")).to_be_visible()
        page.get_by_label("Enter your prompt:").fill(PROMPT)
        page.get_by_label("Enter your prompt:").press("Enter")
        page.get_by_text(method, exact=True).click()
        expect(page.get_by_test_id("stStatusWidget")).to_be_hidden()
        shown.append(generate(page))
    return shown


def generate(page: Page) -> Shown:
    begin = time.monotonic()
    page.get_by_role("button", name="Generate").click()
    growth: list[tuple[float, int]] = []
    text = before = ""
    while text != ANSWER and time.monotonic() - begin < SECONDS:
        # Text of a run before is stale; the new one begins with nothing.
        text = answer(page)
        if text and len(text) != len(before):
            growth.append((time.monotonic() - begin, len(text)))
        before = text
        page.wait_for_timeout(25)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    return Shown(growth, text)


def answer(page: Page) -> str:
    """Return what stands under the heading of the response, except what an earlier run left."""
    text: str = page.evaluate(
        """() => {
            const parts = [...document.querySelectorAll('[data-testid=stElementContainer]')]
                .filter(part => part.dataset.stale !== 'true');
            const at = parts.findIndex(part => part.innerText.trim() === 'Response:');
            return at < 0 ? '' : parts.slice(at + 1).map(part => part.innerText).join('').trim();
        }"""
    )
    return text


def in_a_browser(path: str, url: str, act: Callable[[Page, str], list[Shown]]) -> list[Shown]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        page = browser.new_page(locale="en-US")
        page.set_default_timeout(SECONDS * 1000)
        expect.set_options(timeout=SECONDS * 1000)
        shown = act(page, url)
        browser.close()
    return shown


@contextmanager
def streamlit(folder: Path) -> Iterator[str]:
    """Run the program as the hand-out says, and end it as Ctrl-C would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pace = ("--first-token", str(FIRST_TOKEN), "--tokens-per-second", str(TOKENS_PER_SECOND))
    words = [
        *(sys.executable, "-m", "streamlit", "run", "day3.py"),
        *("--server.headless", "true", "--server.port", str(port)),
        *("--server.address", "127.0.0.1"),
    ]
    log = (folder / "log").open("w+b")
    process = subprocess.Popen(
        command_line(*words, options=pace),
        cwd=folder,
        env=variables(folder),
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until_it_answers(f"{url}/_stcore/health", process, folder / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            log.close()


def until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError(f"Streamlit did not answer: {log.read_text()}")
