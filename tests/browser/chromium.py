"""Find a Chromium for the browser tests, or install one where that can be done; nginx as well.

Run as `python -m tests.browser.chromium`. It looks for a browser on this machine first; failing
that it uses the system's package manager (as root on Debian and Ubuntu, fonts included), and then
Playwright's own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# First the one without windows, as Playwright does: a page takes half the processor time there.
NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable", "chrome"),
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
# Without the fonts, Korean text and emoji are empty boxes in every screenshot. nginx is what the
# proxy of deploy/container is tested with.
DEBIAN_PACKAGES = (
    *("chromium-headless-shell", "fonts-noto-cjk", "fonts-noto-color-emoji", "nginx-light"),
)
#: For a browser that neither asks the outside world for anything nor waits for its answer.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page is in the process that the page before it has warmed.
    "--process-per-site",
)


def find() -> str | None:
    """Return the path of a Chromium or Chrome, or ``None``; ``CHROMIUM`` names one explicitly."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    return next((place for place in PLACES if Path(place).exists()), None) or _playwrights_own()


def arguments() -> list[str]:
    """Return the browser's command-line arguments for this machine."""
    # Chromium's sandbox does not work for root, which is who runs in most containers.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*ARGUMENTS, *(["--no-sandbox"] if root else [])]


def find_nginx() -> str | None:
    """Return the path of nginx, which Debian keeps where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def install() -> bool:
    """Try to install a Chromium, and nginx; tell whether there is a Chromium now."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"Installing {', '.join(DEBIAN_PACKAGES)} for the browser tests.", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        update = ["apt-get", "update", "-qq"]
        get = ["apt-get", "install", "-qq", "--no-install-recommends", *DEBIAN_PACKAGES]
        for command in (update, get):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
    if find() is None:
        print("Asking Playwright for a Chromium for the browser tests.", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return find() is not None


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> None:
    """Make sure of a browser, or say how to get one."""
    if (find() is None or find_nginx() is None) and not install():
        print(
            "There is no Chromium, and none could be installed. Install Chromium or Chrome, or set "
            "CHROMIUM to its path. Without it the browser tests are skipped, and fail in CI."
        )


if __name__ == "__main__":
    main()
