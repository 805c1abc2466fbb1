"""Request counts per user agent, for tests and demonstrations."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from typing import Any

# Limits the memory that invented paths and user agents can take.
_MOST_AGENTS = 200
_MOST_PATHS = 200
_OTHER = "(other)"


class RequestCounter:
    """Counts requests by user agent, method and path, since the start or the last reset."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)

    def count(self, agent: str, method: str, path: str) -> None:
        """Count one request."""
        with self._lock:
            if agent not in self._counts and len(self._counts) >= _MOST_AGENTS:
                agent = _OTHER
            paths = self._counts[agent]
            what = f"{method} {path}"
            paths[what if what in paths or len(paths) < _MOST_PATHS else _OTHER] += 1

    def reset(self) -> None:
        """Set all counts to zero."""
        with self._lock:
            self._counts.clear()

    def report(self) -> dict[str, Any]:
        """Return all counts as a JSON-serializable dict."""
        with self._lock:
            by_agent = {agent: dict(paths) for agent, paths in self._counts.items()}
        return {"total": sum(sum(paths.values()) for paths in by_agent.values()), "by_agent": by_agent}
