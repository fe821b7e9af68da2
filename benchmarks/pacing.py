"""How far the text on the page is behind the model."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.texts import answer
from tests.streaming.fakes import FakeClock, make_stream

LENGTHS = (1_000, 4_000, 16_000, 64_000)
SLICE, SLEEP_SECONDS = 5, 0.05
FIRST_SECONDS = 0.4
#: How an answer arrives: words in a delta, and seconds between two.
TRACES = {
    "50 words/s": (1, 0.02),
    "bursts of 0.5 s": (25, 0.5),
    "400 words/s": (1, 0.0025),
    "all at once": (1_000_000, 0.0),
}


def end_delay() -> list[Figure]:
    """Seconds from the arrival of the last delta to the end of the stream.

    On an injected clock, so that it is exact and nobody waits. Answers of four lengths, each as
    four traces of arrivals: 50 words a second, bursts of 25 words every 0.5 s, 400 words a second,
    and all at once; with the usual pace. The baseline is the handout's method 2 on the same clock:
    when the last delta has arrived, 5 characters, a sleep of 0.05 s, the next 5, up to its end.
    """
    figures = []
    for length in LENGTHS:
        text = answer(length)
        values = [_ours(text, words, gap) for words, gap in TRACES.values()]
        figures.append(
            Figure(
                f"End of the model to end of the text, {length:,} characters",
                values,
                "end_delay",
                note=f"one per trace: {', '.join(TRACES)}",
                baseline=[_sliced(text)],
                against="5 characters every 50 ms",
            )
        )
    return figures


def _ours(text: str, words: int, gap: float) -> float:
    arrivals = [
        (FIRST_SECONDS + number * gap, delta) for number, delta in enumerate(_deltas(text, words))
    ]
    stream, _, clock = make_stream(arrivals)
    arrived = clock.now + arrivals[-1][0]
    for _ in stream:
        pass
    return clock.now - arrived


def _deltas(text: str, words: int) -> Iterator[str]:
    """Cut a text after every ``words`` words."""
    parts = text.split(" ")
    for start in range(0, len(parts), words):
        end = "" if start + words >= len(parts) else " "
        yield " ".join(parts[start : start + words]) + end


def _sliced(text: str) -> float:
    clock = FakeClock()
    arrived = clock.now
    for _ in range(0, len(text), SLICE):
        clock.now += SLEEP_SECONDS
    return clock.now - arrived
