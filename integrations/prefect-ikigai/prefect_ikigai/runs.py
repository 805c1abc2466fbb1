"""Tasks that run flows and follow their runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect_ikigai.credentials import IkigaiCredentials
from prefect_ikigai.operation import Operation
from prefect_ikigai.running import Deadline, OnBusy, RunRequest, follow, resume, run_to_the_end, start
from prefect_ikigai.tasks import async_twin, ikigai_task

if TYPE_CHECKING:
    from ikigai_core import RunLog
    from ikigai_core.procedure import Procedure
    from prefect_ikigai.components import Client


@ikigai_task("run {flow}")
def run_flow(
    credentials: IkigaiCredentials,
    app: str,
    flow: str,
    variables: Mapping[str, Any] | None = None,
    *,
    on_busy: OnBusy = "fail",
    timeout: float | None = None,
) -> Operation[RunLog]:
    """Run a flow and follow the run to its end.

    Changes of status and progress go to the task run's logs and to a progress artifact; its start and end are events. A
    retry, and another try of the whole flow run, pick up the run that an earlier try started: there is never a second
    one. So does a new flow run with the same variables, where one that was cancelled, crashed or failed has left a run
    that still goes on.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the flow.
    flow : str
        Name of the flow.
    variables : mapping, optional
        Values of the flow's run variables. They are kept with Prefect's server while the run goes on, so no secrets.
    on_busy : {"fail", "wait", "attach"}, default "fail"
        What to do where the flow runs already: fail, wait for that run's end and then start, or follow that run.
    timeout : float, optional
        Seconds to wait for a busy flow and for the run's end; None waits for as long as it takes.

    Returns
    -------
    RunLog
        Of a run that succeeded.

    Raises
    ------
    ikigai_core.errors.RunFailed
        The run failed; the text names the facet and holds the platform's message. Not retried.
    ikigai_core.errors.RunTimeout
        The run goes on: the platform offers no way to stop it. Not retried.
    ikigai_core.errors.FlowBusy
        The flow runs already.
    ikigai_core.errors.NotFound
        Where there is no such app or flow.
    """
    request = _request(credentials, app, flow, variables, on_busy, timeout)
    return Operation(credentials, lambda ikigai: run_to_the_end(ikigai, request))


arun_flow = async_twin(run_flow)


@ikigai_task("start {flow}")
def start_flow(
    credentials: IkigaiCredentials,
    app: str,
    flow: str,
    variables: Mapping[str, Any] | None = None,
    *,
    on_busy: OnBusy = "fail",
    timeout: float | None = None,
) -> Operation[dict[str, Any]]:
    """Start a flow and return at once; `wait_for_run` follows the run.

    A retry picks up the run that an earlier try started, as for `run_flow`.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the flow.
    flow : str
        Name of the flow.
    variables : mapping, optional
        Values of the flow's run variables. They are kept with Prefect's server while the run goes on, so no secrets.
    on_busy : {"fail", "wait", "attach"}, default "fail"
        What to do where the flow runs already: fail, wait for that run's end and then start, or take that run.
    timeout : float, optional
        Seconds to wait for a busy flow; None waits for as long as it takes.

    Returns
    -------
    dict
        The run, in a form that JSON takes: ``app`` (its name) and ``run``.

    Raises
    ------
    ikigai_core.errors.FlowBusy
        The flow runs already.
    ikigai_core.errors.StartUnknown
        Whether it started could not be found out. It was not started a second time.
    ikigai_core.errors.NotFound
        Where there is no such app or flow.
    """
    request = _request(credentials, app, flow, variables, on_busy, timeout)
    return Operation(credentials, lambda ikigai: _started(ikigai, request))


astart_flow = async_twin(start_flow)


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
        What `start_flow` returned.
    timeout : float, optional
        Seconds to wait for the run's end; None waits for as long as it takes.

    Returns
    -------
    RunLog
        Of a run that succeeded.

    Raises
    ------
    ikigai_core.errors.RunFailed
        The run failed; the text names the facet and holds the platform's message. Not retried.
    ikigai_core.errors.RunTimeout
        The run goes on: the platform offers no way to stop it. Not retried.
    """
    return Operation(credentials, lambda ikigai: _awaited(ikigai, run, Deadline(timeout)))


await_for_run = async_twin(wait_for_run)


def _request(
    credentials: IkigaiCredentials,
    app: str,
    flow: str,
    variables: Mapping[str, Any] | None,
    on_busy: OnBusy,
    timeout: float | None,
) -> RunRequest:
    return RunRequest(app, flow, dict(variables or {}), on_busy, Deadline(timeout), credentials.document_id)


def _started(ikigai: Client, request: RunRequest) -> Procedure[dict[str, Any]]:
    run, _ = yield from start(ikigai, request)
    return {"app": request.app, "run": run.to_dict()}


def _awaited(ikigai: Client, started: Mapping[str, Any], deadline: Deadline) -> Procedure[RunLog]:
    run, journal = yield from resume(ikigai, started["run"], started["app"])
    return (yield from follow(run, journal, deadline))
