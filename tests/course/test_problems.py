"""Where a problem is, as its message says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.problems import short


@pytest.mark.parametrize("above", ["/home/ada/course", "/home/ada/lessons/course", "/pages"])
@pytest.mark.parametrize("file", ["lessons/day_01_x/ko.md", "pages/day_01_x.py", "lessons"])
def test_a_path_begins_in_the_course_wherever_that_is(above: str, file: str) -> None:
    assert short(Path(above, file)) == file
