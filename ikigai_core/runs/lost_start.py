"""Look for a start whose answer was lost, for a limited time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ikigai_core.errors import IkigaiError, PlatformAwayError, UnexpectedAnswerError
from ikigai_core.procedure import Procedure, pause
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs.durations import spoken
from ikigai_core.runs.logs import logs_since
from ikigai_core.runs.outages import asked_to_wait
from ikigai_core.runs.ownership import own_among
from ikigai_core.runs.state import RunState
from ikigai_core.runs.status import glance_at

LOOK_FOR = 30.0
"""Seconds to watch status and log for a start whose answer was lost: a started flow may be reported idle for a while.
Time in which the platform does not answer is not counted."""

LONGEST_LOOK = 300.0
"""Seconds after which the search ends in any case, including outages."""

_BETWEEN = 1.0


@dataclass(frozen=True)
class Seen:
    """The state of a flow and its log entries newer than the baseline.

    Attributes
    ----------
    report : FlowStatusReport
    logs : sequence of RunLog
        The entries that may belong to the run, oldest first.
    """

    report: FlowStatusReport
    logs: Sequence[RunLog]

    def __str__(self) -> str:
        ended = ", ".join(f"{log.log_id} {log.status.value}" for log in self.logs)
        parts = [f"the flow was {self.report.status.value}" if not self.report.is_idle else "", ended]
        return ", ".join(part for part in parts if part)


def look_once(run: RunState) -> Procedure[Seen | None]:
    """Look at status and log once; None if they show nothing newer than the run's baseline."""
    report = yield from glance_at(run)
    logs = own_among((yield from logs_since(run)), run)
    return Seen(report, logs) if logs or not report.is_idle else None


def look_for(run: RunState, seconds: float | None = None) -> Procedure[Seen | None]:
    """Watch status and log until one of them shows a run, or until the time is up.

    Parameters
    ----------
    run : RunState
    seconds : float, optional
        Duration of the search; only time between two answers counts. Default: `LOOK_FOR`.

    Raises
    ------
    PlatformAwayError
        The search could not be completed within `LONGEST_LOOK`.
    """
    wanted = LOOK_FOR if seconds is None else seconds
    began = now = yield from pause(0)
    looked_for, answered_at = 0.0, None
    while True:
        asked = 0.0
        try:
            seen = yield from look_once(run)
        except IkigaiError as error:
            if not (error.transient or isinstance(error, UnexpectedAnswerError)):
                raise
            if now - began >= LONGEST_LOOK:
                raise PlatformAwayError(
                    f"It could not be checked for {spoken(now - began)} whether flow {run.flow_name!r} started "
                    f"({error})."
                ) from None
            answered_at, asked = None, asked_to_wait(error)
        else:
            looked_for += 0.0 if answered_at is None else now - answered_at
            answered_at = now
            if seen is not None or looked_for >= wanted or now - began >= LONGEST_LOOK:
                return seen
        now = yield from pause(max(_BETWEEN, asked))
