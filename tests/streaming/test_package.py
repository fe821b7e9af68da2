"""The package as a whole: what importing it costs."""

from __future__ import annotations

import subprocess
import sys


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
