"""Starting the flow itself, which others may start, too."""

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
"""Seconds within which no other run begins and ends: after a start that took longer, others are looked for."""


def start_shared(wanted: Launch) -> Procedure[RunState]:
    """Start the flow once it is idle, or do what else was wanted of a busy one."""
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
    """Start the flow; the run stays ``prepared`` if the flow was busy, so that nothing was started."""
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
        # A successor must not take whatever runs now for the run that it finds here.
        yield from keep(wanted, replace(run, phase="refused"))
        if not (yield from _was_busy(run, error)):
            raise
        return run
    is_slow = (yield from pause(0)) - looked >= _AT_ONCE
    if is_slow:
        return (yield from recounted(wanted, (yield from started(wanted, replace(run, rivals=-1)))))
    return (yield from started(wanted, (yield from _counted(wanted, run))))


def _is_still_free(wanted: Launch, run: RunState) -> Procedure[bool]:
    """Whether nobody has started the flow while the note was written, which takes a while."""
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
    """The run with what the flow's log, and its own output, are before the start.

    It comes before the status: whatever runs when that is read ends after the baseline.
    """
    entry = yield from newest_entry(run.app_id, run.flow_id)
    before = (yield from last_changed(run)) if run.unique_output else ""
    if entry is None:
        return replace(run, baseline=None, baseline_at=None, output_before=before)
    return replace(run, baseline=entry.log_id, baseline_at=entry.timestamp.isoformat(), output_before=before)


def _was_busy(run: RunState, error: IkigaiError) -> Procedure[bool]:
    """Whether a start was refused because the flow was running; by now that run may be over."""
    if error.transient or isinstance(error, AccessRefusedError | NotFoundError):
        return False
    if isinstance(error, ConflictError) or not (yield from report_of(run)).is_idle:
        return True
    return bool((yield from logs_since(run)))


def _counted(wanted: Launch, run: RunState, *, is_slow: bool = False) -> Procedure[RunState]:
    """A run that was started, with the number of others that ended meanwhile.

    If the platform does not answer, that is not known, and its followers take every entry that they find for a
    candidate.
    """
    try:
        if wanted.has_lease or is_slow:
            yield from _until_seen(run, is_slow=is_slow)
        return (yield from counted(run))
    except IkigaiError:
        return replace(run, rivals=-1)


def recounted(wanted: Launch, run: RunState) -> Procedure[RunState]:
    """A run that was kept as started before the others were counted, which may take a while."""
    known = yield from _counted(wanted, run, is_slow=True)
    if known != run:
        yield from keep(wanted, known)
    return known


def _until_seen(run: RunState, *, is_slow: bool) -> Procedure[None]:
    """Wait until the flow shows a run that was started.

    If it reads idle, it may not have begun this run yet: then the newest entry in its log is another's. And who has the
    lease next would take it for free.
    """
    seen = yield from look_for(run)
    if seen is not None and seen.logs and seen.report.is_idle and is_slow:
        yield from look_for(replace(run, baseline=seen.logs[-1].log_id))


def _until_idle(wanted: Launch, run: RunState, began: float) -> Procedure[None]:
    """Wait for the end of somebody else's run, also while the platform is away for minutes."""
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
    """The run whose start was sent without an answer, if it can be proven or a guess is wanted."""
    unknown = replace(run, phase="unknown")
    yield from keep(wanted, unknown)
    why = f"The answer to the start of flow {run.flow_name!r} was lost ({error})"
    try:
        seen = yield from look_for(unknown)
    except IkigaiError as failure:
        raise StartUnknownError(f"{why}, and what became of it cannot be looked up: {failure} {REMEDY}") from None
    if seen is None:
        raise StartUnknownError(f"{why}, and neither status nor log showed a run. It was not sent again. {REMEDY}")
    # The lease counts as proof only if it is still held now, after what was seen.
    is_alone = yield BlockingCall(wanted.lease.renew)
    return (yield from claimed(wanted, unknown, seen, why, is_proven=is_alone))


def claimed(wanted: Launch, run: RunState, seen: Seen, why: str, *, is_proven: bool) -> Procedure[RunState]:
    """A run that was seen after a start that nobody answered.

    Raises
    ------
    StartUnknownError
        It may be another's.
    """
    if run.unique_output and not is_proven:
        # Whether it is this run is proven, or not, by what it has written at its end.
        return run
    if not is_proven and wanted.run.on_doubt == "fail":
        raise StartUnknownError(
            f"{why}. What is seen since ({seen}) may be another run of {run.user or 'the same user'}. {REMEDY}"
        )
    doubt = "" if is_proven else "The answer to its start was lost; a run that was seen afterwards is taken for it."
    started = replace(run, phase="started", doubt=doubt)
    yield from keep(wanted, started)
    return started
