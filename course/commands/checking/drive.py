"""Run Streamlit programs as their learners would, without a browser: draw, press each button.

Run as `python -m local_cortex run -- python drive.py PROGRAM...`; it fails if anything does.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

SECONDS = 60


def main(path: str) -> None:
    """Run the program at ``path``.

    Raises:
        SystemExit: it raised an exception; the text names it.
    """
    warnings.simplefilter("ignore")
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(Path(path).resolve()), default_timeout=SECONDS).run()
    _fail_if_it_did(app, "when it is opened")
    pressed: set[str] = set()
    # A button may come or go when another is pressed.
    while new := [each for each in app.button if (each.key or each.label) not in pressed]:
        button = new[0]
        pressed.add(button.key or button.label)
        button.click().run()
        _fail_if_it_did(app, f"when {button.label!r} is pressed")


def _fail_if_it_did(app: object, when: str) -> None:
    for error in app.exception:  # type: ignore[attr-defined]
        raise SystemExit(f"{when}: {error.message}")


if __name__ == "__main__":
    for program in sys.argv[1:]:
        main(program)
    print([])  # noqa: T201 - what says that it came to its end
