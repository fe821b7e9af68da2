"""Showing streams on a Streamlit page: the only part of this package that imports Streamlit."""

from __future__ import annotations

from streaming.view.kept import Call, arriving, keep
from streaming.view.show import show
from streaming.view.turns import Turn, again
from streaming.view.untrusted import safe
from streaming.view.write import write

__all__ = ["Call", "Turn", "again", "arriving", "keep", "safe", "show", "write"]
