"""Addresses of the platform's web pages for apps, datasets, flows, models and runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from ikigai_core.errors import ConfigurationError

PLATFORM_API = "https://api.ikigailabs.io"
PLATFORM_PAGES = "https://app.ikigailabs.io"

Kind = Literal["apps", "datasets", "flows", "models"]

_PARTS = ("app_id", "kind", "id", "run_id")


@dataclass(frozen=True)
class WebPages:
    """The addresses of a platform's pages.

    Attributes
    ----------
    address : str or None
        Base address of the pages; or a template with any of ``{app_id}``, ``{kind}`` (apps, datasets, flows or models),
        ``{id}`` and ``{run_id}``; or None if there are no pages.
    """

    address: str | None

    @classmethod
    def of(cls, base_url: str, web_url: str | None = None) -> WebPages:
        """The given pages, or the known pages of a base URL.

        Raises
        ------
        ConfigurationError
            The given value is neither an address nor a template of one.
        """
        return cls(_default(base_url) if web_url is None else _checked(web_url))

    def page(self, app_id: str, kind: Kind = "apps", id: str | None = None, run_id: str = "") -> str | None:
        """The page of a component, or of a run of a flow. Without an id, the page of the app."""
        if self.address is None:
            return None
        ids = {"app_id": app_id, "kind": kind, "id": id or app_id, "run_id": run_id}
        if "{" in self.address:
            return self.address.format(**{name: quote(value, safe="") for name, value in ids.items()})
        steps = ["apps", app_id]
        steps += [] if id is None else [kind, id]
        steps += ["runs", run_id] if run_id else []
        return "/".join([self.address, *(quote(step, safe="") for step in steps)])


def _default(base_url: str) -> str | None:
    if base_url == PLATFORM_API:
        return PLATFORM_PAGES
    return f"{base_url}/console" if _is_loopback(urlsplit(base_url).hostname or "") else None


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _checked(web_url: object) -> str:
    from string import Formatter

    address = str(web_url).strip()
    try:
        unknown = {name for _, name, _, _ in Formatter().parse(address) if name is not None} - set(_PARTS)
        parts = urlsplit(address)
        well_formed = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    except ValueError:
        unknown, well_formed = set(), False
    if unknown or not well_formed:
        expected = ", ".join(f"{{{part}}}" for part in _PARTS)
        raise ConfigurationError(
            f"web_url is not the address of web pages: expected something like {PLATFORM_PAGES}, without credentials, "
            f"or a template of an address with any of {expected}."
        )
    return address.rstrip("/")
