"""Journal of the latest requests, for assertions in tests."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ikigai_core.local.control.exchange import Exchange

_MOST_ENTRIES = 10_000
_MOST_BYTES = 16 << 20
# Larger bodies are not kept.
_LARGEST_BODY = 1 << 20


@dataclass
class Entry:
    """A request and the result of its answer.

    Attributes
    ----------
    status : int or None
        None while the request is in progress, or if it got no answer.
    seconds : float or None
        Time from arrival to the end of the answer; None while the request is in progress.
    fault_id : str
        The fault that hit the request; empty if none did.
    """

    number: int
    exchange: Exchange
    at: float = field(default_factory=time.time)
    status: int | None = None
    seconds: float | None = None
    fault_id: str = ""

    def __post_init__(self) -> None:
        self._began = time.monotonic()

    def close(self) -> None:
        """Mark the request as finished."""
        self.seconds = round(time.monotonic() - self._began, 6)

    @property
    def size(self) -> int:
        """Size of the kept body in bytes."""
        return len(self.exchange.raw_body)

    def report(self) -> dict[str, Any]:
        """Return the entry in the format of the control API."""
        exchange = self.exchange
        return {
            "number": self.number,
            "at": self.at,
            "seconds": self.seconds,
            "method": exchange.method,
            "path": exchange.path,
            "operation": exchange.operation,
            "query": dict(exchange.query),
            "body": exchange.body,
            "user": exchange.user,
            "agent": exchange.agent,
            "origin": dict(exchange.origin),
            "status": self.status,
            "fault_id": self.fault_id,
        }


class Journal:
    """The latest requests, oldest first, in limited memory. For use on the event loop only."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._numbers = itertools.count(1)

    def open(self, exchange: Exchange) -> Entry:
        """Record a new request. If there are too many, forget the oldest."""
        entry = Entry(next(self._numbers), exchange)
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > _MOST_ENTRIES or self._bytes > _MOST_BYTES:
            self._bytes -= self._entries.popleft().size
        return entry

    def entries(self, operation: str | None = None, user: str | None = None, after: int = 0) -> list[Entry]:
        """Return requests with a number larger than `after`, filtered by operation and user if given."""
        return [
            entry
            for entry in self._entries
            if entry.number > after
            and operation in (None, entry.exchange.operation)
            and (user is None or user.casefold() == entry.exchange.user.casefold())
        ]

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()
        self._bytes = 0


def kept_body(body: bytes) -> bytes:
    """Return the part of a body that the journal keeps: all of it, or nothing if it is too large."""
    return body if len(body) <= _LARGEST_BODY else b""
