"""Sessions of people who signed in: the browser holds a random token, never the key."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field

_LIFETIME = 12 * 3600.0
_MOST = 1000


@dataclass(frozen=True)
class Session:
    """The user and key of a session. Each page checks them again, so a new key ends the session."""

    user_email: str
    api_key: str = field(repr=False)
    ends: float = field(default_factory=lambda: time.monotonic() + _LIFETIME)


class Sessions:
    """The open sessions by token. They end after 12 hours, or with the platform."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}

    def begin(self, user_email: str, api_key: str) -> str:
        """Open a session; return its token. If there are too many, the oldest ends."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._open[token] = Session(user_email, api_key)
            while len(self._open) > _MOST:
                del self._open[next(iter(self._open))]
        return token

    def find(self, token: str) -> Session | None:
        """Return an open session; None if there is none with this token."""
        with self._lock:
            session = self._open.get(token)
            if session is not None and session.ends < time.monotonic():
                del self._open[token]
                return None
            return session

    def end(self, token: str) -> None:
        """Close a session, if it is open."""
        with self._lock:
            self._open.pop(token, None)
