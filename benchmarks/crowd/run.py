"""One crowd: everybody asks within a second, and each piece of every answer is followed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

from benchmarks.crowd.pages import Page, ask, memory_of, tabs
from benchmarks.crowd.visitors import Answered
from benchmarks.processes import Server

FIRST_TOKEN = 0.4
TOKENS_PER_SECOND = 50
#: What a class may be asked to bear; seconds.
GAP_LIMIT = 0.25
ADDED_LIMIT = 0.5
LOOK_SECONDS = 0.25
#: What nobody calls streaming any more; seconds.
STILL = 1.0

HEAD = """\
| page | learners | first text, added: median | 95 % | gap: median | 95 % | longest | \
froze for 1 s | failures | processor, of an answer | memory, of a tab | of a stream | \
the limits |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Crowd:
    """What a number of learners saw, and what it cost the server.

    Attributes:
        answers: one for each learner.
        opened: the server's bytes for each open tab, before anybody asks.
        streaming: the most bytes that it had for each learner, the tab included.
        processor: the server's seconds of processor time, for all answers.
    """

    page: str
    answers: Sequence[Answered]
    opened: float
    streaming: float
    processor: float

    @property
    def count(self) -> int:
        """How many learners."""
        return len(self.answers)

    @property
    def added(self) -> list[float]:
        """Seconds to the first text, less the model's own; infinite where none came."""
        firsts = [each.first for each in self.answers]
        return [inf if first is None else first - FIRST_TOKEN for first in firsts]

    @property
    def gaps(self) -> list[float]:
        """Seconds between two updates, of all learners."""
        return [gap for each in self.answers for gap in each.gaps]

    @property
    def stood_still(self) -> int:
        """How many learners looked at a text that did not grow for a second."""
        return sum(max(each.gaps, default=0.0) >= STILL for each in self.answers)

    @property
    def failures(self) -> int:
        """How many learners did not get the answer, whole and without a red box."""
        return sum(each.failed for each in self.answers)

    @property
    def holds(self) -> bool:
        """Whether all limits are kept."""
        return (
            not self.failures
            and percentile(self.added, 95) < ADDED_LIMIT
            and percentile(self.gaps, 95) < GAP_LIMIT
        )

    def row(self) -> str:
        """Return the row of the table under ``HEAD``."""
        cells = [
            self.page,
            str(self.count),
            *(_ms(percentile(self.added, share)) for share in (50, 95)),
            *(_ms(percentile(self.gaps, share)) for share in (50, 95, 100)),
            str(self.stood_still),
            str(self.failures),
            _ms(self.processor / self.count),
            f"{self.opened / 1e6:.2f} MB",
            f"{self.streaming / 1e6:.2f} MB",
            "kept" if self.holds else "missed",
        ]
        return f"| {' | '.join(cells)} |"


def percentile(values: Sequence[float], share: int) -> float:
    """Return the value that ``share`` per cent do not exceed; infinity where there is none."""
    ordered = sorted(values)
    if not ordered:
        return inf
    return ordered[max(0, -(-share * len(ordered) // 100) - 1)]


def _ms(seconds: float) -> str:
    return "never" if seconds == inf else f"{seconds * 1000:,.0f} ms"


async def crowd(page: Page, server: Server, count: int, text: str, *, spread: float = 1.0) -> Crowd:
    """Let ``count`` learners ask within ``spread`` seconds for an answer that is to be ``text``."""
    async with tabs(server, page, 1) as (first,):
        # The first answer of a process imports the clients.
        await ask(first, text)
    before = memory_of(server)
    async with tabs(server, page, count) as opened:
        most = [at_first := memory_of(server)]
        looking = asyncio.create_task(_look(server, most))
        used = server.processor_seconds_so_far
        with undisturbed():
            each = (ask(tab, text, spread * place / count) for place, tab in enumerate(opened))
            answers = await asyncio.gather(*each)
        used = server.processor_seconds_so_far - used
        looking.cancel()
    return Crowd(
        page.name, answers, (at_first - before) / count, (max(most) - before) / count, used
    )


async def _look(server: Server, found: list[int]) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        found.append(memory_of(server))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Collect no garbage meanwhile: it would hold up all visitors, and seem the server's doing."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
