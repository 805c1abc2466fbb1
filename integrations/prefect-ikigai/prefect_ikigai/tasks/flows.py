"""Tasks that create flows and read their runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ikigai_core
from ikigai_core import orchestration
from ikigai_core.procedure import Procedure, call_blocking
from prefect_ikigai.api.artifacts import show_markdown
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.naming import artifact_key
from prefect_ikigai.operation import Operation
from prefect_ikigai.tasks.making import async_version, ikigai_task

if TYPE_CHECKING:
    from ikigai_core import FacetTypes, FlowDefinition, FlowStatusReport, RunLog
    from ikigai_core.orchestration import AnyClient, AnyFlow, Definition


@ikigai_task("ensure {flow}")
def ensure_flow(
    credentials: IkigaiCredentials, app: str, flow: str, definition: Definition, *, create_app: bool = False
) -> Operation[dict[str, Any]]:
    """Create or update a flow, and show its diagram as a Markdown artifact.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the flow.
    flow : str
        Name of the flow.
    definition : mapping, str, path or FlowDefinition
        Definition document, the path of its YAML or JSON file, or a definition from the client's builder. The datasets
        that the flow reads must exist.
    create_app : bool, default False
        Create the app if there is none of that name.

    Returns
    -------
    dict
        ``app_id``, ``flow_id``, ``flow`` (its name) and ``changes``, the list of changes: ``["created"]``,
        ``["definition"]``, or nothing.

    Raises
    ------
    ikigai_core.errors.InvalidInputError
        The file does not exist. Nothing was sent.
    ikigai_core.errors.InvalidDefinitionError
        The definition is invalid. The error names the facet and the fault. The flow stays unchanged.
    ikigai_core.errors.NotFoundError
        There is no such app, or no such dataset.
    """
    return Operation(credentials, lambda ikigai: _ensured(ikigai, app, flow, definition, create_app))


aensure_flow = async_version(ensure_flow)


@ikigai_task("read run logs of {flow}")
def read_run_logs(credentials: IkigaiCredentials, app: str, flow: str, max_count: int = 1) -> Operation[list[RunLog]]:
    """Read the logs of a flow's latest runs.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the flow.
    flow : str
        Name or id of the flow.
    max_count : int, default 1
        Maximum number of runs.

    Returns
    -------
    list of RunLog
        Logs, newest first; empty if the flow never ran.

    Raises
    ------
    ikigai_core.errors.NotFoundError
        There is no such app or flow.
    """
    return Operation(credentials, lambda ikigai: _logs(ikigai, app, flow, max_count))


aread_run_logs = async_version(read_run_logs)


@ikigai_task("status of {flow}")
def flow_status(credentials: IkigaiCredentials, app: str, flow: str) -> Operation[FlowStatusReport]:
    """Read a flow's status.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the flow.
    flow : str
        Name or id of the flow.

    Returns
    -------
    FlowStatusReport
        Status, progress in percent, message.

    Raises
    ------
    ikigai_core.errors.NotFoundError
        There is no such app or flow.
    """
    return Operation(credentials, lambda ikigai: _status(ikigai, app, flow))


aflow_status = async_version(flow_status)


def bring_about(
    ikigai: AnyClient, app: str, flow: str, definition: Definition, *, create_app: bool
) -> Procedure[AnyFlow]:
    """Create or update a flow, and show its diagram."""
    ensured: AnyFlow = yield from orchestration.ensure_flow(ikigai, app, flow, definition, create_app=create_app)
    current_logger().info("Flow %r: %s", flow, ", ".join(ensured.changes) or "nothing to do")
    if Owner.current() is not None:
        resolved = yield from ikigai_core.Flow.definition.procedure(ensured)
        facet_types = yield from ikigai.facet_types_procedure()
        picture = f"```mermaid\n{resolved.to_mermaid(_titles(resolved, facet_types))}\n```"
        key = artifact_key(app, flow, "definition")
        told = f"What flow **{flow}** of app **{app}** does"
        yield from call_blocking(partial(show_markdown, Owner.current(), key, picture, told))
    return ensured


def _ensured(
    ikigai: AnyClient, app: str, flow: str, definition: Definition, create_app: bool
) -> Procedure[dict[str, Any]]:
    ensured = yield from bring_about(ikigai, app, flow, definition, create_app=create_app)
    return orchestration.ensured_result(ensured)


def _logs(ikigai: AnyClient, app: str, flow: str, max_count: int) -> Procedure[list[RunLog]]:
    found = yield from orchestration.find_flow(ikigai, app, flow)
    return (yield from ikigai_core.Flow.run_logs.procedure(found, max_count))


def _status(ikigai: AnyClient, app: str, flow: str) -> Procedure[FlowStatusReport]:
    found = yield from orchestration.find_flow(ikigai, app, flow)
    return (yield from ikigai_core.Flow.status.procedure(found))


def _titles(definition: FlowDefinition, facet_types: FacetTypes) -> dict[str, str]:
    groups = ("INPUT", "MID", "OUTPUT")
    known = {kind.facet_uid: kind for group in groups for kind in facet_types.group(group)}
    used = {facet.facet_uid for facet in definition.facets} & set(known)
    return {uid: known[uid].title for uid in used}
