"""Starting a flow once: never twice, whatever gets lost on the way."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ikigai_core.api import flows
from ikigai_core.errors import (
    AnswerLost,
    ApiError,
    Authentication,
    Conflict,
    ConnectionFailed,
    FlowBusy,
    IkigaiError,
    InvalidInput,
    NotFound,
    RateLimited,
    ServerError,
    StartUnknown,
)
from ikigai_core.logs import fields
from ikigai_core.procedure import Procedure, Work, ask, pause
from ikigai_core.runs.durations import spoken
from ikigai_core.runs.follow import glance_at, report_of
from ikigai_core.runs.logs import logs_since, newest_log_id
from ikigai_core.runs.ownership import after_the_start, own_among
from ikigai_core.runs.patience import Patience, asked_to_wait
from ikigai_core.runs.polling import interval, next_look
from ikigai_core.runs.state import RunState

logger = logging.getLogger(__name__)

OnBusy = Literal["wait", "attach", "fail"]
Keep = Callable[[dict[str, Any]], Awaitable[None] | None]

LOOK_FOR = 30.0
"""Seconds for which status and log are watched after a start whose answer was lost: a started flow may still read idle,
and a short run may already be over."""


@dataclass(frozen=True)
class Launch:
    """What a caller wants to start, and how.

    Attributes
    ----------
    run : RunState
        Without a baseline yet.
    on_busy : {"wait", "attach", "fail"}
    keep : callable, optional
        Told the run before its start is sent, and again when it is known to have started.
    timeout : float, optional
        Seconds to wait for a busy flow.
    """

    run: RunState
    on_busy: OnBusy = "fail"
    keep: Keep | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        if self.on_busy not in ("wait", "attach", "fail"):
            raise InvalidInput(f"on_busy is {self.on_busy!r}: choose 'wait', 'attach' or 'fail'.")


def launch(wanted: Launch, previous: Mapping[str, Any] | None = None) -> Procedure[RunState]:
    """Start a flow, or pick up the run that an earlier try kept.

    Raises
    ------
    FlowBusy
        The flow runs already, and `on_busy` is ``fail``, or the wait for it timed out.
    StartUnknown
        Whether it was started could not be found out.
    """
    kept = None if previous is None else RunState.from_dict(previous)
    if kept is not None and kept.phase != "refused":
        return (yield from _pick_up(wanted, kept))
    began = yield from pause(0)
    while True:
        # The baseline comes first: whatever runs when the status is read ends after it.
        baseline = yield from newest_log_id(wanted.run.app_id, wanted.run.flow_id)
        run = replace(wanted.run, baseline=baseline)
        if (yield from report_of(run)).is_idle:
            started = yield from _start(wanted, run)
            if started is not None:
                return started
        if wanted.on_busy == "attach":
            attached = replace(run, phase="started", attached=True, user=None)
            yield from _keep(wanted, attached)
            return attached
        if wanted.on_busy == "fail":
            raise FlowBusy(
                f"Flow {run.flow_name!r} is running already. Wait for that run, attach to it, or try again later."
            )
        yield from _until_idle(wanted, run, began)


def _start(wanted: Launch, run: RunState) -> Procedure[RunState | None]:
    """Send the start of an idle flow; None where it turned out to be busy after all."""
    yield from _keep(wanted, run)
    try:
        yield from ask(flows.run(run.app_id, run.flow_id, run.variables))
    except (ApiError, AnswerLost, ConnectionFailed) as error:
        if _may_have_arrived(error):
            return (yield from _found(wanted, run, error))
        # A successor must not take whatever runs now for the run that it finds here.
        yield from _keep(wanted, replace(run, phase="refused"))
        if not (yield from _was_busy(run, error)):
            raise
        return None
    started = replace(run, phase="started")
    logger.info(
        "Flow %r was started",
        run.flow_name,
        extra=fields(app_id=run.app_id, flow_id=run.flow_id, baseline=run.baseline),
    )
    yield from _keep(wanted, started)
    overlapped = yield from _overlaps(started)
    if overlapped != started:
        yield from _keep(wanted, overlapped)
    return overlapped


def _may_have_arrived(error: IkigaiError) -> bool:
    """Whether a start may have been carried out all the same."""
    return isinstance(error, AnswerLost | ServerError) or (isinstance(error, RateLimited) and error.status == 408)


def _was_busy(run: RunState, error: IkigaiError) -> Procedure[bool]:
    """Whether a start was refused because the flow was running; by now that run may be over."""
    if error.transient or isinstance(error, Authentication | NotFound):
        return False
    if isinstance(error, Conflict) or not (yield from report_of(run)).is_idle:
        return True
    return bool((yield from logs_since(run)))


def _overlaps(run: RunState) -> Procedure[RunState]:
    """The run, with what speaks against its being told from others', as seen right after its start."""
    try:
        logs = yield from logs_since(run)
        if not own_among(logs, run):
            return run
        report = yield from report_of(run)
        if report.is_idle:
            logs = yield from logs_since(run)
        return after_the_start(run, logs, report)
    except IkigaiError:
        # It has started. What else can be learnt, its followers will.
        return run


