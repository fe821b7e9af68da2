"""How many learners one process holds, on the handout's page and on ours.

    python -m benchmarks.crowd                        # the tables of docs/scaling.md
    python -m benchmarks.crowd --pages ours --counts 60 80
    python -m benchmarks.crowd --soak 20 --counts 40  # minutes

For each number of learners a server process is started and all tabs are opened, with the question
typed; then everybody presses Generate within a second and follows the answer, 1,306 characters at
50 tokens a second. The numbers rise until a page does not hold one: it has to keep the limits in
two of three tries, since one may have good luck, or bad. Then ours is asked for twice as many as
the handout's page holds. Both pages use the same Local Cortex, in a process of its own, and so
does the crowd. They trust its authority and the public ones, as a client of an account does; with
``--own-authority`` its own only. It takes Linux: /proc says what a server uses.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version

from benchmarks.crowd.pages import PAGES, Page, expected
from benchmarks.crowd.rest import SOAK_HEAD, outage, soak
from benchmarks.crowd.run import FIRST_TOKEN, HEAD, TOKENS_PER_SECOND, Crowd, crowd
from benchmarks.crowd.shared_cortex import SharedCortex, shared_cortex
from benchmarks.crowd.visitors import Answered
from benchmarks.figures import NotMeasured

# Where the search begins and how it goes on.
COUNTS = range(60, 301, 15)
# Tries for each number, and how many of them decide.
TRIES, DECIDE = 3, 2
# Learners whose model is killed.
FEW = 20


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for, print it as Markdown, and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    parser.add_argument("--counts", nargs="+", type=int, help="these numbers of learners only")
    parser.add_argument("--spread", type=float, default=1.0, help="seconds for all the clicks (1)")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="long use of our page")
    parser.add_argument(
        "--own-authority", action="store_true", help="trust Local Cortex's authority only"
    )
    asked = parser.parse_args(arguments)
    pages = [PAGES[name] for name in asked.pages]
    try:
        with shared_cortex(
            first_token=FIRST_TOKEN,
            tokens_per_second=TOKENS_PER_SECOND,
            public_authorities=not asked.own_authority,
        ) as cortex:
            text = expected(cortex)
            if asked.soak is not None:
                _soak(cortex, text, (asked.counts or [40])[0], asked.soak)
            elif asked.counts:
                print(HEAD, flush=True)
                for page in pages:
                    for count in asked.counts:
                        _measure(cortex, text, page, count, asked.spread)
            else:
                _search(cortex, text, pages, asked.spread)
                _rest(cortex, text)
    except NotMeasured as error:
        print(f"Not measured: {error}.", file=sys.stderr)
        return 1
    print(f"\n{_machine()}")
    return 0


def _measure(cortex: SharedCortex, text: str, page: Page, count: int, spread: float) -> Crowd:
    with page.serve(cortex) as server:
        found = asyncio.run(crowd(page, server, count, text, spread=spread))
    print(found.row(), flush=True)
    return found


def _search(cortex: SharedCortex, text: str, pages: list[Page], spread: float) -> None:
    print(HEAD, flush=True)
    most = {}
    for page in pages:
        for count in COUNTS:
            if not _held(cortex, text, page, count, spread):
                break
            most[page.name] = count
    if {"handout", "ours"} <= set(most):
        _measure(cortex, text, PAGES["ours"], 2 * most["handout"], spread)
        ratio = most["ours"] / most["handout"]
        print(
            f"\nWithin the limits: the handout's page {most['handout']} learners, "
            f"ours {most['ours']}, {ratio:.2f} times as many."
        )


def _held(cortex: SharedCortex, text: str, page: Page, count: int, spread: float) -> bool:
    kept = missed = 0
    while max(kept, missed) < DECIDE and kept + missed < TRIES:
        if _measure(cortex, text, page, count, spread).holds:
            kept += 1
        else:
            missed += 1
    return kept >= DECIDE


def _rest(cortex: SharedCortex, text: str) -> None:
    page = PAGES["ours"]
    with page.serve(cortex) as server:
        cut, gone, first, again = asyncio.run(outage(page, server, cortex, FEW, text))
        print(
            f"\nLocal Cortex was killed in the middle of {FEW} answers: {_errors(cut)} pages say "
            f"so, {sum(each.shown > 0 for each in cut)} keep the text so far. Asked while it is "
            f"down, {_errors(gone)} pages say that it can't be reached. After a restart of Local "
            f"Cortex alone, which forgets every login, {_whole(first)} answers are whole and "
            f"{_errors(first)} pages connect again; asked once more, {_whole(again)} are whole."
        )


def _errors(answers: Sequence[Answered]) -> int:
    return sum(bool(each.error) for each in answers)


def _whole(answers: Sequence[Answered]) -> int:
    return sum(not each.failed for each in answers)


def _soak(cortex: SharedCortex, text: str, count: int, minutes: float) -> None:
    page = PAGES["ours"]
    print(f"{count} learners who ask again and again for {minutes:g} minutes:\n\n{SOAK_HEAD}")
    with page.serve(cortex) as server:
        asyncio.run(soak(page, server, count, text, minutes))


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("streamlit", "snowflake-ml-python"))
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}."
    )


if __name__ == "__main__":
    sys.exit(main())
