"""Starting a flow once, whatever gets lost on the way; the states of a start are drawn in ``docs/runs.md``.

A task may only take a run for its own if that is proven. A private copy proves it, and so does the platform's answer to
the start, a lease that was held from the baseline until the run was seen, or an output that only this run was to write.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, NoReturn, get_args

from ikigai_core.api import flows
from ikigai_core.api.answers import Record
from ikigai_core.errors import (
    AccessRefusedError,
    AnswerLostError,
    ApiError,
    ConflictError,
    ConnectionFailedError,
    FlowBusyError,
    IkigaiError,
    InvalidInputError,
    NotFoundError,
    PlatformAwayError,
    RateLimitedError,
    ServerError,
    StartUnknownError,
    UnexpectedAnswerError,
)
from ikigai_core.logs import fields
from ikigai_core.procedure import BlockingCall, Procedure, pause, send
from ikigai_core.runs import copies
from ikigai_core.runs.durations import spoken
from ikigai_core.runs.evidence import last_changed
from ikigai_core.runs.follow import counted, glance_at, report_of
from ikigai_core.runs.keeping import Keep, keep_note
from ikigai_core.runs.lease import NoLease, StartLease, holding
from ikigai_core.runs.logs import logs_since, newest_entry
from ikigai_core.runs.lost_start import Seen, look_for
from ikigai_core.runs.outages import OutageTracker, asked_to_wait
from ikigai_core.runs.polling import interval, next_look
from ikigai_core.runs.state import OnDoubt, RunState

logger = logging.getLogger(__name__)

OnBusy = Literal["wait", "attach", "fail"]
Isolation = Literal["shared", "copy"]
_REMEDY = "Look at the flow's log; then start it anew, or leave it at that. A run on a private copy has no such doubt."
_MOST_COPIES = 5

_AT_ONCE = 2.0
"""Seconds within which no other run begins and ends: after a start that took longer, others are looked for."""


@dataclass(frozen=True)
class Launch:
    """What a caller wants to start, and how.

    Attributes
    ----------
    run : RunState
        Without a baseline yet.
    on_busy : {"wait", "attach", "fail"}
    isolation : {"shared", "copy"}
        Whether the flow itself runs, or a private copy.
    keep : callable, optional
        Told the run before each step that cannot be taken back, and after it.
    lease : StartLease, optional
        Keeps other starters of the shared flow out.
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
        """Whether other starters of the flow are kept out."""
        return not isinstance(self.lease, NoLease)

    def __post_init__(self) -> None:
        _check_choice("on_busy", self.on_busy, get_args(OnBusy))
        _check_choice("isolation", self.isolation, get_args(Isolation))
        _check_choice("on_doubt", self.run.on_doubt, get_args(OnDoubt))
        if self.isolation == "copy" and self.on_busy == "attach":
            raise InvalidInputError(
                "on_busy='attach' takes another run of the flow, and a private copy has none: drop one."
            )


@dataclass(frozen=True)
class Launched:
    """A run that a launch gave.

    Attributes
    ----------
    run : RunState
    is_picked_up : bool
        Whether an earlier try started it.
    """

    run: RunState
    is_picked_up: bool = False


def launch(wanted: Launch, previous: Mapping[str, Any] | None = None) -> Procedure[Launched]:
    """Start a flow, or pick up the run that an earlier try kept.

    Raises
    ------
    FlowBusyError
        The flow runs already, and `on_busy` is ``fail``, or the wait for it timed out.
    StartUnknownError
        What became of the start could not be proven. Nothing was started a second time.
    """
    if previous is not None:
        picked_up = yield from _pick_up(wanted, RunState.from_dict(previous))
        if picked_up is not None:
            return Launched(picked_up, is_picked_up=True)
    if wanted.isolation == "copy":
        return Launched((yield from _launch_copy(wanted)))
    return Launched((yield from _launch_shared(wanted)))


# -- the shared flow ---------------------------------------------------------------------------------------------------


