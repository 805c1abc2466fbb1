"""``ikigai flows status``, ``schedule``, ``rename`` and ``delete``."""

from __future__ import annotations

from typing import Annotated

import typer

from ikigai_core.cli.connection import AppName, FlowName, NewName, connect
from ikigai_core.cli.output import AsJson, Yes, confirm, details, emit


def status(context: typer.Context, app: AppName, flow: FlowName, as_json: AsJson = False) -> None:
    """Show whether a flow is running, and its progress."""
    with connect(context) as ikigai:
        report = ikigai.apps[app].flows[flow].status()
    progress = {} if report.progress is None else {"Progress": f"{report.progress} %"}
    message = {"Message": report.message} if report.message else {}
    emit(report.model_dump(), lambda: details({"Status": report.status, **progress, **message}), as_json=as_json)


def schedule(
    context: typer.Context,
    app: AppName,
    flow: FlowName,
    cron: Annotated[
        str | None,
        typer.Argument(
            metavar="CRON", help="Five fields, the minute as one number: '30 4 * * 1'. In UTC, from now on."
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the schedule.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show, set or remove a flow's schedule."""
    if remove and cron is not None:
        raise typer.BadParameter("give either a schedule or --remove.", param_hint="--remove")
    with connect(context) as ikigai:
        found = ikigai.apps[app].flows[flow]
        if remove or cron is not None:
            found.update_schedule(cron)
        current = found.schedule
    emit(
        None if current is None else current.model_dump(),
        lambda: f"Flow {flow!r}: {'no schedule' if current is None else current.cron}",
        as_json=as_json,
    )


def rename(context: typer.Context, app: AppName, flow: FlowName, new_name: NewName, as_json: AsJson = False) -> None:
    """Rename a flow."""
    with connect(context) as ikigai:
        found = ikigai.apps[app].flows[flow].rename(new_name)
    emit(found.to_dict(), lambda: f"Flow {flow!r} is named {new_name!r} now.", as_json=as_json)


def delete(context: typer.Context, app: AppName, flow: FlowName, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a flow."""
    with connect(context) as ikigai:
        found = ikigai.apps[app].flows[flow]
        confirm(f"Delete flow {flow!r} of app {app!r}?", yes=yes)
        found.delete()
    emit({**found.to_dict(), "deleted": True}, lambda: f"Flow {flow!r} is deleted.", as_json=as_json)
