"""``ikigai apps``."""

from __future__ import annotations

from typing import Annotated

import typer

from ikigai_core.cli.connection import AppName, connect
from ikigai_core.cli.output import AsJson, emit, table

apps = typer.Typer(rich_markup_mode=None)


@apps.callback(invoke_without_command=True)
def list_apps(context: typer.Context, as_json: AsJson = False) -> None:
    """List your apps, or create one."""
    if context.invoked_subcommand is not None:
        if as_json:
            raise typer.BadParameter(f"comes after `{context.invoked_subcommand}`.", param_hint="--json")
        return
    with connect(context) as ikigai:
        found = list(ikigai.apps().values())
    emit(
        [app.to_dict() for app in found],
        lambda: table(
            ("Name", "Owner", "Modified", "Description"),
            ((app.name, app.owner, app.modified_at, app.description) for app in found),
            empty="There are no apps yet: `ikigai apps create NAME` makes one.",
        ),
        as_json=as_json,
    )


@apps.command()
def create(
    context: typer.Context,
    name: AppName,
    description: Annotated[str | None, typer.Option(help="Description of the app.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create an app. If one of that name exists, update only its description."""
    with connect(context) as ikigai:
        builder = ikigai.app.new(name)
        app = (builder if description is None else builder.description(description)).ensure()
    emit(
        {**app.to_dict(), "changes": app.changes},
        lambda: f"App {app.name!r}: {', '.join(app.changes) or 'nothing to change'}",
        as_json=as_json,
    )
