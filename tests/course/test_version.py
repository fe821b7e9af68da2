"""One version, wherever it is shown."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from course import __version__
from course.__main__ import main
from course.language import LANGUAGES

ROOT = Path(__file__).parents[2]


def page() -> None:
    from course.connection_panel import badge

    badge()


def test_the_command_prints_the_version_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"{__version__}\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sidebars_popover_shows_the_version(language: str) -> None:
    app = AppTest.from_function(page)
    app.query_params["lang"] = language
    shown = [caption.value for caption in app.run().sidebar.caption]
    assert [text for text in shown if text.endswith(f" {__version__}")]


def test_the_package_takes_its_version_from_the_course() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in package["project"]["dynamic"]
    assert package["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "course.__version__"}


def test_the_changelog_describes_the_version_as_its_newest_release() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    releases = re.findall(r"^## (\d+\.\d+\.\d+) \(\d{4}-\d{2}-\d{2}\)$", changelog, re.MULTILINE)
    assert releases[0] == __version__
