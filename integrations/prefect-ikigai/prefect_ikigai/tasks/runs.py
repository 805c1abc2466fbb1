"""Tasks that run flows and follow their runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ikigai_core.orchestration import Deadline, StartOptions
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.operation import Operation
from prefect_ikigai.runs.request import RunRequest
from prefect_ikigai.runs.running import follow, resume, run_to_the_end, start
from prefect_ikigai.tasks.making import async_version, ikigai_task

if TYPE_CHECKING:
    from ikigai_core import RunLog
    from ikigai_core.orchestration import AnyClient, Isolation, OnBusy, OnDoubt
    from ikigai_core.procedure import Procedure


@ikigai_task("run {flow}")
def run_flow(
    credentials: IkigaiCredentials,
    app: str,
    flow: str,
    variables: Mapping[str, Any] | None = None,
    *,
    on_busy: OnBusy = "wait",
    isolation: Isolation = "shared",
    on_doubt: OnDoubt = "fail",
    unique_output: str | None = None,
    keep_copies: bool = False,
    timeout: float | None = None,
) -> Operation[RunLog]:
    """Run a flow and follow the run to its end.

    Changes of status and progress go to the task run's logs and to a progress artifact. The start and the end of the
    run are events. A retry, or another attempt of the whole flow run, continues with the run that an earlier attempt
    started, even if that run has already succeeded. There is never a second run. If a cancelled, crashed or failed flow
    run has left a run that is still running, a new flow run with the same variables continues with it. A task succeeds
    only if its own run provably succeeded.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the flow.
    flow : str
        Name or id of the flow.
    variables : mapping, optional
        Values of the flow's run variables. They are stored on Prefect's server, so they must not contain secrets.
    on_busy : {"wait", "attach", "fail"}, default "wait"
        What to do if the flow is already running: wait until that run ends and then start, follow that run, or fail.
    isolation : {"shared", "copy"}, default "shared"
        ``copy`` runs a private copy of the flow, made only for this run. It is never busy, it can run in parallel with
        other runs, and its run is always identified with certainty. The copy has no schedule and no grants, and starts
        no downstream flows. It is deleted after the end of the run is seen. ``shared`` runs the flow itself, so that
        its history is in one place.
    on_doubt : {"fail", "accept"}, default "fail"
        What to do if it cannot be proven which run is this one, or how it ended: fail with `StartUnknownError` or
        `RunAmbiguousError`, or accept the most likely run. The returned log then has a `doubt`, which is one sentence.
    unique_output : str, optional
        Name of the run variable that names a dataset that no other run writes. If the response to the start is lost,
        that dataset proves which run is this one.
    keep_copies : bool, default False
        Keep the private copy after its run, so that it can be inspected.
    timeout : float, optional
        Seconds to wait for a busy flow and for the run's end; None waits without limit.

    Returns
    -------
    RunLog
        The log of a successful run.

    Raises
    ------
    ikigai_core.errors.RunFailedError
        The run failed. The error names the facet and contains the platform's message. Not retried.
    ikigai_core.errors.RunTimeoutError
        The run did not end in time. It continues, because the platform cannot stop runs. Not retried.
    ikigai_core.errors.FlowBusyError
        The flow is already running and `on_busy` is ``"fail"``, or it is still running at the end of `timeout`.
    ikigai_core.errors.StartUnknownError
        It could not be proven whether the run started. It was not started a second time. Not retried.
    ikigai_core.errors.RunAmbiguousError
        It could not be proven how the run ended. Not retried.
    ikigai_core.errors.NotFoundError
        There is no such app or flow.
    """
    options = StartOptions(
        on_busy=on_busy,
        isolation=isolation,
        on_doubt=on_doubt,
        unique_output=unique_output,
        keep_copies=keep_copies,
    )
    request = RunRequest.of(credentials, app, flow, variables, options, timeout)
    return Operation(credentials, lambda ikigai: _log_of(ikigai, request))


arun_flow = async_version(run_flow)


@ikigai_task("start {flow}")
def start_flow(
    credentials: IkigaiCredentials,
    app: str,
    flow: str,
    variables: Mapping[str, Any] | None = None,
    *,
    on_busy: OnBusy = "wait",
    isolation: Isolation = "shared",
    on_doubt: OnDoubt = "fail",
    unique_output: str | None = None,
    keep_copies: bool = False,
    timeout: float | None = None,
) -> Operation[dict[str, Any]]:
    """Start a flow and return at once; `wait_for_run` follows the run.

    A retry continues with the run that an earlier attempt started, as for `run_flow`.

    Parameters
    ----------
    credentials, app, flow, variables, on_busy, isolation, on_doubt, unique_output, keep_copies
        As for `run_flow`.
    timeout : float, optional
        Seconds to wait for a busy flow; None waits without limit.

    Returns
    -------
    dict
        The run as a JSON-compatible dict: ``app`` (its name), ``run`` and ``note`` (id of the artifact with its note).

    Raises
    ------
    ikigai_core.errors.FlowBusyError
        The flow is already running and `on_busy` is ``"fail"``, or it is still running at the end of `timeout`.
    ikigai_core.errors.StartUnknownError
        It could not be proven whether the run started. It was not started a second time. Not retried.
    ikigai_core.errors.NotFoundError
        There is no such app or flow.
    """
    options = StartOptions(
        on_busy=on_busy,
        isolation=isolation,
        on_doubt=on_doubt,
        unique_output=unique_output,
        keep_copies=keep_copies,
    )
    request = RunRequest.of(credentials, app, flow, variables, options, timeout)
    return Operation(credentials, lambda ikigai: _started(ikigai, request))


astart_flow = async_version(start_flow)


@ikigai_task("wait for run")
def wait_for_run(
    credentials: IkigaiCredentials, run: Mapping[str, Any], *, timeout: float | None = None
) -> Operation[RunLog]:
    """Follow a run to its end, in this flow run or another one.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    run : mapping
        The return value of `start_flow`.
    timeout : float, optional
        Seconds to wait for the run's end; None waits without limit.

    Returns
    -------
    RunLog
        The log of a successful run.

    Raises
    ------
    ikigai_core.errors.RunFailedError
        The run failed. The error names the facet and contains the platform's message. Not retried.
    ikigai_core.errors.RunTimeoutError
        The run did not end in time. It continues, because the platform cannot stop runs. Not retried.
    """
    return Operation(credentials, lambda ikigai: _awaited(ikigai, run, Deadline.after(timeout)))


await_for_run = async_version(wait_for_run)


def _log_of(ikigai: AnyClient, request: RunRequest) -> Procedure[RunLog]:
    return (yield from run_to_the_end(ikigai, request)).log


def _started(ikigai: AnyClient, request: RunRequest) -> Procedure[dict[str, Any]]:
    run, followed = yield from start(ikigai, request)
    return {"app": request.app, "run": run.to_dict(), "note": str(followed.note_id) if followed.note_id else None}


def _awaited(ikigai: AnyClient, started: Mapping[str, Any], deadline: Deadline) -> Procedure[RunLog]:
    note = started.get("note")
    run, followed = yield from resume(ikigai, started["run"], started["app"], UUID(note) if note else None)
    return (yield from follow(ikigai, run, followed, deadline, removes_copy=True)).log
