"""Start the flow itself, which others may start too."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ikigai_core.api import flows
from ikigai_core.errors import (
    AccessRefusedError,
    AnswerLostError,
    ApiError,
    ConflictError,
    ConnectionFailedError,
    FlowBusyError,
    IkigaiError,
    NotFoundError,
    StartUnknownError,
    UnexpectedAnswerError,
)
from ikigai_core.procedure import BlockingCall, Procedure, pause, send
from ikigai_core.runs.counting import counted
from ikigai_core.runs.durations import spoken
from ikigai_core.runs.evidence import last_changed
from ikigai_core.runs.launch import REMEDY, Launch, keep, may_have_arrived, started
from ikigai_core.runs.lease import holding
from ikigai_core.runs.logs import logs_since, newest_entry
from ikigai_core.runs.lost_start import Seen, look_for
from ikigai_core.runs.outages import OutageTracker, asked_to_wait
from ikigai_core.runs.polling import interval, next_look
from ikigai_core.runs.state import RunState
from ikigai_core.runs.status import glance_at, report_of

_AT_ONCE = 2.0
"""Seconds within which no other run can start and end. After a slower start, other runs are counted."""


def start_shared(wanted: Launch) -> Procedure[RunState]:
    """Start the flow when it is idle. If it is busy, do as `on_busy` says."""
    began = yield from pause(0)
    deadline = None if wanted.timeout is None else began + wanted.timeout
    while True:
        run = yield from holding(wanted.lease, wanted.run, deadline, partial(_start_if_idle, wanted))
        if run.phase != "prepared":
            return run
        if wanted.on_busy == "attach":
            attached = replace(run, phase="started", attached=True, user=None, variables={}, unique_output="")
            yield from keep(wanted, attached)
            return attached
        if wanted.on_busy == "fail":
            raise FlowBusyError(
                f"Flow {run.flow_name!r} is running already. Wait for that run, attach to it, run a private copy, or "
                "try again later."
            )
        yield from _until_idle(wanted, run, began)


def _start_if_idle(wanted: Launch) -> Procedure[RunState]:
    """Start the flow. If it was busy, nothing is started and the run stays ``prepared``."""
    run = yield from _with_baseline(wanted.run)
    looked = yield from pause(0)
    if not (yield from report_of(run)).is_idle:
        return run
    yield from keep(wanted, run)
    if not (yield from _is_still_free(wanted, run)):
        yield from keep(wanted, replace(run, phase="refused"))
        return run
    try:
        yield from send(flows.run(run.app_id, run.flow_id, run.variables))
    except (ApiError, AnswerLostError, ConnectionFailedError, UnexpectedAnswerError) as error:
        if may_have_arrived(error):
            return (yield from _lost(wanted, run, error))
        # A successor must not mistake any current run for this one.
        yield from keep(wanted, replace(run, phase="refused"))
        if not (yield from _was_busy(run, error)):
            raise
        return run
    is_slow = (yield from pause(0)) - looked >= _AT_ONCE
    if is_slow:
        return (yield from recounted(wanted, (yield from started(wanted, replace(run, rivals=-1)))))
    return (yield from started(wanted, (yield from _counted(wanted, run))))


def _is_still_free(wanted: Launch, run: RunState) -> Procedure[bool]:
    """True if nobody has started the flow while the note was written, which takes some time."""
    try:
        if wanted.keep is not None:
            entry = yield from newest_entry(run.app_id, run.flow_id)
            if entry is not None and entry.log_id != run.baseline:
                return False
        return not wanted.has_lease or bool((yield BlockingCall(wanted.lease.renew)))
    except Exception:
        yield from keep(wanted, replace(run, phase="refused"))
        raise


def _with_baseline(run: RunState) -> Procedure[RunState]:
    """Add the state of the flow's log and of the run's own output before the start.

    This happens before the status is read. So a run that is active at that time ends after the baseline.
    """
    entry = yield from newest_entry(run.app_id, run.flow_id)
    before = (yield from last_changed(run)) if run.unique_output else ""
    if entry is None:
        return replace(run, baseline=None, baseline_at=None, output_before=before)
    return replace(run, baseline=entry.log_id, baseline_at=entry.timestamp.isoformat(), output_before=before)


def _was_busy(run: RunState, error: IkigaiError) -> Procedure[bool]:
    """True if the start was refused because the flow was running. By now, that run may be over."""
    if error.transient or isinstance(error, AccessRefusedError | NotFoundError):
        return False
    if isinstance(error, ConflictError) or not (yield from report_of(run)).is_idle:
        return True
    return bool((yield from logs_since(run)))


def _counted(wanted: Launch, run: RunState, *, is_slow: bool = False) -> Procedure[RunState]:
    """A started run, with the number of other runs that ended in the meantime.

    If the platform does not answer, the number is not known. Then followers consider every entry as possibly the run's.
    """
    try:
        if wanted.has_lease or is_slow:
            yield from _until_seen(run, is_slow=is_slow)
        return (yield from counted(run))
    except IkigaiError:
        return replace(run, rivals=-1)


def recounted(wanted: Launch, run: RunState) -> Procedure[RunState]:
    """Count other runs for a run that is already stored as started. Counting may take some time."""
    known = yield from _counted(wanted, run, is_slow=True)
    if known != run:
        yield from keep(wanted, known)
    return known


def _until_seen(run: RunState, *, is_slow: bool) -> Procedure[None]:
    """Wait until the flow shows a run that was started.

    If the flow is idle, it may not have begun this run yet. Then the newest log entry belongs to another run, and the
    next holder of the lease would think that the flow is free.
    """
    seen = yield from look_for(run)
    if seen is not None and seen.logs and seen.report.is_idle and is_slow:
        yield from look_for(replace(run, baseline=seen.logs[-1].log_id))


def _until_idle(wanted: Launch, run: RunState, began: float) -> Procedure[None]:
    """Wait for the end of somebody else's run. Tolerates outages of some minutes."""
    outage = OutageTracker()
    deadline = None if wanted.timeout is None else began + wanted.timeout
    now, asked = (yield from pause(0)), 0.0
    while True:
        now = yield from next_look(now, max(interval(now - began), asked), deadline)
        try:
            if (yield from glance_at(run)).is_idle:
                return
            outage.answered()
            asked = 0.0
        except IkigaiError as error:
            if not outage.bears(error, now):
                raise
            asked = asked_to_wait(error)
        if deadline is not None and now >= deadline:
            raise FlowBusyError(
                f"Flow {run.flow_name!r} is running already, and still was after {spoken(now - began)} of waiting. "
                "Attach to that run, run a private copy, or try again later."
            )


