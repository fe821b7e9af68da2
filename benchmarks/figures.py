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

from benchmarks.budgets import BUDGETS, Budget

__all__ = ["Figure", "NotMeasured", "machine", "table"]

Unit = Literal["seconds", "ratio", "count"]

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
    why.
    """

    label: str
    values: Sequence[float]
    budget: str = ""
    unit: Unit = "seconds"
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether the budget is kept; a figure without one keeps it."""
        limit = BUDGETS.get(self.budget)
        return limit is None or (bool(self.values) and limit.kept(self.values))

    def row(self) -> str:
        """Return the figure as a line of the Markdown table."""
        limit = BUDGETS.get(self.budget)
        if limit is None:
            verdict = "reported"
        elif not self.values:
            verdict = "not measured"
        else:
            verdict = "kept" if self.kept else "**broken**"
        cells = (self.label, self._ours(), _budget(limit, self.unit), verdict)
        return f"| {' | '.join(cells)} |"

    def _ours(self) -> str:
        if not self.values:
            return self.note
        if self.unit == "count":
            return f"{max(self.values):g} ({_runs(self.values)}{_after(self.note)})"
        middle = _value(median(self.values), self.unit)
        if len(self.values) == 1:
            return f"{middle} ({self.note or _runs(self.values)})"
        low, high = min(self.values), max(self.values)
        spread = f"{_value(low, self.unit)} to {_value(high, self.unit)}"
        if len(self.values) >= ENOUGH_FOR_P95:
            spread += f", 95 % within {_value(_percentile(self.values, 0.95), self.unit)}"
        return f"{middle} ({spread}, {_runs(self.values)}{_after(self.note)})"


def table(figures: Sequence[Figure]) -> str:
    """Return the Markdown table of all figures."""
    head = ["| measure | ours | budget | verdict |", "|---|---|---|---|"]
    return "\n".join([*head, *(figure.row() for figure in figures)])


def machine() -> str:
    """Return one line on the machine and the versions; nothing that names it."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores{busy}, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}."
    )


def _budget(budget: Budget | None, unit: Unit) -> str:
    if budget is None:
        return ""
    size = _value(budget.limit, unit)
    if unit == "count":
        return size
    return f"{'±' if budget.either_way else ''}{size} ({budget.statistic})"


def _value(value: float, unit: Unit) -> str:
    if unit == "count":
        return f"{value:g}"
    if unit == "ratio":
        return f"{value:.2f}x"
    if abs(value) < 0.01:
        return f"{value * 1000:.1f} ms"
    return f"{value * 1000:.0f} ms" if abs(value) < 1 else f"{value:.2f} s"


def _percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of all values do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _runs(values: Sequence[float]) -> str:
    return f"{len(values)} run{'s' if len(values) != 1 else ''}"


def _after(note: str) -> str:
    return f"; {note}" if note else ""
