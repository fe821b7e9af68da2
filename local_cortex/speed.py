"""A model name that asks for a speed: ``llama3.1-8b@80`` is that model at 80 tokens a second.

An account knows no such names and refuses them.
"""

from __future__ import annotations

import re

FASTEST = 100_000.0
NAME = re.compile(r"(?P<model>.*)@(?P<speed>\d{1,6}(\.\d{1,3})?)")


def asked_for(name: str) -> tuple[str, float | None]:
    """Return the model that a name means, and the speed that it asks for, up to ``FASTEST``."""
    asked = NAME.fullmatch(name)
    if asked is None or not 0 < float(asked["speed"]) <= FASTEST:
        return name, None
    return asked["model"], float(asked["speed"])


def with_speed(model: str, tokens_per_second: float) -> str:
    """Return the name that asks for this model at this speed."""
    return f"{model}@{tokens_per_second:g}"
