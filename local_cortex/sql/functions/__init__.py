"""The SQL functions, by name; importing this package registers all of them."""

from __future__ import annotations

from . import conversions as conversions
from . import cortex, environment, moments, null_handling, numbers, semistructured, texts
from .registry import FUNCTIONS, Call, Function

__all__ = ["FUNCTIONS", "Call", "Function"]

MODULES = (
    conversions,
    cortex,
    environment,
    moments,
    null_handling,
    numbers,
    semistructured,
    texts,
)
