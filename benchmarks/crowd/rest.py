"""What a crowd comes through: a model that goes away, and hours of use."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from benchmarks.crowd.pages import Page, Use, ask, tabs
from benchmarks.crowd.run import undisturbed
from benchmarks.crowd.shared_cortex import SharedCortex
from benchmarks.crowd.visitors import Answered
from benchmarks.processes import Server

# In the middle of an answer, which takes 7 s.
MIDDLE_SECONDS = 4.0
# Between two questions of a learner, at random.
THINKING_SECONDS = (2.0, 10.0)
# Streamlit keeps the session of a closed tab for two minutes, in case it comes back.
FORGET_SECONDS = 130.0

SOAK_HEAD = """\
| after | answers | failures | memory | threads | sockets | sessions |
|---|---|---|---|---|---|---|"""


async def outage(
    page: Page, server: Server, cortex: SharedCortex, count: int, text: str
) -> list[Sequence[Answered]]:
    """Kill the model in the middle of a class, and start it again; nobody is logged in then.

    Returns:
        What came of the questions in whose middle it was killed, of those asked while it was gone,
        and of those asked first, and again, when it was back; of all learners each.
    """
    async with tabs(server, page, count) as opened:
        asking = [asyncio.create_task(ask(tab, text)) for tab in opened]
        await asyncio.sleep(MIDDLE_SECONDS)
        cortex.kill()
        cut = await asyncio.gather(*asking)
        gone = await asyncio.gather(*(ask(tab, text) for tab in opened))
        cortex.start()
        back = [
            await asyncio.gather(
                *(ask(tab, text, place / count) for place, tab in enumerate(opened))
            )
            for _ in range(2)
        ]
    return [cut, gone, *back]


async def soak(
    page: Page, server: Server, count: int, text: str, minutes: float, every: float = 60.0
) -> list[str]:
    """Let learners ask again and again, with pauses, a tenth of whose tabs are closed each time.

    Prints:
        The rows under ``SOAK_HEAD``, one each ``every`` seconds; the last two when all are gone,
        and when one learner has come again: only then does Streamlit let go of closed tabs.
    """
    began = time.monotonic()
    results: list[Answered] = []
    rows: list[str] = []

    def look(when: str) -> None:
        use = Use.of(server)
        failures = sum(each.failed for each in results)
        cells = [
            *(when, str(len(results)), str(failures), f"{use.memory / 1e6:.0f} MB"),
            *(str(use.threads), str(use.sockets), str(use.sessions)),
        ]
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)

    async def learn(seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() - began < minutes * 60:
            async with tabs(server, page, 1) as (tab,):
                while time.monotonic() - began < minutes * 60:
                    results.append(await ask(tab, text, chance.uniform(*THINKING_SECONDS)))
                    if chance.random() < 0.1:
                        break

    async def watch() -> None:
        while True:
            await asyncio.sleep(every)
            look(f"{(time.monotonic() - began) / 60:.0f} min")

    async with tabs(server, page, 1) as (first,):
        await ask(first, text)
    look("first answer")
    watching = asyncio.create_task(watch())
    with undisturbed():
        await asyncio.gather(*(learn(seed) for seed in range(count)))
    watching.cancel()
    await asyncio.sleep(FORGET_SECONDS)
    look("all gone for 2 min")
    async with tabs(server, page, 1) as (next_one,):
        await ask(next_one, text)
    look("next answer")
    return rows
