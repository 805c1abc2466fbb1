"""Which task of an orchestrator sends a request, as a header says to the platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

Origin = Callable[[], Mapping[str, str | None]]
"""A function that returns which task of an orchestrator sends a request; empty outside of a task."""

ORIGIN_HEADER = "Ikigai-Origin"
# Headers are bounded. A part of an address leads nowhere, so one that is too long is left out.
_LONGEST_NAME, _LONGEST_URL = 200, 500


def origin_header(origin: Origin | None) -> dict[str, str]:
    """Return the header about a task: its names, encoded like a form, so that any text is safe in it."""
    given = {} if origin is None else {name: value for name, value in origin().items() if value}
    url = given.pop("url", "")
    names = {name: value[:_LONGEST_NAME] for name, value in given.items()}
    if url and len(url) <= _LONGEST_URL:
        names["url"] = url
    return {ORIGIN_HEADER: urlencode(names)} if names else {}
