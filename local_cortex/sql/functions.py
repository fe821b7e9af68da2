"""The functions that run: how many arguments each takes and how DuckDB writes it."""

from __future__ import annotations

__all__ = ["MACROS"]

MACROS: tuple[str, ...] = ()
"""SQL to run once on a new database."""
