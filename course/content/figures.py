"""Drawing a lesson's figures from the code that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import streamlit as st

from course.content.blocks import Chart, Diagram
from practice.sources import read_python

__all__ = ["chart_of", "draw_chart", "draw_diagram"]


def draw_diagram(diagram: Diagram) -> None:
    """Draw a Mermaid diagram and its caption."""
    with st.container(key=f"figure-{diagram.line}"):
        st.mermaid_chart(diagram.source, alt=diagram.caption)
        st.caption(diagram.caption)


def draw_chart(chart: Chart) -> None:
    """Draw a chart and its caption.

    Raises:
        Exception: whatever the chart's own file raises.
    """
    spec = _spec(chart.file, chart.labels, chart.file.stat().st_mtime_ns)
    with st.container(key=f"figure-{chart.line}"):
        st.vega_lite_chart(spec=spec, width="stretch", alt=chart.caption)
        st.caption(chart.caption)


# Building a chart imports Altair and takes a tenth of a second; what it looks like never changes.
@lru_cache(maxsize=64)
def _spec(
    file: Path,
    labels: tuple[tuple[str, str], ...],
    changed: int,  # noqa: ARG001 - part of the key
) -> dict[str, Any]:
    return chart_of(file, dict(labels))


def chart_of(file: Path, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the Vega-Lite specification of the chart that a file makes.

    Raises:
        Exception: whatever the file raises; it is the instructor's program.
    """
    source, _ = read_python(file)
    module = ModuleType(f"figure_{file.stem}")
    try:
        exec(compile(source, file, "exec", dont_inherit=True), vars(module))  # noqa: S102
        spec: dict[str, Any] = module.chart(dict(labels)).to_dict()
    except SystemExit as error:
        raise RuntimeError("it ends the program") from error
    return spec
