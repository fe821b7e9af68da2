"""Draw the pages of lessons with Streamlit's own test harness; for running.py.

Run as `python -m course.checking.draw_pages NAME...`; prints [name, way, what] as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence

from streamlit.testing.v1 import AppTest

from course.catalog import ROOT
from course.language import LANGUAGES, texts

SECONDS = 60


def failures(names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what fails when the pages called ``names`` are drawn."""
    for language in LANGUAGES:
        broken = texts(language)["lesson.broken_title"]
        home = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=SECONDS)
        home.query_params["lang"] = language
        home.run()
        for what in _faults(home, broken):
            yield "Home", language, what
        for name in names:
            page = f"pages/{name}.py"
            cold = AppTest.from_file(str(ROOT / page), default_timeout=SECONDS)
            cold.query_params["lang"] = language
            for what in _faults(cold.run(), broken):
                yield name, f"{language}, cold", what
            for what in _faults(home.switch_page(page).run(), broken):
                yield name, f"{language}, through Home", what


def _faults(app: AppTest, broken: str) -> Iterator[str]:
    for error in app.exception:
        yield f"{error.value}"
    if not app.title:
        yield "there is no title"
    elif app.title[0].value == broken:
        yield "the page says that the lesson is broken"


if __name__ == "__main__":
    found = list(failures(sys.argv[1:]))
    print(json.dumps(found))
    sys.stdout.flush()
    # Nothing that was started for the pages, such as a Local Cortex, is to be waited for.
    os._exit(0)
