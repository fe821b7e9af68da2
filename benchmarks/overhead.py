"""What the pipeline costs for each delta, and before the first."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from benchmarks.figures import Figure, percentile
from benchmarks.processes import in_fresh_process
from streaming import CompletionRequest, Pace, SimulatedStrategy, stream

RUNS = 5
DELTAS = 200_000
SIZE = 5
REQUEST = CompletionRequest(model="llama3.1-8b", prompt="Why stream?")
ENGLISH = "The model writes a word, and the page shows it. "
KOREAN = "모델이 한 단어를 쓰면 화면이 그것을 보여 줍니다. "


def time_per_piece() -> list[Figure]:
    """Seconds for each of 200,000 slices of 5 characters that wait for nothing.

    Ours is a ``SimulatedStrategy`` with ``delay=0`` and ``Pace.off()``, from making the stream to
    its end. The baseline is the handout's method 2 without its sleep: a generator that yields
    ``text[i:i + 5]``. Each is read to the end by a bare ``for`` loop, in turns, 5 times; the best
    of each counts. Plain English decides; Korean, whose clusters have to be looked for, is
    reported.
    """

    def ours(text: str) -> Iterable[str]:
        strategy = SimulatedStrategy(lambda _: text, chunk_size=SIZE, delay=0)
        return stream(strategy, REQUEST, pace=Pace.off())

    figures = []
    for language, sentence, budget in (
        ("English", ENGLISH, "time_per_piece"),
        ("Korean", KOREAN, ""),
    ):
        text = _of_length(sentence, DELTAS * SIZE)
        values, baseline = _taking_turns(partial(ours, text), partial(sliced, text))
        figures.append(
            Figure(
                f"Per piece, from a finished answer: {language}",
                values,
                budget,
                baseline=baseline,
                against="a bare generator",
            )
        )
    return figures


def time_per_delta() -> list[Figure]:
    """Seconds for each of 200,000 deltas of 5 characters from one thread to another.

    Ours is a live strategy that yields deltas made beforehand, with ``Pace.off()``, from making the
    stream to its end. The baseline is the hand-over that everybody writes: a thread puts the same
    deltas into a ``queue.Queue``, one by one, and a ``for`` loop gets them. In turns, 5 times; the
    best of each counts.
    """
    deltas = list(sliced(_of_length(ENGLISH, DELTAS * SIZE)))
    values, baseline = _taking_turns(
        lambda: stream(Preset(deltas), REQUEST, pace=Pace.off()), lambda: handed_over(deltas)
    )
    return [
        Figure(
            "Per delta, from a live source",
            values,
            "time_per_delta",
            baseline=baseline,
            against="through queue.Queue",
        )
    ]


def first_piece() -> list[Figure]:
    """How much later our first piece comes than the first delta of the client itself.

    ``snowflake.cortex.complete(..., stream=True)`` on Local Cortex, whose engine does not wait, and
    ``stream(DirectStrategy(session), request)`` with its usual pace, in turns in one fresh process,
    100 times each after one of each. The clock starts before the call and stops with the first text
    that a loop over the result gets.
    """
    raw, ours = json.loads(in_fresh_process("first_pieces").strip().splitlines()[-1])
    later = [mine - theirs for mine, theirs in zip(ours, raw, strict=True)]
    against = "the client's own iterator"
    return [
        Figure("Call to first text", ours, baseline=raw, against=against),
        Figure("Call to first text: ours less the neighbouring call's", later, "first_piece"),
        Figure(
            "Call to first text: difference of the 95th percentiles",
            [percentile(ours, 0.95) - percentile(raw, 0.95)],
            "first_piece_95",
            note=f"{len(ours)} runs of each",
        ),
    ]


class Preset:
    """A live strategy whose deltas are there already."""

    name = "preset"
    live = True

    def __init__(self, deltas: Iterable[str]) -> None:
        self.deltas = deltas

    def open(self, request: CompletionRequest) -> Iterator[str]:  # noqa: ARG002 - answers anything
        return iter(self.deltas)


def sliced(text: str) -> Iterator[str]:
    """Method 2 of the handout, without its sleep."""
    for start in range(0, len(text), SIZE):
        yield text[start : start + SIZE]


def handed_over(deltas: Iterable[str]) -> Iterator[str]:
    """Deltas that a thread puts into a queue."""
    waiting: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for delta in deltas:
            waiting.put(delta)
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (delta := waiting.get()) is not None:
        yield delta


def _taking_turns(
    ours: Callable[[], Iterable[str]], theirs: Callable[[], Iterable[str]]
) -> tuple[list[float], list[float]]:
    """Return the seconds per delta of each, for each run."""
    runs = [(_seconds_to_read(ours), _seconds_to_read(theirs)) for _ in range(RUNS)]
    return [mine / DELTAS for mine, _ in runs], [other / DELTAS for _, other in runs]


def _seconds_to_read(make: Callable[[], Iterable[str]]) -> float:
    began = time.perf_counter()
    for _ in make():
        pass
    return time.perf_counter() - began


def _of_length(sentence: str, length: int) -> str:
    return (sentence * (length // len(sentence) + 1))[:length]
