"""``ikigai flows``: list, show, log and sweep flows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ikigai_core.cli.connection import AppName, FlowName, connect
from ikigai_core.cli.flow_definitions import apply, diff, export
from ikigai_core.cli.flow_runs import run
from ikigai_core.cli.flow_settings import delete, rename, schedule, status
from ikigai_core.cli.output import AsJson, details, emit, page, sections, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ikigai_core.components.flow import Flow
    from ikigai_core.definition.definition import FlowDefinition
    from ikigai_core.run_records import FlowStatusReport, RunLog
    from ikigai_core.specs.facet import FacetTypes

STALE_HOURS = 24.0
"""The same as `ikigai_core.runs.copies.STALE`, without importing that module only for a help text."""

flows = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="List, show, run, schedule, export and apply flows."
)


@flows.command("list")
def list_flows(context: typer.Context, app: AppName, as_json: AsJson = False) -> None:
    """List the flows of an app."""
    with connect(context) as ikigai:
        found = list(ikigai.apps[app].flows().values())
    emit(
        [_described(flow) for flow in found],
        lambda: table(
            ("Name", "Schedule", "Created", "Modified"),
            ((flow.name, flow.schedule and flow.schedule.cron, flow.created_at, flow.modified_at) for flow in found),
            empty=f"App {app!r} has no flows yet.",
        ),
        as_json=as_json,
    )


@flows.command()
def show(context: typer.Context, app: AppName, flow: FlowName, as_json: AsJson = False) -> None:
    """Show a flow: its state, its facets, and the variables that a run may set."""
    with connect(context) as ikigai:
        found = ikigai.apps[app].flows[flow]
        report, definition = found.status(), found.definition()
        facet_types = None if as_json else ikigai.facet_types
    emit(
        {
            **_described(found),
            "status": report.model_dump(),
            "web_url": found.web_url,
            "definition": definition.to_dict(),
        },
        lambda: sections(
            flow=_properties(found, report),
            facets=_facets(definition, facet_types),
            variables=table(
                ("Variable", "Facet", "Argument"),
                ((name, v.facet_name, v.argument_name) for name, v in definition.variables.items()),
                empty="A run can set no variables.",
            ),
        ),
        as_json=as_json,
    )


@flows.command()
def logs(
    context: typer.Context,
    app: AppName,
    flow: FlowName,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Maximum number of runs, newest first.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the outcomes of a flow's newest runs."""
    with connect(context) as ikigai:
        found = ikigai.apps[app].flows[flow]
        entries = found.run_logs(max_count=limit)
        names_wanted = not as_json and any(log.erroneous_facet_id for log in entries)
        definition = found.definition() if names_wanted else None
    emit(
        [log.model_dump() for log in entries],
        lambda: table(
            ("Ended", "Status", "User", "Failed at", "Message"),
            ((log.timestamp, log.status, log.user, _failed_at(log, definition), log.data) for log in entries),
            empty=f"Flow {flow!r} has not run yet.",
        ),
        as_json=as_json,
    )


@flows.command()
def sweep(
    context: typer.Context,
    app: AppName,
    flow: Annotated[
        str | None, typer.Argument(help="Delete only copies of this flow. Default: copies of all flows.")
    ] = None,
    older_than: Annotated[
        float, typer.Option(min=0, metavar="HOURS", help="Minimum age in hours of the deleted copies.")
    ] = STALE_HOURS,
    as_json: AsJson = False,
) -> None:
    """Delete abandoned private copies of flows. A copy that is running is not deleted."""
    with connect(context) as ikigai:
        swept = ikigai.apps[app].sweep_copies(flow, timedelta(hours=older_than))
    emit(
        swept,
        lambda: table(("Deleted",), ((name,) for name in swept), empty="There are no such copies."),
        as_json=as_json,
    )


flows.command()(run)
flows.command()(export)
flows.command()(diff)
flows.command()(apply)
flows.command()(status)
flows.command()(schedule)
flows.command()(rename)
flows.command()(delete)


def _described(flow: Flow) -> dict[str, Any]:
    return {**flow.to_dict(), "schedule": flow.schedule and flow.schedule.model_dump()}


def _properties(flow: Flow, report: FlowStatusReport) -> RenderableType:
    return details(
        {
            "Name": flow.name,
            "Id": flow.flow_id,
            "Status": report.status,
            **({} if report.progress is None else {"Progress": f"{report.progress} %"}),
            "Schedule": flow.schedule.cron if flow.schedule else "none",
            "Created": flow.created_at,
            "Modified": flow.modified_at,
            **page(flow.web_url),
        }
    )


def _facets(definition: FlowDefinition, facet_types: FacetTypes | None) -> RenderableType:
    after: dict[str, list[str]] = {}
    for arrow in definition.arrows:
        after.setdefault(arrow.destination, []).append(definition.facet_name(arrow.source))
    return table(
        ("Facet", "Type", "After", "Arguments"),
        (
            (facet.name, _type_name(facet.facet_uid, facet_types), after.get(facet.facet_id), facet.arguments)
            for facet in definition.facets
        ),
        empty="It has no facets.",
    )


def _type_name(uid: str, facet_types: FacetTypes | None) -> str:
    try:
        facet_type = facet_types.find_by_uid(uid) if facet_types else None
    except KeyError:
        # The platform also stores flows whose facet types it no longer offers.
        return uid
    return f"{facet_type.chain_group}.{facet_type.title}" if facet_type else uid


def _failed_at(log: RunLog, definition: FlowDefinition | None) -> str:
    facet_id = log.erroneous_facet_id
    return definition.facet_name(facet_id) if facet_id and definition else ""
