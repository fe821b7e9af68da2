"""What the first hour with Local Cortex's SQL takes; also beside another tree of the course.

``python -m benchmarks.first_hour FOLDER`` measures this tree and the one in ``FOLDER`` in turns, so
that both meet the same load, and prints a column for each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure
from benchmarks.processes import in_fresh_process
from tests.browser.server import ROOT

RUNS = 7
REPEATED = 5
CALLS = 20
BIG = (
    "CREATE OR REPLACE TABLE big AS SELECT SEQ8() % 1000 AS k, SEQ8() AS v "
    "FROM TABLE(GENERATOR(ROWCOUNT => 1000000))"
)
GROUPED = "SELECT k, COUNT(*), SUM(v) FROM big GROUP BY k"
STATEMENTS = (
    "SELECT CURRENT_VERSION()",
    "CREATE OR REPLACE TABLE reviews (id INT, product VARCHAR, stars INT, said VARIANT)",
    "INSERT INTO reviews SELECT 1, 'tea', 5, PARSE_JSON('{\"by\": \"Kim\"}')",
    "SELECT * FROM reviews WHERE stars > 3 ORDER BY id LIMIT 10",
    "SELECT product, COUNT(*), AVG(stars) FROM reviews GROUP BY product",
    "SELECT said:by::VARCHAR FROM reviews",
    "UPDATE reviews SET stars = 4 WHERE id = 1",
    "SELECT r.product, s.stars FROM reviews r JOIN reviews s ON r.id = s.id",
    "SELECT id, ROW_NUMBER() OVER (ORDER BY stars) AS place FROM reviews QUALIFY place = 1",
    "SHOW TABLES",
)


def first_hour() -> list[Figure]:
    """Seconds of ten statements that learners send first, and of a GROUP BY over 1,000,000 rows.

    By Snowpark, from ``sql()`` to the rows of ``collect()``. In 7 fresh processes, each statement 5
    times after a first; a run's value is the median of the ten statements' medians.
    """
    runs = [json.loads(in_fresh_process("first_hour").splitlines()[-1]) for _ in range(RUNS)]
    label = "Local Cortex: one of ten statements of a first hour"
    return [
        Figure(label, [each["ten statements"] for each in runs]),
        Figure("Local Cortex: GROUP BY over 1,000,000 rows", [each["GROUP BY"] for each in runs]),
    ]


def measure() -> dict[str, float | None]:
    """Measure everything once in this process; ``None`` is what this tree does not run."""
    from snowflake.cortex import complete
    from snowflake.snowpark.exceptions import SnowparkSQLException

    from local_cortex import LocalCortex, Settings

    before = resident()
    settings = Settings(first_token=0, tokens_per_second=100_000)
    found: dict[str, float | None] = {}
    started: list[LocalCortex] = []
    found["start"] = took(lambda: started.append(LocalCortex.start(settings=settings)))
    (cortex,) = started
    found["first login"] = took(lambda: cortex.session().close())
    found["login after the first"] = median(
        took(lambda: cortex.session().close()) for _ in range(REPEATED)
    )
    session = cortex.session()

    def run(sql: str) -> None:
        session.sql(sql).collect()

    def seconds(sql: str) -> float | None:
        try:
            run(sql)
        except SnowparkSQLException:
            return None
        return median(took(lambda: run(sql)) for _ in range(REPEATED))

    def first_token() -> None:
        answer = complete("llama3.1-8b", "What is a token?", session=session, stream=True)
        next(iter(answer))

    found["first statement"] = took(lambda: run("SELECT CURRENT_VERSION()"))
    first_token()
    found["first token, added"] = median(took(first_token) for _ in range(CALLS))
    each = [seconds(sql) for sql in STATEMENTS]
    ran = [one for one in each if one is not None]
    found["statements of the ten that run"] = float(len(ran))
    found["ten statements"] = median(ran)
    found["memory of server and session"] = resident() - before
    found["GROUP BY"] = None if seconds(BIG) is None else seconds(GROUPED)
    session.close()
    cortex.close()
    return found


def took(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes, or with ``--processor`` those that it computes."""
    clock = time.process_time if "--processor" in sys.argv else time.perf_counter
    begun = clock()
    run()
    return clock() - begun


def resident() -> float:
    """Return this process's memory in megabytes, where /proc says so."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def compare(folders: Mapping[str, Path], runs: int, *options: str) -> str:
    """Measure trees in turns and return a table, a column for each."""
    found: dict[str, list[dict[str, float | None]]] = {name: [] for name in folders}
    for _ in range(runs):
        for name, folder in folders.items():
            # Without -P this folder's practice.py would be the package of that name.
            command = [sys.executable, "-P", str(Path(__file__)), "--once", *options]
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
                capture_output=True,
                text=True,
                check=True,
            )
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    lines = [f"| measure | {' | '.join(folders)} |", f"|---|{'---|' * len(folders)}"]
    for measured in next(iter(found.values()))[0]:
        cells = [_cell(measured, [each[measured] for each in found[name]]) for name in folders]
        lines.append(f"| {measured} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(measured: str, values: Sequence[float | None]) -> str:
    kept = [value for value in values if value is not None]
    if not kept:
        return "n/a"
    middle, least, most = median(kept), min(kept), max(kept)
    if measured.startswith("memory"):
        return f"{middle:.0f} MB ({least:.0f} to {most:.0f})"
    if measured.startswith("statements"):
        return f"{middle:.0f}"
    return f"{middle * 1e3:.1f} ms ({least * 1e3:.1f} to {most * 1e3:.1f})"


def main() -> None:
    """Compare this tree with another, or measure once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_hour")
    parser.add_argument("folder", nargs="?", type=Path, help="another tree of the course")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument(
        "--processor",
        action="store_true",
        help="processor time of server and client, which a busy machine changes little",
    )
    parser.add_argument("--once", action="store_true", help="measure the current folder once")
    asked = parser.parse_args()
    if asked.once:
        print(json.dumps(measure()))
        return
    other = {"before": asked.folder.resolve()} if asked.folder else {}
    options = ["--processor"] if asked.processor else []
    print(compare({**other, "after": ROOT}, asked.runs, *options))


if __name__ == "__main__":
    main()
