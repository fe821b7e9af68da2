"""Showing streams on a Streamlit page: the only part of this package that imports Streamlit."""

from __future__ import annotations

from streaming.view.kept import arrived, arriving, is_open, keep
from streaming.view.show import show
from streaming.view.turns import Turn, again, pulse
from streaming.view.untrusted import safe

__all__ = [
    "Turn",
    "again",
    "arrived",
    "arriving",
    "is_open",
    "keep",
    "pulse",
    "safe",
    "show",
]
