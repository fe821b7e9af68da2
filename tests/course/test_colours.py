"""One colour for one method: the theme's charts and the style sheet agree."""

from __future__ import annotations

import re
import tomllib

import pytest

from course import ROOT
from course.navigation import STYLE

METHODS = ("method-1", "method-2", "method-1-ours")


@pytest.mark.parametrize(("theme", "place"), [("light", 1), ("dark", 2)])
def test_panels_have_the_colours_that_charts_give_to_the_methods(theme: str, place: int) -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    charts = settings["theme"][theme]["chartCategoricalColors"]
    style = STYLE.read_text("utf-8")
    panels = []
    for name in METHODS:
        found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", style)
        assert found is not None, name
        panels.append(found[place])
    assert panels == charts[: len(METHODS)]
