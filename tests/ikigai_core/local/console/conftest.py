"""A real browser, which is signed in to the console as people are."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# A closed network refuses what Chromium looks up by itself, and root has no sandbox.
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
# What axe finds right is much to bring here, and nobody looks at it. Further rows of a table are made as the first are.
VIOLATIONS = """
    async rules => {
        const options = { resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) };
        return (await axe.run({ exclude: [["tr:nth-child(n+7)"]] }, options)).violations;
    }
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium for all tests of a module."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: `make browser` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a new profile, signed in if an account is given; nothing may be wrong with it at the end."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []
    # The browser's console mentions that a page came with a 401 or a 404.
    told: set[str] = set()

    def listen(message: ConsoleMessage) -> None:
        is_status = message.text.startswith("Failed to load resource") and message.location["url"] in told
        if message.type == "error" and not is_status:
            wrong.append(message.text)

    def look(request: Request) -> None:
        if request.is_navigation_request():
            told.add(request.url)

    def open_one(url: str, account: LocalAccount | LocalPlatform | None = None, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", look)
        page.on("console", listen)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(url)
        if account is not None:
            sign_in(page, account)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []


def sign_in(page: Page, account: LocalAccount | LocalPlatform) -> None:
    page.get_by_label("Email address").fill(account.user_email)
    page.get_by_label("API key").fill(account.api_key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """Return what axe finds wrong with a page, in light colours and in dark ones, which change its contrasts only."""
    from axe_playwright_python.sync_playwright import Axe

    script = Axe().axe_script

    def find(page: Page) -> list[str]:
        page.emulate_media(color_scheme="light")
        page.evaluate(script)
        found = page.evaluate(VIOLATIONS)
        page.emulate_media(color_scheme="dark")
        found += page.evaluate(VIOLATIONS, ["color-contrast"])
        return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]

    return find
