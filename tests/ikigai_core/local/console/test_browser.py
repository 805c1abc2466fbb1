"""What people do with the console, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ikigai_core import App
from ikigai_core.local.account import LocalAccount

if TYPE_CHECKING:
    from playwright.sync_api import Page

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
WAITS = """
import pathlib, time
print("halfway")
while True:
    time.sleep(0.05)
"""


def test_signing_in_and_out_keeps_the_key_out_of_the_browser(
    open_page: Callable[..., Page], app: App, ikigai_local: LocalAccount
) -> None:
    page = open_page(app.web_url, signed_in=False)
    page.get_by_label("Email address").fill(ikigai_local.user_email)
    page.get_by_label("API key").fill("not the key")
    page.get_by_role("button", name="Sign in").click()
    assert "no user with this email" in page.get_by_role("alert").inner_text()
    page.get_by_label("API key").fill(ikigai_local.api_key)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("heading", name=app.name).wait_for()
    assert page.url == app.web_url
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/console")
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage])") + str(page.context.cookies()) + page.url
    assert ikigai_local.api_key not in kept + page.content()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.context.add_cookies([cookie])
    page.goto(str(app.web_url))
    assert page.get_by_role("heading", name="Sign in").is_visible(), "the session itself has ended"
