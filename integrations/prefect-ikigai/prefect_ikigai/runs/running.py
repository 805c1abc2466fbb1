"""Starts and follows runs, for the sync and the async client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import ikigai_core
from ikigai_core import orchestration
from ikigai_core.errors import FlowBusyError, IkigaiError, NotFoundError, RunFailedError, RunLostError
from ikigai_core.orchestration import Deadline
from ikigai_core.procedure import Procedure, call_blocking
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.runs.followed_run import FollowedRun
from prefect_ikigai.runs.renaming import rename_outputs
from prefect_ikigai.runs.request import RunRequest
from prefect_ikigai.runs.start_lease import PrefectStartLease

if TYPE_CHECKING:
    from ikigai_core import AsyncFlowRun, FlowRun, RunLog
    from ikigai_core.orchestration import AnyClient, RunReport

AnyRun: TypeAlias = "FlowRun | AsyncFlowRun"


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended successfully.

    Attributes
    ----------
    run : FlowRun or AsyncFlowRun
    log : RunLog
        The run's log. It has a `doubt` if it may belong to another run.
    """

    run: AnyRun
    log: RunLog


def start(ikigai: AnyClient, request: RunRequest) -> Procedure[tuple[AnyRun, FollowedRun]]:
    """Start a flow, or continue with the run of an earlier attempt or of an aborted flow run.

    Returns
    -------
    FlowRun or AsyncFlowRun
        The run.
    FollowedRun
        Saves the run and reports its progress and end.
    """
    options = request.options
    options.check(request.variables)
    flow = yield from orchestration.find_flow(ikigai, request.app, request.flow)
    followed = yield from call_blocking(
        partial(FollowedRun, request.app, request.flow, flow.flow_id, request.variables, request.credentials_id)
    )
    previous = yield from _previous(ikigai, followed)
    lease = _lease_for(request, flow.flow_id)
    try:
        run: AnyRun = yield from ikigai_core.Flow.launch.procedure(
            flow,
            request.variables,
            on_busy=options.on_busy,
            isolation=options.isolation,
            on_doubt=options.on_doubt,
            keep=partial(_keep, followed, lease),
            previous=previous,
            lease=lease,
            unique_output=options.unique_output,
            keep_copies=options.keep_copies,
            timeout=request.deadline.left,
        )
    except FlowBusyError:
        yield from call_blocking(followed.discard)
        raise
    yield from call_blocking(partial(followed.started, run.to_dict(), run.web_url))
    return run, followed


def follow(
    ikigai: AnyClient, run: AnyRun, followed: FollowedRun, deadline: Deadline, *, removes_copy: bool = False
) -> Procedure[EndedRun]:
    """Follow a run to its end. Return the run with its log if it succeeded.

    Parameters
    ----------
    ikigai : Ikigai or AsyncIkigai
    run : FlowRun or AsyncFlowRun
    followed : FollowedRun
    deadline : Deadline
    removes_copy : bool, default False
        Whether to delete the run's private copy. If False, the caller that started the run deletes it.

    Raises
    ------
    RunFailedError
        The run failed.
    RunTimeoutError
        The run is still running.
    RunLostError
        It cannot be found out how the run ended.
    """
    try:
        log = yield from ikigai_core.FlowRun.result.procedure(run, deadline.left, on_update=followed.update)
    except RunFailedError as failure:
        report = orchestration.RunReport.failure(failure, run, app_name=followed.app)
        yield from _ended(run, followed, report, removes_copy)
        raise
    except RunLostError:
        yield from call_blocking(followed.give_up)
        raise
    yield from rename_outputs(ikigai, followed.app, run.to_dict()["variables"], followed.variables)
    report = orchestration.RunReport.success(run, log, app_name=followed.app)
    yield from _ended(run, followed, report, removes_copy)
    return EndedRun(run, _with_doubt(log, run.doubt))


def resume(
    ikigai: AnyClient, run: Mapping[str, Any], app: str, note_id: UUID | None
) -> Procedure[tuple[AnyRun, FollowedRun]]:
    """Continue with a run that another task started, from its return value."""
    followed = yield from call_blocking(partial(FollowedRun, app, run["flow_name"], run["flow_id"], run["variables"]))
    noted = yield from call_blocking(partial(followed.resume, run, note_id))
    yield from call_blocking(partial(followed.resumed, noted))
    return ikigai.flow_run(noted), followed


def run_to_the_end(ikigai: AnyClient, request: RunRequest) -> Procedure[EndedRun]:
    """Start a flow and follow its run to the end."""
    run, followed = yield from start(ikigai, request)
    return (yield from follow(ikigai, run, followed, request.deadline))


def goes_on(ikigai: AnyClient, run: Mapping[str, Any]) -> Procedure[bool]:
    """Whether a run that nobody follows has not ended, or may still begin."""
    if run["copy_name"] and not run["copy_id"]:
        # The copy does not exist yet, and nobody will start it.
        return False
    picked_up = ikigai.flow_run(run)
    try:
        if (yield from ikigai_core.FlowRun.log.procedure(picked_up)) is not None:
            return False
        if picked_up.phase != "started":
            # The client finds out whether the start was sent: it watches the flow for a while.
            return True
        report = yield from ikigai_core.FlowRun.status.procedure(picked_up)
    except NotFoundError:
        return False
    return not report.is_idle


def _previous(ikigai: AnyClient, followed: FollowedRun) -> Procedure[dict[str, Any] | None]:
    found = yield from call_blocking(followed.find)
    if found is not None and followed.is_given_up:
        return found if (yield from _has_ended(ikigai, found)) else None
    if found is not None or followed.note_id is not None:
        return found
    for left in (yield from call_blocking(followed.left_runs)):
        if not (yield from goes_on(ikigai, left.run)):
            continue
        taken_over = yield from call_blocking(partial(followed.take_over, left))
        if taken_over is not None:
            return taken_over
    return None


def _has_ended(ikigai: AnyClient, run: Mapping[str, Any]) -> Procedure[bool]:
    """Whether it is known by now how a run ended that an earlier attempt gave up."""
    try:
        return (yield from ikigai_core.FlowRun.log.procedure(ikigai.flow_run(run))) is not None
    except (NotFoundError, RunLostError):
        return False


def _lease_for(request: RunRequest, flow_id: str) -> PrefectStartLease | None:
    # A private copy needs no lease, and outside of Prefect's runs there may be no server.
    if request.options.isolation == "copy" or Owner.current() is None:
        return None
    return PrefectStartLease(flow_id, request.flow)


def _keep(followed: FollowedRun, lease: PrefectStartLease | None, run: dict[str, Any]) -> None:
    followed.keep(run)
    if lease is not None:
        lease.sees(run["phase"])


def _ended(run: AnyRun, followed: FollowedRun, report: RunReport, removes_copy: bool) -> Procedure[None]:
    """Report the end and take the result. Then delete the private copy, if requested."""
    yield from call_blocking(partial(followed.end, report))
    state = run.to_dict()
    is_kept = yield from call_blocking(partial(followed.take, state))
    if not (is_kept and removes_copy and state["copy_id"]) or state["keep_copy"]:
        return
    try:
        yield from ikigai_core.FlowRun.remove_copy.procedure(run)
    except IkigaiError as error:
        current_logger().warning(
            "Private copy %r was not deleted. A later run deletes it: %s", state["copy_name"], error
        )


def _with_doubt(log: RunLog, doubt: str) -> RunLog:
    if not doubt:
        return log
    from prefect_ikigai.runs.doubt import DoubtfulRunLog

    return DoubtfulRunLog.of(log, doubt)
