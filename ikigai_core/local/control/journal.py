"""The last requests, for tests to assert on."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ikigai_core.local.control.exchange import Exchange

_MOST_ENTRIES = 10_000
_MOST_BYTES = 16 << 20
# Of a body that is larger only the fact is kept.
_LARGEST_BODY = 1 << 20


@dataclass
class Entry:
    """A request and what it was answered.

    Attributes
    ----------
    status : int or None
        None while it is under way, and where it got no answer.
    seconds : float or None
        From its arrival to the end of its answer; None while it is under way.
    fault_id : str
        The fault that hit it, if one did.
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
        """Take note that it is over."""
        self.seconds = round(time.monotonic() - self._began, 6)

    @property
    def size(self) -> int:
        """Bytes of what is kept of its body."""
        return len(self.exchange.raw_body)

    def report(self) -> dict[str, Any]:
        """Return it as the control API answers it."""
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
            "status": self.status,
            "fault_id": self.fault_id,
        }


class Journal:
    """The last requests, oldest first, in bounded memory. It belongs to the event loop."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._numbers = itertools.count(1)

    def open(self, exchange: Exchange) -> Entry:
        """Take note of a request that has arrived; the oldest are forgotten where there are very many."""
        entry = Entry(next(self._numbers), exchange)
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > _MOST_ENTRIES or self._bytes > _MOST_BYTES:
            self._bytes -= self._entries.popleft().size
        return entry

    def entries(self, operation: str | None = None, user: str | None = None, after: int = 0) -> list[Entry]:
        """Return the requests for an operation and of a user, if given, whose number is larger than `after`."""
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
    """Return what the journal keeps of a body."""
    return body if len(body) <= _LARGEST_BODY else b""
