"""The machine's Chromium, for programs that photograph pages."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

WIDTH, HEIGHT = 1240, 900
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A closed network refuses what Chromium looks up by itself, and root has no sandbox.
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def installed_chromium() -> str:
    """Return the path of the machine's Chromium; ends the program if there is none."""
    chromium = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if chromium is None:
        sys.exit(f"{sys.argv[0]}: there is no Chromium on this machine; `make browser` installs it")
    return chromium


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=installed_chromium(), args=_OPTIONS)
        yield chromium
        chromium.close()


def new_page(chromium: Browser, scheme: str = "light", height: int = HEIGHT) -> Page:
    """Open a page in a new profile; `scheme` is light or dark."""
    context = chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": WIDTH, "height": height},
        locale="en-GB",
        timezone_id="Europe/Zurich",
    )
    return context.new_page()
