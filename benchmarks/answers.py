"""What it takes to get an answer to a page: bytes, processor time, and a reader who is slow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

from benchmarks.figures import Figure, NotMeasured
from benchmarks.processes import Server, streamlit
from benchmarks.stream_pages.tokens import TOKEN
from benchmarks.texts import answer
from benchmarks.wire import Run, open_connection, run_script
from tests.browser.server import ROOT

PAGES = ROOT / "benchmarks" / "stream_pages"
#: What the handout's page does.
AGAINST = "st.write_stream(tokens)"
#: Characters of an answer, seconds between two tokens, runs.
ANSWERS = ((2_000, 0.02, 3), (8_000, 0.02, 2), (30_000, 0.007, 1))
WARM_UP_CHARACTERS = 200
IDLE_SECONDS = 20.0
NO_WATCHER = {"STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none"}
TIMED = (2_000, 8_000)
SLOW_CHARACTERS, SLOW_GAP = 30_000, 0.005
SLOW_BITS_PER_SECOND = 4_000_000
STOPS = 5
# So many characters that the answer has not ended by then.
STOPPED_CHARACTERS, SILENCE_SECONDS, STOP_AFTER_SECONDS = 400, 2.5, 1.0
# How long after the model's end a page may take.
PATIENCE_SECONDS = 60.0


def answer_cost() -> list[Figure]:
    """WebSocket bytes and the server's processor seconds for an answer, ours and method 1's.

    A real `streamlit run` of each page, warmed up by one answer, and a client that speaks
    Streamlit's protocol: from its request to run the script to the message that says that it has
    finished. Tokens of 4 characters, every 20 ms for 2,000 characters (3 times each) and 8,000 (2
    times), every 7 ms for 30,000 (once); the two pages take turns. Bytes are those of all messages
    before compression, which is off by default, without what WebSocket adds to each. Processor time
    is user and system time of the whole process, from /proc, less what the same process uses in as
    long a time while nothing happens, measured for 20 s before. Streamlit's file watcher, which is
    for those who edit a page, is off on both sides.
    """
    figures, timed, our_bytes = [], [], {}
    with warm_servers() as (our_server, their_server):
        our_idle, their_idle = _idle_shares(our_server, their_server)
        for characters, gap, runs in ANSWERS:
            pairs = [
                (
                    _cost(our_server, characters, gap, our_idle),
                    _cost(their_server, characters, gap, their_idle),
                )
                for _ in range(runs)
            ]
            label = f"{characters:,} characters, a token every {gap * 1000:g} ms"
            our_bytes[characters] = [ours.payload for ours, _ in pairs]
            figures.append(
                Figure(
                    f"WebSocket: {label}",
                    our_bytes[characters],
                    f"wire_bytes_{characters}",
                    "bytes",
                    baseline=[theirs.payload for _, theirs in pairs],
                    against=AGAINST,
                )
            )
            if characters in TIMED:
                timed.append(
                    Figure(
                        f"Server's processor: {label}",
                        [ours.processor_seconds for ours, _ in pairs],
                        f"server_time_{characters}",
                        baseline=[theirs.processor_seconds for _, theirs in pairs],
                        against=AGAINST,
                    )
                )
    small, large = (median(our_bytes[characters]) for characters in TIMED)
    growth = Figure(
        "WebSocket: bytes of 8,000 characters over those of 2,000",
        [large / small],
        "wire_bytes_growth",
        "ratio",
        "of the medians above",
    )
    return [*figures, growth, *timed]


def slow_reader() -> list[Figure]:
    """Characters of a long answer that never reach a reader on a slow line.

    30,000 characters at 200 tokens a second, read at 4 Mbit/s, once each. The text is put together
    from the messages as a browser does. What has not come 60 s after the model's end is missing.
    """
    missing, notes = {}, {}
    with warm_servers() as (ours, naive):
        for name, server in (("ours", ours), ("naive", naive)):
            run = _run(server, SLOW_CHARACTERS, SLOW_GAP, SLOW_BITS_PER_SECOND)
            missing[name] = SLOW_CHARACTERS - _arrived(run, SLOW_CHARACTERS)
            end = "the script's end came" if run.finished else "the script's end never came"
            notes[name] = f"{SLOW_CHARACTERS - missing[name]:,} arrived, {end}"
    return [
        Figure(
            "Missing for a reader at 4 Mbit/s, of 30,000 characters at 200 tokens/s",
            [missing["ours"]],
            "slow_reader",
            "count",
            notes["ours"],
            [missing["naive"]],
            f"{AGAINST}, {notes['naive']}; missing",
        )
    ]


def stop_script() -> list[Figure]:
    """Seconds from Streamlit's own Stop to the end of the script, whose model is silent.

    The request that the Stop of Streamlit's toolbar sends, 1 s after the first token of an answer
    whose tokens are 2.5 s apart, to the message that says that the script has finished. 5 times
    each. (A button of the page's own is not compared: Streamlit answers it at once, by a new run
    beside the one that hangs.)
    """
    with warm_servers() as (ours, naive):
        return [
            Figure(
                "Stop to the script's end, the model silent for 2.5 s",
                [asyncio.run(_seconds_to_stop(ours.url)) for _ in range(STOPS)],
                "stop_latency",
                baseline=[asyncio.run(_seconds_to_stop(naive.url)) for _ in range(STOPS)],
                against=AGAINST,
            )
        ]


async def _seconds_to_stop(url: str) -> float:
    async with open_connection(url) as connection:
        query = f"characters={STOPPED_CHARACTERS}&gap={SILENCE_SECONDS}"
        answering = asyncio.create_task(connection.run(query, timeout_seconds=PATIENCE_SECONDS))
        await asyncio.sleep(STOP_AFTER_SECONDS)
        began = time.perf_counter()
        await connection.stop()
        run = await answering
        seconds = time.perf_counter() - began
        if not run.finished or not run.text:
            raise NotMeasured("there was no answer to stop, or it did not stop")
        return seconds


@contextmanager
def warm_servers() -> Iterator[tuple[Server, Server]]:
    """Serve our page and the handout's, each when it has given its first answer."""
    with (
        streamlit(PAGES / "ours.py", **NO_WATCHER) as ours,
        streamlit(PAGES / "naive.py", **NO_WATCHER) as naive,
    ):
        for server in (ours, naive):
            _run(server, WARM_UP_CHARACTERS, 0)
        yield ours, naive


