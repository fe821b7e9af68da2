"""Snowflake's expressions and relations in DuckDB's terms, by an allow-list."""

from __future__ import annotations

from sqlglot import exp

__all__ = ["rewrite"]


def rewrite(tree: exp.Expression) -> exp.Expression:
    """Return a tree whose ``.sql("duckdb")`` means what ``tree`` means in Snowflake."""
    return tree
