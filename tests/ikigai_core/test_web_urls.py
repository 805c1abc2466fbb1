"""Where the pages are that people are sent to."""

from __future__ import annotations

import pytest

from ikigai_core import Ikigai
from ikigai_core.errors import ConfigurationError
from ikigai_core.web_urls import WebPages


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("https://api.ikigailabs.io", "https://app.ikigailabs.io"),
        ("http://127.0.0.1:8100", "http://127.0.0.1:8100/console"),
        ("http://[::1]:8100", "http://[::1]:8100/console"),
        ("http://localhost:8100/proxy", "http://localhost:8100/proxy/console"),
        ("https://ikigai.example.com", None),
    ],
)
def test_the_pages_that_belong_to_a_platform(base_url: str, address: str | None) -> None:
    client = Ikigai("bob@example.com", "key", base_url)
    assert client.pages.address == address


def test_pages_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKIGAI_WEB_URL", "https://pages.example.com/")
    assert Ikigai("bob@example.com", "key").pages.page("a") == "https://pages.example.com/apps/a"
    template = "https://x.example.com/p/{app_id}?tab={kind}&id={id}&run={run_id}"
    pages = Ikigai("bob@example.com", "key", web_url=template).pages
    assert pages.page("a/b", "flows", "f", "r") == "https://x.example.com/p/a%2Fb?tab=flows&id=f&run=r"


@pytest.mark.parametrize(
    "web_url", ["javascript:alert(1)", "pages", "https://me:secret@x.example.com", "https://x/{flow}", "https://x/{", 7]
)
def test_what_is_no_address_of_pages(web_url: str) -> None:
    with pytest.raises(ConfigurationError, match="web_url") as caught:
        WebPages.of("https://api.ikigailabs.io", web_url)
    assert "secret" not in str(caught.value)
