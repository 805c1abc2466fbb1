"""Following a run to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from ikigai_core.api import flows
from ikigai_core.errors import IkigaiError, RunLost, RunTimeout
from ikigai_core.procedure import Procedure, Work, ask, pause
from ikigai_core.runs.logs import own_log
from ikigai_core.runs.polling import BUDGET
from ikigai_core.runs.records import FlowStatusReport, RunLog
from ikigai_core.runs.state import RunState

OnUpdate = Callable[[FlowStatusReport], Awaitable[None] | None]

START_GRACE = 60.0
"""Seconds for which a flow may read idle, with no log of the run, before the run counts as lost: it may not have begun
yet, and the log may lag behind the status."""

OUTAGE = 300.0
"""Seconds for which the platform may be away while a run is followed."""


@dataclass
class _Watch:
    """What a follower has seen so far."""

    last: FlowStatusReport | None = None
    idle_since: float | None = None
    away_since: float | None = None

    def worth_a_look(self, report: FlowStatusReport) -> bool:
        """Whether the run may be over: the flow is idle, or went back to an earlier state, so another run may be on."""
        last = self.last
        if report.is_idle:
            return True
        return last is not None and (last.status != report.status or (last.progress or 0) > (report.progress or 0))


def report_of(run: RunState) -> Procedure[FlowStatusReport]:
    """The flow's state, now."""
    return FlowStatusReport.read((yield from ask(flows.status(run.app_id, run.flow_id))))


def follow(
    run: RunState, *, timeout: float | None = None, on_update: OnUpdate | None = None, outage: float = OUTAGE
) -> Procedure[RunLog]:
    """Follow a run that was started, and return its log, also that of a failed run.

    Parameters
    ----------
    timeout : float, optional
        Seconds from now; None waits for as long as it takes.
    on_update : callable, optional
        Told each change of status or progress.
    outage : float, default 300
        Seconds for which the platform may be away without ending the wait.

    Raises
    ------
    RunTimeout
        The run goes on.
    RunLost
        The flow is idle, and no log of the run appeared.
    IkigaiError
        What the platform answered, where it cannot help to ask again, or where it was away for too long.
    """
    with BUDGET.share():
        return (yield from _to_the_end(run, timeout, on_update, outage))


def _to_the_end(run: RunState, timeout: float | None, on_update: OnUpdate | None, outage: float) -> Procedure[RunLog]:
    watch = _Watch()
    began = now = yield from pause(0)
    while True:
        try:
            report = yield from report_of(run)
            log = (yield from own_log(run)) if watch.worth_a_look(report) else None
        except IkigaiError as error:
            watch.away_since = now if watch.away_since is None else watch.away_since
            if not error.transient or now - watch.away_since > outage:
                raise
        else:
            watch.away_since = None
            yield from _tell(watch, report, on_update)
            if log is not None:
                return log
            _check_not_lost(watch, report, run, now)
        left = None if timeout is None else timeout - (now - began)
        if left is not None and left <= 0:
            raise _timed_out(run, watch, timeout)
        now = yield from pause(BUDGET.interval(now - began, left))


def _timed_out(run: RunState, watch: _Watch, timeout: float | None) -> RunTimeout:
    seen = watch.last.status if watch.last else "not seen"
    return RunTimeout(
        f"Flow {run.flow_name!r} did not end within {timeout:.3g} s (last status: {seen}). "
        "The run goes on: the platform offers no way to stop it."
    )


def _tell(watch: _Watch, report: FlowStatusReport, on_update: OnUpdate | None) -> Procedure[None]:
    changed = watch.last is None or (watch.last.status, watch.last.progress) != (report.status, report.progress)
    watch.last = report
    if changed and on_update is not None:
        # What it does may block, and it must not hold up the event loop of the async face.
        yield Work(partial(on_update, report))


def _check_not_lost(watch: _Watch, report: FlowStatusReport, run: RunState, now: float) -> None:
    if not report.is_idle:
        watch.idle_since = None
        return
    watch.idle_since = now if watch.idle_since is None else watch.idle_since
    if now - watch.idle_since > START_GRACE:
        raise RunLost(
            f"Flow {run.flow_name!r} has been idle for {START_GRACE:.0f} s and its log shows no run newer than "
            f"{run.baseline or 'the empty log'}: the platform lost the run, or never began it."
        )
