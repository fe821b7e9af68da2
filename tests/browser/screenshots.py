"""Take the READMEs' pictures: `make screenshots`.

Each shows the real course on a real server; the first is a film of an answer streaming.
"""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from tests.browser import chromium
from tests.browser.day_3 import EXERCISES, SHOW
from tests.browser.server import ROOT, streamlit_server

IMAGES = ROOT / "docs" / "images"
PROMPTS = {
    "en": "Explain quantum computing in simple terms.",
    "ko": "양자 컴퓨팅을 쉽게 설명해 주세요.",
}
# About as much of the answer as fits below the widgets.
CHARACTERS = {"en": 450, "ko": 260}
SHOWN = "document.querySelector('.st-key-answer-0')?.innerText.length ?? 0"
# So high that the answer begins in the upper half, where the page doesn't scroll to it; in pixels.
FILM_WINDOW = ViewportSize(width=1280, height=1240)
# The demo in it, without the sidebar: left, upper, right and lower edge.
DEMO = (300, 0, 1280, 900)
# Wide enough to read in a README.
FILM_WIDTH = 800
# The film's last frame stays this long before it begins again.
HOLD_SECONDS = 2.5
# A busy machine needs most of a minute to draw its first lesson, and longer for three streams.
PATIENCE_MS = 120_000


def film(page: Page, url: str, language: str, path: Path) -> None:
    """Ask on Day 3 and film the demo at its real pace while the answer is growing."""
    page.set_viewport_size(FILM_WINDOW)
    page.goto(f"{url}/day_03_write_streams?lang={language}")
    prompt = page.get_by_role("textbox", name="Enter your prompt:")
    prompt.fill(PROMPTS[language])
    prompt.press("Enter")
    page.wait_for_timeout(1_000)
    page.locator("#demo").evaluate("heading => heading.scrollIntoView()")
    page.wait_for_timeout(500)
    frames: dict[float, str] = {}
    devtools = page.context.new_cdp_session(page)

    def keep(event: dict[str, Any]) -> None:
        frames[event["metadata"]["timestamp"]] = event["data"]
        devtools.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    devtools.on("Page.screencastFrame", keep)
    devtools.send("Page.startScreencast", {"format": "png"})
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Generate").click()
    page.wait_for_function(f"wanted => ({SHOWN}) > wanted", arg=CHARACTERS[language])
    # The last frames are on their way.
    page.wait_for_timeout(500)
    devtools.send("Page.stopScreencast")
    _save(frames, path)


def _smaller(frame: str) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(frame))).convert("RGB")
    demo = image.crop(DEMO)
    size = (FILM_WIDTH, demo.height * FILM_WIDTH // demo.width)
    return demo.resize(size, Image.Resampling.LANCZOS)


def _save(frames: Mapping[float, str], path: Path) -> None:
    """Write an animated WebP in which each frame stays as long as it did in the browser."""
    times = sorted(frames)
    ends = [*times[1:], times[-1] + HOLD_SECONDS]
    milliseconds = [round(1_000 * (end - begin)) for begin, end in zip(times, ends, strict=True)]
    first, *others = (_smaller(frames[at]) for at in times)
    first.save(path, save_all=True, append_images=others, duration=milliseconds, loop=0, quality=80)
    print(f"Wrote {path.relative_to(ROOT)}: {len(times)} frames, {path.stat().st_size // 1000} kB")


def take_home(page: Page, url: str, language: str, path: Path) -> None:
    """Photograph Home as it is for somebody who has begun."""
    # So its answer is there as a whole.
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{url}/?lang={language}")
    page.locator("#progress").wait_for()
    page.wait_for_timeout(1_000)
    page.screenshot(path=path)
    print(f"Wrote {path.relative_to(ROOT)}")


def take_practice(page: Page, url: str, language: str, path: Path) -> None:
    """Run an attempt at the exercise that shows a stream, and photograph the verdict."""
    page.goto(f"{url}/day_03_write_streams?lang={language}")
    panel = page.locator('[class*="-2_show_the_stream-panel"]')
    editor = panel.locator("textarea")
    expect(editor).to_have_value(re.compile("stream=True"))
    starter = (EXERCISES / SHOW / "starter.py").read_text("utf-8")
    editor.fill(starter.replace('"".join(stream)', "next(stream)"))
    editor.press("ControlOrMeta+Enter")
    expect(panel.get_by_role("alert").first).to_be_visible(timeout=PATIENCE_MS)
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
    expect(running).to_have_count(0, timeout=PATIENCE_MS)
    page.wait_for_timeout(1_000)
    # It would lie over the lab's heading.
    page.add_style_tag(content="[data-testid=stHeader] { display: none; }")
    page.locator(".st-key-lab").screenshot(path=path)
    print(f"Wrote {path.relative_to(ROOT)}")


def main() -> None:
    """Film Day 3, and take an exercise, the lab and Home, in each language."""
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
            page = browser.new_page(locale="ko-KR")
            page.set_default_timeout(PATIENCE_MS)
            film(page, url, language, IMAGES / f"streaming-{language}.webp")
            page.set_viewport_size({"width": 1280, "height": 2_400})
            take_practice(page, url, language, IMAGES / f"practice-{language}.png")
            take_lab(page, url, language, IMAGES / f"lab-{language}.png")
            page.set_viewport_size({"width": 1280, "height": 720})
            take_home(page, url, language, IMAGES / f"home-{language}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