def _launch_shared(wanted: Launch) -> Procedure[RunState]:
    began = yield from pause(0)
    deadline = None if wanted.timeout is None else began + wanted.timeout
    while True:
        run = yield from holding(wanted.lease, wanted.run, deadline, partial(_start_if_idle, wanted))
        if run.phase != "prepared":
            return run
        if wanted.on_busy == "attach":
            attached = replace(run, phase="started", attached=True, user=None, variables={}, unique_output="")
            yield from _keep(wanted, attached)
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
    yield from _keep(wanted, run)
    if not (yield from _is_still_free(wanted, run)):
        yield from _keep(wanted, replace(run, phase="refused"))
        return run
    try:
        yield from send(flows.run(run.app_id, run.flow_id, run.variables))
    except (ApiError, AnswerLostError, ConnectionFailedError, UnexpectedAnswerError) as error:
        if _may_have_arrived(error):
            return (yield from _lost(wanted, run, error))
        # A successor must not take whatever runs now for the run that it finds here.
        yield from _keep(wanted, replace(run, phase="refused"))
        if not (yield from _was_busy(run, error)):
            raise
        return run
    is_slow = (yield from pause(0)) - looked >= _AT_ONCE
    if is_slow:
        return (yield from _recounted(wanted, (yield from _started(wanted, replace(run, rivals=-1)))))
    return (yield from _started(wanted, (yield from _counted(wanted, run))))


def _is_still_free(wanted: Launch, run: RunState) -> Procedure[bool]:
    """Whether nobody has started the flow while the note was written, which takes a while."""
    try:
        if wanted.keep is not None:
            entry = yield from newest_entry(run.app_id, run.flow_id)
            if entry is not None and entry.log_id != run.baseline:
                return False
        return not wanted.has_lease or bool((yield BlockingCall(wanted.lease.renew)))
    except Exception:
        yield from _keep(wanted, replace(run, phase="refused"))
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


def _started(wanted: Launch, run: RunState) -> Procedure[RunState]:
    started = replace(run, phase="started")
    logger.info(
        "Flow %r was started",
        run.flow_name,
        extra=fields(app_id=run.app_id, flow_id=run.running_flow_id, baseline=run.baseline),
    )
    yield from _keep(wanted, started)
    return started


def _may_have_arrived(error: IkigaiError) -> bool:
    """Whether a start may have been carried out all the same."""
    is_unheard = isinstance(error, AnswerLostError | ServerError | UnexpectedAnswerError)
    return is_unheard or (isinstance(error, RateLimitedError) and error.status == 408)


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


def _recounted(wanted: Launch, run: RunState) -> Procedure[RunState]:
    """A run that was kept as started before the others were counted, which may take a while."""
    known = yield from _counted(wanted, run, is_slow=True)
    if known != run:
        yield from _keep(wanted, known)
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
    yield from _keep(wanted, unknown)
    why = f"The answer to the start of flow {run.flow_name!r} was lost ({error})"
    try:
        seen = yield from look_for(unknown)
    except IkigaiError as failure:
        raise StartUnknownError(f"{why}, and what became of it cannot be looked up: {failure} {_REMEDY}") from None
    if seen is None:
        raise StartUnknownError(f"{why}, and neither status nor log showed a run. It was not sent again. {_REMEDY}")
    # The lease counts as proof only if it is still held now, after what was seen.
    is_alone = yield BlockingCall(wanted.lease.renew)
    return (yield from _claimed(wanted, unknown, seen, why, is_proven=is_alone))


def _claimed(wanted: Launch, run: RunState, seen: Seen, why: str, *, is_proven: bool) -> Procedure[RunState]:
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
            f"{why}. What is seen since ({seen}) may be another run of {run.user or 'the same user'}. {_REMEDY}"
        )
    doubt = "" if is_proven else "The answer to its start was lost; a run that was seen afterwards is taken for it."
    started = replace(run, phase="started", doubt=doubt)
    yield from _keep(wanted, started)
    return started


# -- a private copy ----------------------------------------------------------------------------------------------------


def _launch_copy(wanted: Launch) -> Procedure[RunState]:
    original = yield from send(flows.fetch(wanted.run.flow_id))
    for _ in range(_MOST_COPIES):
        started = yield from _start_copy(wanted, original)
        if started is not None:
            return started
    raise PlatformAwayError(
        f"{_MOST_COPIES} private copies of flow {wanted.run.flow_name!r} were made, and no answer to the creation or "
        "the start of any of them arrived. None of them runs."
    )


