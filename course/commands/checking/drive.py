"""Run Streamlit programs as their learners would, without a browser: press, and write messages.

Run as `python -m local_cortex run -- python drive.py PROGRAM...`; it fails if anything does.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

SECONDS = 60
# The second is about the answer to the first.
MESSAGES = ("What is Snowflake Cortex, in one sentence?", "Shorter, please.")


def main(path: str) -> None:
    """Run the program at ``path``; an exception in it ends this process, and names it."""
    warnings.simplefilter("ignore")
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(Path(path).resolve()), default_timeout=SECONDS).run()
    _fail_if_it_did(app, path, "when it is opened")
    pressed: set[str] = set()
    # A button may come or go when another is pressed.
    while new := [each for each in app.button if (each.key or each.label) not in pressed]:
        button = new[0]
        pressed.add(button.key or button.label)
        button.click().run()
        _fail_if_it_did(app, path, f"when {button.label!r} is pressed")
    for message in MESSAGES if app.chat_input else ():
        app.chat_input[0].set_value(message).run()
        _fail_if_it_did(app, path, f"when {message!r} is sent")


def _fail_if_it_did(app: object, path: str, when: str) -> None:
    for error in app.exception:  # type: ignore[attr-defined]
        numbers = re.findall(rf'{re.escape(path)}", line (\d+)', "\n".join(error.stack_trace))
        # Its text: the steps have other line numbers than the program that they make.
        rows = Path(path).read_text("utf-8").splitlines()
        where = f"`{rows[int(numbers[-1]) - 1].strip()}`, " if numbers else ""
        raise SystemExit(f"{where}{when}: {error.message}")


if __name__ == "__main__":
    for program in sys.argv[1:]:
        main(program)
    print([])  # noqa: T201 - what says that it came to its end