# -- a start whose answer was lost -------------------------------------------------------------------------------------


def _lost(wanted: Launch, run: RunState, error: IkigaiError) -> Procedure[RunState]:
    """The run whose start was not answered, if it can be proven or if a guess is allowed."""
    unknown = replace(run, phase="unknown")
    yield from keep(wanted, unknown)
    why = f"The answer to the start of flow {run.flow_name!r} was lost ({error})"
    try:
        seen = yield from look_for(unknown)
    except IkigaiError as failure:
        raise StartUnknownError(f"{why}, and it cannot be checked whether it started: {failure} {REMEDY}") from None
    if seen is None:
        raise StartUnknownError(f"{why}, and neither status nor log showed a run. It was not sent again. {REMEDY}")
    # The lease is a proof only if it is still held now, after the look.
    is_alone = yield BlockingCall(wanted.lease.renew)
    return (yield from claimed(wanted, unknown, seen, why, is_proven=is_alone))


def claimed(wanted: Launch, run: RunState, seen: Seen, why: str, *, is_proven: bool) -> Procedure[RunState]:
    """Claim a run that appeared after a start that was not answered.

    Raises
    ------
    StartUnknownError
        The run may belong to somebody else.
    """
    if run.unique_output and not is_proven:
        # The output that the run has written at its end will prove whether it is this run.
        return run
    if not is_proven and wanted.run.on_doubt == "fail":
        raise StartUnknownError(
            f"{why}. What was seen since ({seen}) may be another run of {run.user or 'the same user'}. {REMEDY}"
        )
    doubt = (
        "" if is_proven else "The answer to its start was lost; a run that was seen afterwards is taken for this one."
    )
    started = replace(run, phase="started", doubt=doubt)
    yield from keep(wanted, started)
    return started
