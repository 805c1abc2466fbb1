"""``ikigai record``: a flow with its data, as files that a local platform replays."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ikigai_core.cli.connection import FlowName, connect
from ikigai_core.cli.output import AsJson, emit


def record(
    context: typer.Context,
    flow: FlowName,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Folder to write to; made if it is missing.")],
    app: Annotated[str | None, typer.Option("--app", help="Name of the app. Default: the one with this flow.")] = None,
    rows: Annotated[
        int | None, typer.Option("--rows", min=1, help="Rows to keep of each dataset. Default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a flow, the datasets that it imports and those that its last run exported as plain files. Runs nothing.

    `ikigai local --replay FOLDER` starts from them. They contain no key, no address of yours and no signed URL.
    """
    from ikigai_core.recordings.record import record as take

    with connect(context) as ikigai:
        recording = take(ikigai, flow, to, app=app, rows=rows)
    expected = recording.document.flows[recording.flow].definition.exported()
    missing = [name for name in expected if name not in recording.exported]
    emit(
        {
            "app": recording.document.name,
            "flow": recording.flow,
            "folder": to,
            "imported": list(recording.imported),
            "exported": list(recording.exported),
            "missing": missing,
        },
        lambda: "\n".join(
            [
                f"Flow {recording.flow!r} is in {to}",
                f"Imported: {_told(recording.imported)}",
                f"Exported: {_told(recording.exported)}",
                *(f"Not recorded, since the last run did not write it: {name!r}" for name in missing),
            ]
        ),
        as_json=as_json,
    )


def _told(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "nothing"