def _until_idle(wanted: Launch, run: RunState, began: float) -> Procedure[None]:
    """Wait for the end of somebody else's run, also while the platform is away for minutes."""
    patience = Patience()
    deadline = None if wanted.timeout is None else began + wanted.timeout
    now, asked = (yield from pause(0)), 0.0
    while True:
        now = yield from next_look(now, max(interval(now - began), asked), deadline)
        try:
            if (yield from glance_at(run)).is_idle:
                return
            patience.answered()
            asked = 0.0
        except IkigaiError as error:
            if not patience.bears(error, now):
                raise
            asked = asked_to_wait(error)
        if deadline is not None and now >= deadline:
            raise FlowBusy(
                f"Flow {run.flow_name!r} is running already, and still was after {spoken(now - began)} of waiting. "
                "Attach to that run, or try again later."
            )


def _pick_up(wanted: Launch, run: RunState) -> Procedure[RunState]:
    if run.flow_id != wanted.run.flow_id:
        raise InvalidInput(
            f"The run that was kept is of flow {run.flow_id} ({run.flow_name!r}), not of {wanted.run.flow_id}."
        )
    if run.phase == "prepared":
        if not (yield from _has_started(run)):
            started = yield from _start(wanted, run)
            if started is not None:
                return started
        doubt = "The start was prepared by a process that died; a run that was seen afterwards is taken for its own."
        run = replace(run, phase="started", doubt=doubt)
        yield from _keep(wanted, run)
    return replace(run, attached=True)


def _found(wanted: Launch, run: RunState, error: IkigaiError) -> Procedure[RunState]:
    """The run whose start was sent without an answer, as status or log show it."""
    try:
        has_started = yield from _has_started(run)
    except IkigaiError as failure:
        raise StartUnknown(
            f"The start of flow {run.flow_name!r} was sent and its answer was lost, and what became of it cannot be "
            f"looked up. It was not sent again. Look at the flow before you start it anew. ({failure})"
        ) from None
    if not has_started:
        raise StartUnknown(
            f"The start of flow {run.flow_name!r} was sent, but its answer was lost, and for {LOOK_FOR:.0f} s neither "
            f"status nor log showed a run. It was not sent again. Look at the flow before you start it anew. ({error})"
        )
    doubt = "The answer to the start was lost; a run that was seen afterwards is taken for the one that it began."
    started = replace(run, phase="started", doubt=doubt)
    yield from _keep(wanted, started)
    return started


def _has_started(run: RunState) -> Procedure[bool]:
    """Watch status and log until one of them shows a run newer than the baseline, or the time is up.

    Time in which the platform does not answer does not count, as long as that is minutes.
    """
    patience = Patience()
    now = yield from pause(0)
    began: float | None = None
    while began is None or now - began < LOOK_FOR:
        asked = 0.0
        try:
            if not (yield from glance_at(run)).is_idle or own_among((yield from logs_since(run)), run):
                return True
        except IkigaiError as error:
            if not patience.bears(error, now):
                raise
            began, asked = None, asked_to_wait(error)
        else:
            patience.answered()
            began = now if began is None else began
        now = yield from pause(max(1.0, asked))
    return False


def _keep(wanted: Launch, run: RunState) -> Procedure[None]:
    if wanted.keep is not None:
        yield Work(partial(wanted.keep, run.to_dict()))
