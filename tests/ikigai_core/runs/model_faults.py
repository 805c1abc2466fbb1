"""What may go wrong at a step of a modelled process, and the tape that says where it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

CallFault = Literal[
    "lost after",
    "held",
    "lost before",
    "failed after",
    "failed before",
    "garbled",
    "slow",
    "slow answer",
    "unreachable",
    "turned away",
    "outage",
]
ProcessFault = Literal["killed after", "killed before", "killed held", "stopped before", "stopped after"]
NoteFault = Literal["note fails", "note fails after"]
Fault = CallFault | ProcessFault | NoteFault

CALL_FAULTS: tuple[Fault, ...] = get_args(CallFault)
PROCESS_FAULTS: tuple[Fault, ...] = get_args(ProcessFault)
FAULTS: tuple[Fault, ...] = (*CALL_FAULTS, *PROCESS_FAULTS, *get_args(NoteFault))
_LATENCIES = (0.01, 0.02, 0.15, 0.7)
_OFTEN, _SELDOM = 70, 6


@dataclass
class Tape:
    """Bytes that decide; after their end, and where they are 0, all goes well at once."""

    data: bytes
    place: int = 0

    def take(self, count: int) -> int:
        """A number below `count`."""
        return self._next() % count

    def choose(self, *values: float) -> float:
        return values[self.take(len(values))]

    def fault(self, possible: tuple[Fault, ...], *, is_weighty: bool) -> Fault | None:
        """What goes wrong at a step, if anything does."""
        often = _OFTEN if is_weighty else _SELDOM
        if not possible or self._next() < 256 - often:
            return None
        return possible[self.take(len(possible))]

    def latency(self) -> float:
        return _LATENCIES[self.take(len(_LATENCIES))]

    def _next(self) -> int:
        self.place += 1
        return self.data[self.place - 1] if self.place <= len(self.data) else 0
