"""What a modelled orchestrator lends to its tasks: a store that survives their processes, and a lease that runs out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from ikigai_core.orchestration import SupersededError


class Clock(Protocol):
    """Knows the time."""

    now: float


class Notes:
    """What the store of one task holds: it survives the task's processes."""

    def __init__(self) -> None:
        self.data: str | None = None
        self.newest = 0

    def of(self, number: int) -> TryNotes:
        return TryNotes(self, number)


@dataclass(frozen=True)
class TryNotes:
    """The store, as one try has it."""

    notes: Notes
    number: int

    def note(self, run: dict[str, Any]) -> None:
        self._take_over()
        self.notes.data = json.dumps(run)

    def find(self) -> dict[str, Any] | None:
        self._take_over()
        return None if self.notes.data is None else dict(json.loads(self.notes.data))

    def take(self, run: dict[str, Any]) -> None:
        self.note({**run, "phase": "taken", "taken_by": str(self.number)})

    def forget(self) -> None:
        self.notes.data = None

    def _take_over(self) -> None:
        """From here on, earlier tries can neither find nor note anything."""
        if self.number < self.notes.newest:
            raise SupersededError("a later try has taken over")
        self.notes.newest = self.number


class Slot:
    """What one process holds at a time, and for a time."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds
        self.holder: Lease | None = None
        self.until = 0.0

    def is_held_by(self, lease: Lease) -> bool:
        return self.holder is lease and self.clock.now < self.until


class Lease:
    """A process's hold on a slot."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def hold(self) -> bool:
        slot = self._slot
        if slot.holder is not None and slot.clock.now < slot.until:
            return False
        slot.holder, slot.until = self, slot.clock.now + slot.seconds
        return True

    def renew(self) -> bool:
        slot = self._slot
        if not slot.is_held_by(self):
            return False
        slot.until = slot.clock.now + slot.seconds
        return True

    def release(self) -> None:
        if self._slot.is_held_by(self):
            self._slot.holder = None
