"""What the first hour with Local Cortex's SQL takes."""

from __future__ import annotations

import json
import time
from statistics import median

from benchmarks.figures import Figure
from benchmarks.processes import in_fresh_process

RUNS = 7
REPEATED = 5
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


def measure() -> dict[str, float]:
    """Measure everything once in this process."""
    from local_cortex import LocalCortex, Settings

    cortex = LocalCortex.start(settings=Settings(first_token=0, tokens_per_second=100_000))
    session = cortex.session()

    def took(sql: str) -> float:
        begun = time.perf_counter()
        session.sql(sql).collect()
        return time.perf_counter() - begun

    def repeated(sql: str) -> float:
        took(sql)
        return median(took(sql) for _ in range(REPEATED))

    ten = median([repeated(sql) for sql in STATEMENTS])
    took(BIG)
    grouped = repeated(GROUPED)
    session.close()
    cortex.close()
    return {"ten statements": ten, "GROUP BY": grouped}
