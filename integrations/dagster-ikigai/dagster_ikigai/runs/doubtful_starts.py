"""Starts of a flow with unknown outcome, which may still arrive at the platform."""

from __future__ import annotations

import json
import time

import dagster as dg

LASTS = 3600.0
"""Seconds in which a start with unknown outcome may still arrive."""


class DoubtfulStarts:
    """The starts of one flow with unknown outcome, stored in the instance.

    If a process dies after it sends a start and before it gets the response, its start stays here. The run from this
    start must not be mistaken for another step's run. Only the holder of the flow's start lease writes here.

    Parameters
    ----------
    instance : DagsterInstance
    flow_id : str
    """

    def __init__(self, instance: dg.DagsterInstance, flow_id: str) -> None:
        self._storage = instance.daemon_cursor_storage
        self._key = f"ikigai/doubtful-starts/1/{flow_id}"

    def add(self, name: str) -> None:
        """Note a start that is about to be sent."""
        self._write({**self._recent(), name: time.time()})

    def remove(self, name: str) -> None:
        """Note that the outcome of a start is known."""
        recent = self._recent()
        if recent.pop(name, None) is not None:
            self._write(recent)

    def has_others(self, name: str) -> bool:
        """Whether a start of another process may still arrive."""
        return bool(self._recent().keys() - {name})

    def _recent(self) -> dict[str, float]:
        kept: dict[str, float] = json.loads(self._storage.get_cursor_values({self._key}).get(self._key) or "{}")
        since = time.time() - LASTS
        return {name: sent for name, sent in kept.items() if sent > since}

    def _write(self, starts: dict[str, float]) -> None:
        self._storage.set_cursor_values({self._key: json.dumps(starts)})
