"""``ikigai apps export``, ``diff`` and ``apply``: whole apps as folders of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ikigai_core.cli.connection import AppName, connect
from ikigai_core.cli.output import AsJson, DryRun, ExitCode, Yes, confirm, emit, leave_if_different

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Folder of an exported app, or one file with the whole document.")
]
Target = Annotated[str | None, typer.Option("--app", help="Name of the app. Default: the name in the document.")]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", help="Delete flows, models, datasets, grants and schedules that the document does not have."
    ),
]


def export(
    context: typer.Context,
    app: AppName,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write to; made if it is missing.")],
    as_json: AsJson = False,
) -> None:
    """Write an app as a folder of files, with names instead of ids: all but the data and the trained versions."""
    with connect(context) as ikigai:
        document = ikigai.app_document(app)
    written = document.save(folder)
    emit(
        {"app": app, "folder": folder, "files": written},
        lambda: f"App {app!r}: {len(written)} files in {folder}",
        as_json=as_json,
    )


def diff(
    context: typer.Context,
    folder: Folder,
    app: Target = None,
    prune: Prune = False,
    exit_code: ExitCode = False,
    as_json: AsJson = False,
) -> None:
    """Print what `apply` would change. Changes nothing."""
    with connect(context) as ikigai:
        plan = ikigai.plan_app(folder, app, prune=prune)
    emit(plan.to_dict(), lambda: str(plan), as_json=as_json)
    leave_if_different(exit_code and not plan.is_empty)


def apply(
    context: typer.Context,
    folder: Folder,
    app: Target = None,
    prune: Prune = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an app what its files say: print the plan, ask, and carry it out. Repeating the command changes nothing.

    If the files refer to something that neither they nor the platform have, the command fails and changes nothing.
    """
    with connect(context) as ikigai:
        plan = ikigai.plan_app(folder, app, prune=prune)
        if not dry_run and not plan.is_empty:
            if not yes:
                typer.echo(f"{plan}\n", err=True)
            confirm("Carry this out?", yes=yes)
            plan = ikigai.apply_app(folder, app, prune=prune)
    emit({**plan.to_dict(), "applied": not dry_run}, lambda: str(plan), as_json=as_json)
