"""Removes from a recording what must not be in it: keys, the user's address, signed URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ikigai_core.redaction import redacted

SOMEONE = "someone@example.com"
"""Stands for the user's address."""

_HIDDEN = "***"
_SECRET = re.compile(r"passw|secret|token|api[_-]?key|access[_-]?key|credential|authorization", re.IGNORECASE)
_SIGNED = re.compile(
    r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]*?"
    r"\b(?:X-Amz-\w+|X-Goog-\w+|Signature|sig|AWSAccessKeyId)=[^\s\"'<>]*",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"(\w+://)[^\s/@\"'<>]+:[^\s/@\"'<>]+@")


class Cleaner:
    """Removes secrets, and what says who the user is.

    Parameters
    ----------
    user_email : str
        The user's address. `SOMEONE` takes its place.
    """

    def __init__(self, user_email: str) -> None:
        self._user = re.compile(re.escape(user_email), re.IGNORECASE)

    def text(self, text: str) -> str:
        """A text without keys of clients, the user's address, and signatures and passwords in URLs."""
        text = _SIGNED.sub(r"\1", redacted(text))
        return self._user.sub(SOMEONE, _PASSWORD_IN_URL.sub(r"\1", text))

    def value(self, value: Any) -> Any:
        """A plain value without them. Text whose name says that it is secret is hidden."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(name): self._named(name, item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _named(self, name: Any, value: Any) -> Any:
        is_secret = isinstance(value, str) and bool(value) and isinstance(name, str) and bool(_SECRET.search(name))
        return _HIDDEN if is_secret else self.value(value)
