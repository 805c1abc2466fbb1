"""Removes from a recording what must not be in it: keys, the user's address, signed URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

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
_PASSWORD_IN_URL = re.compile(r"(\w+://)(?:[^\s/@\"'<>]+:[^\s/@\"'<>]+|[^\s/@?#\"'<>]+)@")


class Cleaner:
    """Removes secrets, and what says who the user is.

    Parameters
    ----------
    user_email : str
        The user's address. `SOMEONE` takes its place.
    """

    def __init__(self, user_email: str) -> None:
        written = (user_email, quote(user_email, safe=""), quote(user_email, safe="+"))
        self._user = re.compile("|".join(map(re.escape, written)), re.IGNORECASE)

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
        if not isinstance(name, str) or not _SECRET.search(name):
            return self.value(value)
        if isinstance(value, list | tuple):
            return [self._named(name, item) for item in value]
        # Numbers stay: `max_tokens` is no secret.
        return _HIDDEN if isinstance(value, str) and value else self.value(value)
