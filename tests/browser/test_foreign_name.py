"""A page on another's name that resolves to this machine gets nothing of the course."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from tests.browser.server import REBOUND_NAME


@pytest.mark.thorough
def test_a_name_that_is_not_this_machines_is_refused_and_the_machines_own_is_served(
    course: str, new_page: Callable[..., Page]
) -> None:
    port = urlsplit(course).port
    page = new_page()
    page.goto(f"http://{REBOUND_NAME}:{port}/?lang=en")
    refusal = texts("en")["course.foreign_name"].replace("`", "").format(name=REBOUND_NAME)
    expect(page.get_by_text(refusal)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(0)
    page.goto(f"http://localhost:{port}/?lang=en")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
