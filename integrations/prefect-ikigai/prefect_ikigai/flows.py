"""Tasks that build flows, run them and look at their runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ikigai_core.errors import FlowBusy, RunFailed
from prefect_ikigai.credentials import IkigaiCredentials
from prefect_ikigai.journal import RunJournal
from prefect_ikigai.logs import current_logger
from prefect_ikigai.tasks import ikigai_task

if TYPE_CHECKING:
    from ikigai_core import AsyncFlow, Flow, FlowStatusReport, RunLog

Definition: TypeAlias = Mapping[str, Any] | str | Path
OnBusy = Literal["wait", "attach", "fail"]


@ikigai_task("ensure {flow}")
def ensure_flow(
    credentials: IkigaiCredentials, app: str, flow: str, definition: Definition, *, create_app: bool = False
) -> dict[str, Any]:
    """Create a flow, or bring the flow of that name up to date.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the flow.
    flow : str
        Name of the flow.
    definition : mapping, str or path
        Definition document, or the YAML or JSON file that holds it. The datasets that it reads must exist.
    create_app : bool, default False
        Create the app where there is none of that name.

    Returns
    -------
    dict
        ``app_id``, ``flow_id``, ``flow`` (its name) and ``changes``, what was done: ``["created"]``,
        ``["definition"]``, or nothing.

    Raises
    ------
    ikigai_core.errors.InvalidInput
        Where there is no such file. Nothing was sent.
    ikigai_core.errors.InvalidDefinition
        Naming the facet and what is wrong with it. The flow stays as it was.
    ikigai_core.errors.NotFound
        Where there is no such app, or no such dataset.
    """
    document = _document(definition)
    with credentials.get_client() as ikigai:
        home = ikigai.app.new(app).ensure() if create_app else ikigai.apps[app]
        return _ensured(home.flow.new(flow).definition(document).ensure())


@ikigai_task("ensure {flow}")
async def aensure_flow(
    credentials: IkigaiCredentials, app: str, flow: str, definition: Definition, *, create_app: bool = False
) -> dict[str, Any]:
    """Async twin of `ensure_flow`."""
    document = await asyncio.to_thread(_document, definition)
    async with credentials.get_async_client() as ikigai:
        home = await ikigai.app.new(app).ensure() if create_app else await ikigai.apps[app]
        return _ensured(await home.flow.new(flow).definition(document).ensure())


@ikigai_task("run {flow}")
def run_flow(
    credentials: IkigaiCredentials,
    app: str,
    flow: str,
    variables: Mapping[str, Any] | None = None,
    *,
    on_busy: OnBusy = "fail",
    timeout: float | None = None,
) -> RunLog:
    """Run a flow and follow the run to its end.

    Changes of status and progress go to the task run's logs and to a progress artifact. A retry, and another try of the
    whole flow run, pick up the run that an earlier try started: there is never a second one.

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
    deadline = _Deadline(timeout)
    variables = variables or {}
    with credentials.get_client() as ikigai:
        target = ikigai.apps[app].flows[flow]
        journal = RunJournal(app, flow, target.flow_id, variables)
        try:
            run = target.launch(
                variables, on_busy=on_busy, keep=journal.keep, previous=journal.previous(), timeout=deadline.left
            )
            log = run.result(deadline.left, on_update=journal.update)
        except FlowBusy:
            journal.discard()
            raise
        except RunFailed as failure:
            journal.end(failure.run_log)
            raise
        journal.end(log)
        return log


@ikigai_task("run {flow}")
async def arun_flow(
    credentials: IkigaiCredentials,
    app: str,
    flow: str,
    variables: Mapping[str, Any] | None = None,
    *,
    on_busy: OnBusy = "fail",
    timeout: float | None = None,
) -> RunLog:
    """Async twin of `run_flow`."""
    deadline = _Deadline(timeout)
    variables = variables or {}
    async with credentials.get_async_client() as ikigai:
        target = await (await ikigai.apps[app]).flows[flow]
        journal = RunJournal(app, flow, target.flow_id, variables)
        previous = await asyncio.to_thread(journal.previous)
        try:
            run = await target.launch(
                variables, on_busy=on_busy, keep=journal.keep, previous=previous, timeout=deadline.left
            )
            log = await run.result(deadline.left, on_update=journal.update)
        except FlowBusy:
            await asyncio.to_thread(journal.discard)
            raise
        except RunFailed as failure:
            await asyncio.to_thread(journal.end, failure.run_log)
            raise
        await asyncio.to_thread(journal.end, log)
        return log


@ikigai_task("read run logs of {flow}")
def read_run_logs(credentials: IkigaiCredentials, app: str, flow: str, max_count: int = 1) -> list[RunLog]:
    """Read the logs of a flow's latest runs.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the flow.
    flow : str
        Name of the flow.
    max_count : int, default 1
        How many runs.

    Returns
    -------
    list of RunLog
        Newest first; empty where the flow never ran.

    Raises
    ------
    ikigai_core.errors.NotFound
        Where there is no such app or flow.
    """
    with credentials.get_client() as ikigai:
        return ikigai.apps[app].flows[flow].run_logs(max_count)


@ikigai_task("read run logs of {flow}")
async def aread_run_logs(credentials: IkigaiCredentials, app: str, flow: str, max_count: int = 1) -> list[RunLog]:
    """Async twin of `read_run_logs`."""
    async with credentials.get_async_client() as ikigai:
        target = await (await ikigai.apps[app]).flows[flow]
        return await target.run_logs(max_count)


@ikigai_task("status of {flow}")
def flow_status(credentials: IkigaiCredentials, app: str, flow: str) -> FlowStatusReport:
    """Read a flow's state.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the flow.
    flow : str
        Name of the flow.

    Returns
    -------
    FlowStatusReport
        Status, progress in percent, message.

    Raises
    ------
    ikigai_core.errors.NotFound
        Where there is no such app or flow.
    """
    with credentials.get_client() as ikigai:
        return ikigai.apps[app].flows[flow].status()


@ikigai_task("status of {flow}")
async def aflow_status(credentials: IkigaiCredentials, app: str, flow: str) -> FlowStatusReport:
    """Async twin of `flow_status`."""
    async with credentials.get_async_client() as ikigai:
        target = await (await ikigai.apps[app]).flows[flow]
        return await target.status()


class _Deadline:
    """Seconds that are left of those that a caller allows."""

    def __init__(self, timeout: float | None) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout

    @property
    def left(self) -> float | None:
        return None if self._end is None else max(self._end - time.monotonic(), 0.0)


def _document(definition: Definition) -> Any:
    from ikigai_core import DefinitionDocument

    return DefinitionDocument.load(definition)


def _ensured(flow: Flow | AsyncFlow) -> dict[str, Any]:
    current_logger().info("Flow %r: %s", flow.name, ", ".join(flow.changes) or "nothing to do")
    return {"app_id": flow.app_id, "flow_id": flow.flow_id, "flow": flow.name, "changes": list(flow.changes)}
