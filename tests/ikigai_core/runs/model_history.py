"""All that decides what happens in a history of the model."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model_faults import FAULTS, Fault, Tape
from .model_platform import Ways


@dataclass(frozen=True)
class History:
    """All that decides what happens.

    Attributes
    ----------
    mode : {"shared", "lease", "copy"}
    outcomes, begins : tuple
        For each task: how long its runs take, how they end; when it begins.
    faults : frozenset
        What may go wrong; the tape says where.
    """

    mode: str = "shared"
    on_busy: str = "wait"
    on_doubt: str = "fail"
    unique_output: bool = False
    ways: Ways = field(default_factory=Ways)
    outcomes: tuple[tuple[float, str], ...] = ((3.0, "SUCCESS"), (3.0, "SUCCESS"))
    begins: tuple[float, ...] = (0.0, 0.0)
    lease_seconds: float = 60.0
    poll: float | None = None
    faults: frozenset[Fault] = frozenset()
    tape: bytes = b""


def history_of(mode: str, data: bytes) -> History:
    """The history that these bytes say; 0 is what is simplest. Hypothesis draws bytes much faster than structures."""
    tape = Tape(data)
    is_copy = mode == "copy"
    ways = Ways(
        start_lag=tape.choose(0.0, 3.0, 15.0),
        log_lag=tape.choose(0.0, 2.0) if is_copy else 0.0,
        side_by_side=is_copy and bool(tape.take(2)),
        reads_late=bool(tape.take(2)),
        checks_variables=bool(tape.take(2)),
        lets_run=bool(tape.take(2)),
        writes_early=bool(tape.take(2)),
        fenced_seconds=tape.choose(0.0, 4.0, 90.0),
    )
    tasks = 2 + tape.take(2)
    # Runs of a shared flow are told apart where they last longer than a start takes.
    shortest = 0.0 if is_copy else 2.0
    durations = shortest, 3.0, 5.0, 20.0, 60.0
    return History(
        mode=mode,
        on_busy=("wait", "wait", "fail")[tape.take(3)],
        on_doubt=("fail", "fail", "accept")[tape.take(3)],
        unique_output=bool(tape.take(2)),
        ways=ways,
        outcomes=tuple((tape.choose(*durations), ("SUCCESS", "FAILED")[tape.take(2)]) for _ in range(tasks)),
        begins=tuple(tape.choose(0.0, 0.015, 1.0, 7.0, 30.0) for _ in range(tasks)),
        lease_seconds=tape.choose(60.0, 30.0, 400.0),
        poll=(5.0, None)[tape.take(2)],
        faults=frozenset(fault for fault in FAULTS if tape.take(3) == 1),
        tape=data[tape.place :],
    )
