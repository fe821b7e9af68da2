"""The two pages that a crowd visits, served side by side, and what a server has in use."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.crowd.shared_cortex import SharedCortex
from benchmarks.crowd.visitors import Answered, Visitor
from benchmarks.figures import NotMeasured
from benchmarks.processes import HOME, PLAIN, Server, running_in, streamlit, wait_until_it_answers
from course.content.lesson import find, program
from tests.browser.server import streamlit_command

DAY = "day_03_write_streams"
#: 1,306 characters in 345 tokens.
PROMPT = "Explain quantum computing in 2000 characters"
FIELD = "Enter your prompt:"
#: An answer that has not ended by then has failed; the model takes 7 s.
PATIENCE_SECONDS = 150.0
# Tabs that are opened at the same time.
OPENING = 4
# As the container serves the course, and the handout's page no worse: nobody edits files there.
SERVED = {"STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none"}


@dataclass(frozen=True)
class Page:
    """A page: its name in the table, how it is served, and where in its app it is."""

    name: str
    serve: Callable[[SharedCortex], AbstractContextManager[Server]]
    path: str = ""
    query: str = ""


@contextmanager
def _handout(cortex: SharedCortex) -> Iterator[Server]:
    """Serve the handout's program from a folder of its own, with nothing of ours, nor uvloop."""
    with tempfile.TemporaryDirectory(prefix="handout-") as folder:
        script = Path(folder) / "day3.py"
        script.write_text(program(find(DAY)), encoding="utf-8")
        command, url = streamlit_command(script)
        no_question = {"STREAMLIT_SERVER_SHOW_EMAIL_PROMPT": "false"}
        settings = {**cortex.environment, **SERVED, **PLAIN, **no_question}
        with running_in(Path(folder), command, url, settings) as server:
            wait_until_it_answers(server)
            yield server


def _course(cortex: SharedCortex) -> AbstractContextManager[Server]:
    return streamlit(HOME, **cortex.environment, **SERVED)


PAGES = {
    page.name: page for page in (Page("handout", _handout), Page("ours", _course, DAY, "lang=en"))
}


def expected(cortex: SharedCortex) -> str:
    """Return the answer that everybody is to get, asked for without a page."""
    answer = httpx.post(
        f"{cortex.url}/api/v2/cortex/v1/chat/completions",
        headers={"Authorization": f"Bearer {cortex.secret}"},
        json={"model": "llama3.1-8b", "messages": [{"role": "user", "content": PROMPT}]},
        verify=str(cortex.bundle),
        timeout=60,
        trust_env=False,
    )
    answer.raise_for_status()
    text: str = answer.json()["choices"][0]["message"]["content"]
    return text


@asynccontextmanager
async def tabs(server: Server, page: Page, count: int) -> AsyncIterator[Sequence[Visitor]]:
    """Open ``count`` tabs, a few at a time, with the question typed, and close them at the end."""
    opened = [Visitor(server.url, page.path, page.query) for _ in range(count)]
    few = asyncio.Semaphore(OPENING)

    async def open_(tab: Visitor) -> None:
        async with few:
            await tab.open()
            await tab.fill(FIELD, PROMPT)

    try:
        await asyncio.gather(*(open_(tab) for tab in opened))
        yield opened
    finally:
        await asyncio.gather(*(tab.leave() for tab in opened))


async def ask(tab: Visitor, text: str, delay: float = 0.0) -> Answered:
    """Press Generate after ``delay`` seconds and follow the answer, which is to be ``text``."""
    await asyncio.sleep(delay)
    return await tab.ask("Generate", text, timeout_seconds=PATIENCE_SECONDS)


@dataclass(frozen=True)
class Use:
    """What a server has in use: bytes of memory, threads, sockets, sessions."""

    memory: int
    threads: int
    sockets: int
    sessions: int

    @classmethod
    def of(cls, server: Server) -> Use:
        """Look at a server.

        Raises:
            NotMeasured: there is no /proc that says so, as outside Linux.
        """
        sockets = 0
        for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                sockets += str(link.readlink()).startswith("socket:")
        return cls(memory_of(server), int(_status(server, "Threads")), sockets, _sessions(server))


def memory_of(server: Server) -> int:
    """Return a server's bytes of memory; see ``Use.of``."""
    return int(_status(server, "VmRSS").removesuffix(" kB")) * 1024


def _status(server: Server, name: str) -> str:
    try:
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    except FileNotFoundError as error:
        raise NotMeasured("there is no /proc") from error
    return dict(line.split(":", 1) for line in lines)[name].strip()


def _sessions(server: Server) -> int:
    asked = {"families": "active_sessions"}
    told = httpx.get(f"{server.url}/_stcore/metrics", params=asked, trust_env=False, timeout=30)
    values = [
        line.rpartition(" ")[2]
        for line in told.text.splitlines()
        if line.startswith("active_sessions") and not line.startswith("#")
    ]
    if not values:
        raise NotMeasured("Streamlit does not say how many sessions it has")
    return int(float(values[0]))
