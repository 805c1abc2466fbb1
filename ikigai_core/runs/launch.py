"""The request to start a flow, and the common steps of all ways to start it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from ikigai_core.errors import (
    AnswerLostError,
    IkigaiError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from ikigai_core.logs import fields, get_logger
from ikigai_core.procedure import Procedure
from ikigai_core.runs.keeping import Keep, keep_note
from ikigai_core.runs.lease import NoLease, StartLease
from ikigai_core.runs.start_options import Isolation, OnBusy, StartOptions
from ikigai_core.runs.state import RunState

logger = get_logger(__name__)

REMEDY = "Look at the flow's log before you start it again. A run on a private copy is never in doubt."


@dataclass(frozen=True)
class Launch:
    """The request to start a flow.

    Attributes
    ----------
    run : RunState
        Still without a baseline.
    on_busy : {"wait", "attach", "fail"}
    isolation : {"shared", "copy"}
        Run the flow itself, or a private copy.
    keep : callable, optional
        Called with the run before and after each step that cannot be undone.
    lease : StartLease, optional
        Excludes other starters of the shared flow.
    timeout : float, optional
        Seconds to wait for a busy flow.
    """

    run: RunState
    on_busy: OnBusy = "fail"
    isolation: Isolation = "shared"
    keep: Keep | None = None
    lease: StartLease = field(default_factory=NoLease)
    timeout: float | None = None

    @property
    def has_lease(self) -> bool:
        """True if other starters of the flow are excluded."""
        return not isinstance(self.lease, NoLease)

    def __post_init__(self) -> None:
        StartOptions(on_busy=self.on_busy, isolation=self.isolation, on_doubt=self.run.on_doubt).check()


@dataclass(frozen=True)
class Launched:
    """The run that results from a launch.

    Attributes
    ----------
    run : RunState
    is_picked_up : bool
        True if an earlier attempt started the run.
    """

    run: RunState
    is_picked_up: bool = False


def keep(wanted: Launch, run: RunState) -> Procedure[bool]:
    """Store a run, and return whether it is stored. Before a step that cannot be undone, a failure is raised."""
    return (yield from keep_note(wanted.keep, run, strictly=run.phase in ("prepared", "copied", "fenced")))


def started(wanted: Launch, run: RunState) -> Procedure[RunState]:
    """Store a run as started."""
    started = replace(run, phase="started", started_at=time.time())
    logger.info(
        "Flow %r was started",
        run.flow_name,
        extra=fields(app_id=run.app_id, flow_id=run.running_flow_id, baseline=run.baseline),
    )
    yield from keep(wanted, started)
    return started


def may_have_arrived(error: IkigaiError) -> bool:
    """True if a start may have been carried out despite the error."""
    is_unheard = isinstance(error, AnswerLostError | ServerError | UnexpectedAnswerError)
    return is_unheard or (isinstance(error, RateLimitedError) and error.status == 408)
