"""Tasks that build flows and look at their runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from prefect_ikigai.credentials import IkigaiCredentials
from prefect_ikigai.logs import current_logger
from prefect_ikigai.tasks import ikigai_task

if TYPE_CHECKING:
    from ikigai_core import AsyncFlow, Flow, FlowStatusReport, RunLog

Definition: TypeAlias = Mapping[str, Any] | str | Path


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


def _document(definition: Definition) -> Any:
    from ikigai_core import DefinitionDocument

    return DefinitionDocument.load(definition)


def _ensured(flow: Flow | AsyncFlow) -> dict[str, Any]:
    current_logger().info("Flow %r: %s", flow.name, ", ".join(flow.changes) or "nothing to do")
    return {"app_id": flow.app_id, "flow_id": flow.flow_id, "flow": flow.name, "changes": list(flow.changes)}
