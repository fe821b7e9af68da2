"""Makes the charts of lessons, and prints what fails as [file, line, what] in JSON.

For running.py: `python -m course.commands.checking.draw_charts FOLDER...`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from course.content import lesson
from course.content.blocks import Chart
from course.content.draw import chart_of
from course.content.parser import read
from course.language import LANGUAGES


def failing(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Yield the prose, the line and the error of each chart that cannot be made."""
    found = lesson.load(folder)
    for language in LANGUAGES:
        prose = read(found, language)
        for blocks in prose.sections.values():
            for chart in blocks:
                if isinstance(chart, Chart):
                    try:
                        chart_of(chart.file, dict(chart.labels))
                    except Exception as error:  # an instructor's program: whatever it raises
                        what = f"{type(error).__name__}: {error}"
                        what = f"the chart {chart.file.name} fails: {what}"
                        yield str(prose.path), chart.line, what


if __name__ == "__main__":
    output, sys.stdout = sys.stdout, sys.stderr  # for what the charts print
    rows = [row for folder in sys.argv[1:] for row in failing(Path(folder))]
    print(json.dumps(rows), file=output)
