"""The command line: ``python -m benchmarks [NAME ...]``; without a NAME it writes a page."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.answers import answer_cost, slow_reader, stop_script
from benchmarks.clicks import reactions
from benchmarks.cortex import (
    added_time_to_first_token,
    local_cortex_connect,
    local_cortex_start,
    only_loopback,
)
from benchmarks.exits import exit_after_ctrl_c
from benchmarks.figures import Figure, NotMeasured, machine, table
from benchmarks.first_hour import first_hour
from benchmarks.home import home_process_time
from benchmarks.limits import limit_accuracy
from benchmarks.main_thread import browser_busy
from benchmarks.memory import peak_memory
from benchmarks.overhead import first_piece, time_per_delta, time_per_piece
from benchmarks.pacing import end_delay
from benchmarks.pages import first_answer, stop_latency
from benchmarks.practice import (
    attacks,
    first_compile,
    left_after_a_kill,
    run_to_first_text,
    runs_at_once,
)
from benchmarks.rendering import check_cost, first_render
from benchmarks.torn import torn_clusters

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = """\
# Performance

`make bench` measures the course, checks each figure against its budget and writes this page. It
takes about half an hour. `.venv/bin/python -m benchmarks answer_cost` measures one part and only
prints it; `--help` lists the parts. [How many learners one process holds](scaling.md) is measured
separately.

Budgets say which value they bound: the best, the median or the worst of all runs. A baseline is
measured in the same run. The handout's page and an empty page run on what they install themselves:
without uvloop, which the course adds.
"""

MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    measure.__name__: measure
    for measure in (
        local_cortex_start,
        local_cortex_connect,
        added_time_to_first_token,
        first_hour,
        only_loopback,
        exit_after_ctrl_c,
        home_process_time,
        first_render,
        check_cost,
        first_compile,
        run_to_first_text,
        runs_at_once,
        left_after_a_kill,
        attacks,
        stop_latency,
        reactions,
        limit_accuracy,
        first_answer,
        time_per_piece,
        time_per_delta,
        first_piece,
        end_delay,
        peak_memory,
        torn_clusters,
        stop_script,
        browser_busy,
        slow_reader,
        answer_cost,
    )
}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, and return 1 if a budget is broken or was not measured.

    Only a run of all measurements writes the page, so that its figures belong together.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what the course promises, and check it against its budgets.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"one of {', '.join(MEASUREMENTS)}; all of them by default",
    )
    chosen = parser.parse_args(arguments).names
    names = chosen or list(MEASUREMENTS)
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}")
    # A job in the background ignores Ctrl-C, and so would the servers that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Taken first: later the measurements themselves are the load.
    facts = machine()
    figures = []
    for name in names:
        figures += _measure(name)
    measured = f"{table(figures)}\n\n{facts}"
    print(measured)
    if not chosen:
        PAGE.write_text(f"{HEAD}\n{measured}\n", "utf-8")
    return 0 if all(figure.kept for figure in figures) else 1


def _measure(name: str) -> list[Figure]:
    print(f"Measuring {name} ...", end="", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        return MEASUREMENTS[name]()
    except NotMeasured as error:
        return [Figure(name, [], name, note=f"not measured: {error}")]
    finally:
        print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
