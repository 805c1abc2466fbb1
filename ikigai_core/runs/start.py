"""Starting a flow once: never twice, whatever gets lost on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ikigai_core.api import flows
from ikigai_core.errors import (
    AnswerLost,
    ApiError,
    ConnectionFailed,
    FlowBusy,
    InvalidInput,
    RateLimited,
    ServerError,
    StartUnknown,
)
from ikigai_core.procedure import Procedure, Work, ask, pause
from ikigai_core.runs.follow import report_of
from ikigai_core.runs.logs import newest_log_id, own_log
from ikigai_core.runs.polling import BUDGET
from ikigai_core.runs.state import RunState

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
    began = now = yield from pause(0)
    while True:
        # The baseline comes first: whatever runs when the status is read ends after it.
        baseline = yield from newest_log_id(wanted.run.app_id, wanted.run.flow_id)
        run = replace(wanted.run, baseline=baseline)
        if (yield from report_of(run)).is_idle:
            started = yield from _start(wanted, run)
            if started is not None:
                return started
        if wanted.on_busy == "attach":
            attached = replace(run, phase="started", attached=True)
            yield from _keep(wanted, attached)
            return attached
        if wanted.on_busy == "fail" or (wanted.timeout is not None and now - began >= wanted.timeout):
            raise FlowBusy(
                f"Flow {run.flow_name!r} is running already. Wait for that run, attach to it, or try again later."
            )
        now = yield from pause(BUDGET.interval(now - began))


def _start(wanted: Launch, run: RunState) -> Procedure[RunState | None]:
    """Send the start of an idle flow; None where it turned out to be busy after all."""
    yield from _keep(wanted, run)
    try:
        yield from ask(flows.run(run.app_id, run.flow_id, run.variables))
    except (AnswerLost, ServerError) as error:
        yield from _look(run, error)
    except (ApiError, ConnectionFailed) as error:
        if isinstance(error, RateLimited) and error.status == 408:
            yield from _look(run, error)
        else:
            # A successor must not take whatever runs now for the run that it finds here.
            yield from _keep(wanted, replace(run, phase="refused"))
            if error.transient or (yield from report_of(run)).is_idle:
                raise
            return None
    started = replace(run, phase="started")
    yield from _keep(wanted, started)
    return started


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
        run = replace(run, phase="started")
        yield from _keep(wanted, run)
    return replace(run, attached=True)


def _look(run: RunState, error: Exception) -> Procedure[None]:
    if not (yield from _has_started(run)):
        raise StartUnknown(
            f"The start of flow {run.flow_name!r} was sent, but its answer was lost, and for {LOOK_FOR:.0f} s neither "
            f"status nor log showed a run. It was not sent again. Look at the flow before you start it anew. ({error})"
        ) from None


def _has_started(run: RunState) -> Procedure[bool]:
    """Watch status and log until one of them shows a run newer than the baseline, or the time is up."""
    began = now = yield from pause(0)
    while now - began < LOOK_FOR:
        if not (yield from report_of(run)).is_idle or (yield from own_log(run)) is not None:
            return True
        now = yield from pause(1.0)
    return False


def _keep(wanted: Launch, run: RunState) -> Procedure[None]:
    if wanted.keep is not None:
        yield Work(partial(wanted.keep, run.to_dict()))
