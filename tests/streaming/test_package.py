"""The package as a whole: what it exports, and what importing it costs."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import streaming
from streaming import strategies


def test_importing_it_imports_neither_streamlit_nor_snowflake() -> None:
    check = (
        "import streaming, sys; "
        "heavy = ('streamlit', 'snowflake.connector', 'requests', 'openai'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=240
    )
    assert done.stdout.strip() == "[]"


def test_every_strategy_is_exported() -> None:
    for module in pkgutil.iter_modules(strategies.__path__, "streaming.strategies."):
        names = {
            name
            for name in importlib.import_module(module.name).__all__
            if name.endswith("Strategy")
        }
        assert names <= set(streaming.__all__), module.name
