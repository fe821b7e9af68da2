"""An instructor at work while the course is running: a new day, an edit, a mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TooLate

from course.content import lesson as catalog
from tests.browser.server import streamlit_server
from tests.copies import copy_of_the_course

# The day after the last one.
DAY = catalog.lessons()[-1].meta.day + 1
NAME = f"day_{DAY:02}_caching"
NewPage = Callable[..., Page]
QUICK = {"COURSE_FIRST_TOKEN": "0.1", "COURSE_TOKENS_PER_SECOND": "1000", "LANG": "C.UTF-8"}


@pytest.mark.thorough
def test_a_new_day_and_its_edits_and_mistakes_show_without_a_restart(
    tmp_path: Path, new_page: NewPage
) -> None:
    root, home = copy_of_the_course(tmp_path), tmp_path / "home"
    home.mkdir()
    prose = root / "lessons" / "day_02_hello_cortex" / "en.md"
    whole = prose.read_text("utf-8")
    prose.write_text(whole.replace("{#tokens}", ""), encoding="utf-8")
    page = new_page(locale="en-US")
    with streamlit_server(home, root / "Home.py", root, **QUICK) as url:
        # The first Home of a server has read no lesson before.
        page.goto(url)
        broken = page.locator(".st-key-card-day_02_hello_cortex")
        expect(broken).to_be_visible()
        said = page.get_by_text("This lesson can't be shown right now")
        # The first Homes of a server are there without the parser.
        for _ in range(10):
            page.reload()
            with suppress(TooLate):
                said.wait_for(timeout=5_000)
                break
        expect(broken.get_by_text("This lesson can't be shown right now")).to_be_visible()
        expect(said).to_have_count(1)
        prose.write_text(whole, encoding="utf-8")

        before = sorted(path for path in root.rglob("*") if "__pycache__" not in path.parts)
        subprocess.run(
            [sys.executable, "-m", "course", "new-day", str(DAY), "Caching"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            check=True,
            capture_output=True,
            timeout=300,
        )
        after = sorted(path for path in root.rglob("*") if "__pycache__" not in path.parts)
        assert {path.name for path in set(after) - set(before)} > {"ko.md", f"{NAME}.py"}

        page.reload()
        page.get_by_role("link", name=f"Open Day {DAY}").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Day {DAY}. Caching")
        expect(page.get_by_text("Not written yet:").first).to_be_visible()
        page.get_by_role("button", name="Generate").click()
        expect(page.get_by_test_id("stMetric")).to_have_count(3)

        lesson = root / "lessons" / NAME
        english = lesson / "en.md"
        right = english.read_text("utf-8")
        english.write_text(right.replace("TODO: what the", "You know what the"), encoding="utf-8")
        page.reload()
        expect(page.get_by_text("You know what the learner can do")).to_be_visible()

        english.write_text(right.replace("{#theory}", "{#thery}"), encoding="utf-8")
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "This lesson can't be shown right now"
        )
        expect(page.get_by_text(f"lessons/{NAME}/en.md")).to_be_visible()
        page.get_by_test_id("stSidebarNav").get_by_text("Home").click()
        card = page.locator(f".st-key-card-{NAME}")
        expect(card.get_by_text("This lesson can't be shown right now")).to_be_visible()
        page.get_by_role("link", name="Open Day 3").click()
        expect(page.get_by_role("button", name="Generate")).to_be_visible()

        (lesson / "lesson.toml").write_text("day = four\n", encoding="utf-8")
        page.get_by_test_id("stSidebarNav").get_by_text("Home").click()
        expect(card.get_by_text("This lesson can't be shown right now")).to_be_visible()
        expect(page.get_by_role("link", name="Open Day 1")).to_be_visible()
        page.get_by_role("link", name=f"Open Day {DAY}").click()
        expect(page.get_by_text(f"lessons/{NAME}/lesson.toml (1)")).to_be_visible()
    log = (home / "streamlit.log").read_text("utf-8")
    assert f"lessons/{NAME}/en.md:16: `thery` is no section's id" in log
    assert f"lessons/{NAME}/lesson.toml:1: is not valid TOML" in log
