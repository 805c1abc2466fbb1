"""Starts of a flow that may still arrive at the platform, though nobody waits for them."""

from __future__ import annotations

import json
import time

import dagster as dg

LASTS = 3600.0
"""Seconds for which a start that was sent, and whose outcome nobody knows, may still arrive."""


class DoubtfulStarts:
    """The starts of one flow whose outcome nobody has learnt (yet), kept by the instance.

    A process that dies between the sending of a start and the answer leaves its own here. The run that it may still
    begin must not be taken for another step's. Only who holds the flow's start lease writes here.

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
        """Note that it is known what became of a start."""
        recent = self._recent()
        if recent.pop(name, None) is not None:
            self._write(recent)

    def has_others(self, name: str) -> bool:
        """Whether a start of anybody else may still arrive."""
        return bool(self._recent().keys() - {name})

    def _recent(self) -> dict[str, float]:
        kept: dict[str, float] = json.loads(self._storage.get_cursor_values({self._key}).get(self._key) or "{}")
        since = time.time() - LASTS
        return {name: sent for name, sent in kept.items() if sent > since}

    def _write(self, starts: dict[str, float]) -> None:
        self._storage.set_cursor_values({self._key: json.dumps(starts)})
