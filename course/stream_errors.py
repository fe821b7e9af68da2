"""What to tell a person whose stream failed; the texts are in ``stream_errors.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from streaming.errors import StreamError


@cache
def messages() -> dict[str, dict[str, str]]:
    """Return all texts: code -> language -> text."""
    return tomllib.loads(Path(__file__).with_name("stream_errors.toml").read_text("utf-8"))


def explain(error: StreamError, language: Literal["ko", "en"], seconds: float | None = None) -> str:
    """Return what to tell a person; ``seconds`` is the limit, for a :class:`StreamTimeout`."""
    texts = messages().get(error.code, messages()["unknown"])
    return texts[language].format(seconds=f"{seconds or 0.0:.0f}")