@dataclass(frozen=True, slots=True)
class _Cost:
    payload: int
    processor_seconds: float


def _idle_shares(*servers: Server) -> list[float]:
    """Return the processor seconds per second of each while nothing happens."""
    before = [server.processor_seconds_so_far for server in servers]
    time.sleep(IDLE_SECONDS)
    after = [server.processor_seconds_so_far for server in servers]
    return [(late - early) / IDLE_SECONDS for early, late in zip(before, after, strict=True)]


def _cost(server: Server, characters: int, gap: float, idle: float) -> _Cost:
    """Return what an answer cost; ``idle`` is what a second costs without one.

    Raises:
        NotMeasured: it did not arrive whole.
    """
    before, began = server.processor_seconds_so_far, time.monotonic()
    run = _run(server, characters, gap)
    used = server.processor_seconds_so_far - before - idle * (time.monotonic() - began)
    if not run.finished or _arrived(run, characters) < characters:
        raise NotMeasured(f"{len(run.text):,} of {characters:,} characters arrived")
    return _Cost(run.payload, used)


def _run(server: Server, characters: int, gap: float, bits_per_second: float | None = None) -> Run:
    return run_script(
        server.url,
        f"characters={characters}&gap={gap}",
        timeout_seconds=characters / TOKEN * gap + PATIENCE_SECONDS,
        bits_per_second=bits_per_second,
    )


def _arrived(run: Run, characters: int) -> int:
    """Count the characters of the answer, from its beginning, that are on the page."""
    text = answer(characters)
    # Streamlit takes the white space around a Markdown text away.
    if run.text.strip() == text.strip():
        return characters
    same = (shown == meant for shown, meant in zip(run.text, text, strict=False))
    return sum(takewhile(bool, same))
