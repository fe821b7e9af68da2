"""Take the README's screenshots: `make screenshots`.

Each shows the real course on a real server, in the middle of an answer.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.server import ROOT, streamlit_server

IMAGES = ROOT / "docs" / "images"
PROMPTS = {
    "en": "Explain quantum computing in simple terms.",
    "ko": "양자 컴퓨팅을 쉽게 설명해 주세요.",
}
# About as much of the answer as fits below the widgets.
CHARACTERS = {"en": 420, "ko": 220}


def take(page: Page, url: str, language: str, path: Path) -> None:
    """Ask on Day 3 and photograph the demo while the answer is growing."""
    page.goto(f"{url}/day_03_write_streams?lang={language}")
    prompt = page.get_by_role("textbox", name="Enter your prompt:")
    prompt.fill(PROMPTS[language])
    prompt.press("Enter")
    page.wait_for_timeout(1_000)
    page.get_by_role("button", name="Generate").click()
    page.wait_for_function(
        "wanted => (document.querySelector('.st-key-answer')?.innerText.length ?? 0) > wanted",
        arg=CHARACTERS[language],
    )
    page.locator("#demo").evaluate("heading => heading.scrollIntoView()")
    page.wait_for_timeout(200)
    page.screenshot(path=path)
    print(f"Wrote {path.relative_to(ROOT)}")


def take_home(page: Page, url: str, language: str, path: Path) -> None:
    """Photograph Home as it is for somebody who has begun."""
    page.goto(f"{url}/?lang={language}")
    page.locator("#progress").wait_for()
    page.wait_for_timeout(1_000)
    page.screenshot(path=path)
    print(f"Wrote {path.relative_to(ROOT)}")


def take_practice(page: Page, url: str, language: str, path: Path) -> None:
    """Run the exercise that shows a stream as its learner finds it, and photograph the verdict."""
    page.goto(f"{url}/day_03_write_streams?lang={language}")
    panel = page.locator(".st-key-practice")
    panel.get_by_role("radiogroup").locator("label").nth(1).click()
    expect(panel.locator("textarea")).to_have_value(re.compile("join"))
    panel.locator("textarea").press("ControlOrMeta+Enter")
    expect(panel.get_by_role("alert").filter(has_text="26")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(500)
    panel.screenshot(path=path)
    print(f"Wrote {path.relative_to(ROOT)}")


def take_lab(page: Page, url: str, language: str, path: Path) -> None:
    """Let the lab's three ways stream side by side, and photograph what they measured."""
    page.goto(f"{url}/day_03_write_streams?lang={language}")
    page.locator(".st-key-lab-drawer summary").click()
    page.locator(".st-key-lab-run-compare button").click()
    running = page.locator(".st-key-lab-running")
    expect(running).to_be_visible()
    expect(running).to_have_count(0, timeout=60_000)
    page.wait_for_timeout(1_000)
    # It would lie over the lab's heading.
    page.add_style_tag(content="[data-testid=stHeader] { display: none; }")
    page.locator(".st-key-lab").screenshot(path=path)
    print(f"Wrote {path.relative_to(ROOT)}")


def main() -> None:
    """Take Day 3, an exercise, the lab and Home in each language."""
    browser_path = chromium.find()
    if browser_path is None:
        raise SystemExit("There is no Chromium to take screenshots with; set CHROMIUM to one.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        streamlit_server(Path(home)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=chromium.arguments()
        )
        for language in PROMPTS:
            page = browser.new_page(viewport={"width": 1280, "height": 960}, locale="ko-KR")
            take(page, url, language, IMAGES / f"day-03-{language}.png")
            page.set_viewport_size({"width": 1280, "height": 2_400})
            take_practice(page, url, language, IMAGES / f"practice-{language}.png")
            take_lab(page, url, language, IMAGES / f"lab-{language}.png")
            page.set_viewport_size({"width": 1280, "height": 720})
            take_home(page, url, language, IMAGES / f"home-{language}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
