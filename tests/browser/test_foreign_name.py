"""A page on another's name that resolves to this machine gets nothing of the course."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from course.language import texts
from tests.browser import chromium
from tests.browser.conftest import PATIENCE_MS


def test_a_name_that_is_not_this_machines_is_refused_and_the_machines_own_is_served(
    course: str,
) -> None:
    path = chromium.find()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no Chromium or Chrome")
    # What an attacker's name server would answer.
    rebound = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    port = urlsplit(course).port
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*chromium.arguments(), rebound]
        )
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"http://evil.example:{port}/?lang=en")
        refusal = texts("en")["course.foreign_name"].replace("`", "").format(name="evil.example")
        expect(page.get_by_text(refusal)).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_count(0)
        page.goto(f"http://localhost:{port}/?lang=en")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        browser.close()