def _start_copy(wanted: Launch, original: Record) -> Procedure[RunState | None]:
    """Make a private copy and start it; None if the start got lost and can do nothing any more."""
    named = replace(wanted.run, copy_name=copies.copy_name(wanted.run.flow_name), baseline=None)
    yield from _keep(wanted, named)
    copy = yield from copies.create_copy(named, original)
    if copy is None:
        # Should it be created later, it is never started, and swept.
        return None
    copy = yield from copies.with_age(copy)
    yield from _keep(wanted, copy)
    try:
        yield from send(flows.run(copy.app_id, copy.running_flow_id, copy.variables))
    except (ApiError, AnswerLostError, ConnectionFailedError, UnexpectedAnswerError) as error:
        if not (_may_have_arrived(error) or isinstance(error, ConflictError)):
            if (yield from _keep(wanted, replace(copy, phase="refused"))):
                # What is not noted, a successor still looks for; and it may be another try's by now.
                yield from copies.close(copy)
            raise
        return (yield from _settle_copy(wanted, replace(copy, phase="unknown")))
    return (yield from _started(wanted, copy))


def _settle_copy(wanted: Launch, copy: RunState) -> Procedure[RunState | None]:
    """The run of a copy whose start may have arrived; None if it has not, and can do nothing any more."""
    try:
        has_arrived = yield from copies.settle(copy)
    except NotFoundError:
        raise StartUnknownError(
            f"The private copy {copy.copy_name!r} is gone before the end of its run was noted: somebody deleted it. "
            "Look at what the flow wrote before you start it anew."
        ) from None
    if has_arrived:
        return (yield from _started(wanted, copy))
    yield from _keep(wanted, replace(copy, phase="fenced"))
    yield from copies.remove(copy)
    return None


# -- the run of an earlier try -----------------------------------------------------------------------------------------


def _pick_up(wanted: Launch, kept: RunState) -> Procedure[RunState | None]:
    """The run that an earlier try kept; None if that has come to nothing, so that another is started."""
    if kept.flow_id != wanted.run.flow_id:
        raise InvalidInputError(
            f"The run that was kept is of flow {kept.flow_id} ({kept.flow_name!r}), not of {wanted.run.flow_id}."
        )
    if kept.phase == "refused":
        return None
    if kept.phase == "started" and kept.rivals < 0:
        return (yield from _recounted(wanted, kept))
    if kept.phase in ("started", "ended", "taken"):
        return kept
    if not kept.is_private:
        return (yield from _pick_up_shared(wanted, kept))
    if kept.phase in ("copied", "unknown"):
        return (yield from _settle_copy(wanted, kept))
    # The start of a copy that is only prepared was never sent, and that of a fenced one runs nothing.
    yield from copies.close(kept)
    return None


def _pick_up_shared(wanted: Launch, kept: RunState) -> Procedure[RunState | None]:
    """The run whose start was prepared by a process that died, or was lost, as far as that can be proven now."""
    why = f"Whether flow {kept.flow_name!r} was started by an earlier try is not known"
    seen = yield from look_for(kept)
    if seen is not None:
        return (yield from _claimed(wanted, replace(kept, phase="unknown"), seen, why, is_proven=False))
    if wanted.run.on_doubt == "accept":
        return None
    yield from _keep(wanted, replace(kept, phase="unknown"))
    _raise_never_seen(why)


def _raise_never_seen(why: str) -> NoReturn:
    raise StartUnknownError(
        f"{why}: neither status nor log shows a run. The start may still arrive, so it was not sent again. {_REMEDY}"
    )


def _keep(wanted: Launch, run: RunState) -> Procedure[bool]:
    return (yield from keep_note(wanted.keep, run, strictly=run.phase in ("prepared", "copied", "fenced")))


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        listed = " or ".join((", ".join(map(repr, choices[:-1])), repr(choices[-1])))
        raise InvalidInputError(f"{name} is {value!r}: choose {listed}.")
