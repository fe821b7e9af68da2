"""What a measurement hands back, and how it is printed."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import Literal

from benchmarks.budgets import BUDGETS, Budget, Statistic, summary

Unit = Literal["seconds", "ratio", "count", "bytes", "share"]

PACKAGES = (
    "streamlit",
    "snowflake-connector-python",
    "snowflake-snowpark-python",
    "snowflake-ml-python",
    "starlette",
    "uvicorn",
)
# Fewer values than this have no 95th percentile worth the name.
ENOUGH_FOR_P95 = 20


class NotMeasured(RuntimeError):
    """A measurement could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, the value of each run, and the budget's name if it has one.

    ``note`` is printed behind the values. No values: it could not be measured, and ``note`` says
    why. ``baseline`` are the values of what we compare ourselves with, measured in the same run of
    the benchmarks, and ``against`` says what that is.
    """

    label: str
    values: Sequence[float]
    budget: str = ""
    unit: Unit = "seconds"
    note: str = ""
    baseline: Sequence[float] = ()
    against: str = ""

    @property
    def kept(self) -> bool:
        """Whether the budget is kept; a figure without one keeps it."""
        budget = BUDGETS.get(self.budget)
        return budget is None or budget.kept(self.values, self.baseline)

    def row(self) -> str:
        """Return the figure as a line of the Markdown table."""
        budget = BUDGETS.get(self.budget)
        if budget is None:
            verdict = "reported"
        elif not self.values:
            verdict = "not measured"
        else:
            verdict = "kept" if self.kept else "**broken**"
        statistic = budget.statistic if budget is not None else "median"
        cells = (
            self.label,
            _runs_of(self.values, self.unit, statistic, self.note),
            self._theirs(statistic),
            _budget(budget, self.unit),
            verdict,
        )
        return f"| {' | '.join(cells)} |"

    def _theirs(self, statistic: Statistic) -> str:
        if not self.baseline:
            return self.against
        theirs = _runs_of(self.baseline, self.unit, statistic, "")
        ours, size = summary(self.values or [0], statistic), summary(self.baseline, statistic)
        ratio = f"; ours is {_ratio(ours / size)}" if size > 0 and ours > 0 else ""
        return f"{self.against}: {theirs}{ratio}"


def table(figures: Sequence[Figure]) -> str:
    """Return the Markdown table of all figures."""
    head = ["| measure | ours | baseline | budget | verdict |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(figure.row() for figure in figures)])


def machine() -> str:
    """Return one line on the machine and the versions; nothing that names it."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores{busy}, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}."
    )


def _runs_of(values: Sequence[float], unit: Unit, statistic: Statistic, note: str) -> str:
    if not values:
        return note
    if unit == "count":
        return f"{max(values):g} ({_runs(values)}{_after(note)})"
    size = _value(min(values) if statistic == "best" else median(values), unit)
    if len(values) == 1:
        return f"{size} ({note or _runs(values)})"
    spread = f"{_value(min(values), unit)} to {_value(max(values), unit)}"
    if len(values) >= ENOUGH_FOR_P95:
        spread += f", 95 % within {_value(percentile(values, 0.95), unit)}"
    return f"{size} ({spread}, {_runs(values)}{_after(note)})"


def _budget(budget: Budget | None, unit: Unit) -> str:
    if budget is None:
        return ""
    sizes = []
    if budget.limit < math.inf:
        sizes.append(f"{'±' if budget.either_way else ''}{_value(budget.limit, unit)}")
    if budget.of_baseline < math.inf:
        sizes.append(f"{_ratio(budget.of_baseline)} of the baseline")
    return " and ".join(sizes) + (f" ({budget.statistic})" if unit != "count" else "")


def _ratio(ratio: float) -> str:
    if ratio < 0.5:
        return f"1/{1 / ratio:,.0f}"
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:,.0f}x"


def _value(value: float, unit: Unit) -> str:
    if unit == "count":
        return f"{value:g}"
    if unit == "ratio":
        return f"{value:.2f}x"
    if unit == "share":
        return f"{value:.0%}"
    if unit == "bytes":
        return f"{value / 1000:,.0f} kB"
    return _seconds(value)


def _seconds(value: float) -> str:
    size = abs(value)
    if size < 1e-4:
        return f"{value * 1e6:.3g} µs"
    if size < 0.01:
        return f"{value * 1e3:.1f} ms"
    return f"{value * 1e3:.0f} ms" if size < 1 else f"{value:.2f} s"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of all values do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _runs(values: Sequence[float]) -> str:
    return f"{len(values)} run{'s' if len(values) != 1 else ''}"


def _after(note: str) -> str:
    return f"; {note}" if note else ""
