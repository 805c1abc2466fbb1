"""``ikigai datasets``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ikigai_core.cli.connection import AppName, DatasetName, NewName, connect
from ikigai_core.cli.interrupts import if_interrupted
from ikigai_core.cli.output import AsJson, Yes, confirm, details, emit, page, sections, table

datasets = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="List, show, preview, upload, download, rename and delete datasets.",
)

_STREAM = "-"
_KEPT = "interrupted. If the upload has several parts, the same command resumes it."


@datasets.command("list")
def list_datasets(context: typer.Context, app: AppName, as_json: AsJson = False) -> None:
    """List the datasets of an app."""
    with connect(context) as ikigai:
        found = list(ikigai.apps[app].datasets().values())
    emit(
        [dataset.to_dict() for dataset in found],
        lambda: table(
            ("Name", "Columns", "Bytes", "Modified"),
            ((each.name, len(each.data_types), each.size, each.modified_at) for each in found),
            empty=f"App {app!r} has no datasets yet.",
        ),
        as_json=as_json,
    )


@datasets.command()
def show(context: typer.Context, app: AppName, name: DatasetName, as_json: AsJson = False) -> None:
    """Show a dataset and its columns."""
    with connect(context) as ikigai:
        dataset = ikigai.apps[app].datasets[name]
    emit(
        {**dataset.to_dict(), "web_url": dataset.web_url},
        lambda: sections(
            dataset=details(
                {
                    "Name": dataset.name,
                    "Id": dataset.dataset_id,
                    "File": dataset.filename,
                    "Bytes": dataset.size,
                    "Created": dataset.created_at,
                    "Modified": dataset.modified_at,
                    **page(dataset.web_url),
                }
            ),
            columns=table(
                ("Column", "Type", "Format"),
                ((column, kind.data_type, kind.data_formats) for column, kind in dataset.data_types.items()),
                empty="No columns are known.",
            ),
        ),
        as_json=as_json,
    )


@datasets.command()
def upload(
    context: typer.Context,
    app: AppName,
    name: DatasetName,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Path or URL, Parquet if it ends in .parquet, otherwise CSV; - for standard input."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Upload a file as a new dataset, or as the new data of an existing one. Equal data are not sent again."""
    with tempfile.TemporaryDirectory(prefix="ikigai-") as folder, connect(context) as ikigai:
        builder = ikigai.apps[app].dataset.new(name)
        source = _spooled(Path(folder)) if file == _STREAM else file
        with if_interrupted(_KEPT):
            dataset = (builder.parquet(source) if _is_parquet(file) else builder.csv(source)).ensure()
    emit(
        {**dataset.to_dict(), "changes": dataset.changes},
        lambda: f"Dataset {name!r} ({dataset.size} bytes): {', '.join(dataset.changes) or 'nothing to change'}",
        as_json=as_json,
    )


@datasets.command()
def download(
    context: typer.Context,
    app: AppName,
    name: DatasetName,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Path or URL, Parquet if it ends in .parquet, otherwise CSV; - for standard output."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Download a dataset into a file. The file appears only when it is complete."""
    if file == _STREAM and as_json:
        raise typer.BadParameter("standard output cannot take the data and the JSON: name a file.", param_hint="FILE")
    if Path(file).is_dir():
        raise typer.BadParameter(f"{file!r} is a folder: name the file.", param_hint="FILE")
    from ikigai_core.transfer.locations import shown

    with tempfile.TemporaryDirectory(prefix="ikigai-") as folder, connect(context) as ikigai:
        dataset = ikigai.apps[app].datasets[name]
        if file == _STREAM:
            _pour(Path(dataset.to_csv(Path(folder) / "standard-output.csv")))
            return
        written = shown(dataset.to_parquet(file) if _is_parquet(file) else dataset.to_csv(file))
    emit({**dataset.to_dict(), "file": written}, lambda: f"Dataset {name!r} is in {written}", as_json=as_json)


@datasets.command()
def preview(
    context: typer.Context,
    app: AppName,
    name: DatasetName,
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, help="Maximum number of rows.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Print the first rows of a dataset, with the values as they are in the data."""
    with connect(context) as ikigai:
        dataset = ikigai.apps[app].datasets[name]
        frame = dataset.df(on_progress=False, nrows=rows, dtype=str, keep_default_na=False)
    emit(
        frame.to_dict("records"),
        lambda: table(frame.columns, frame.itertuples(index=False), empty=f"Dataset {name!r} has no rows."),
        as_json=as_json,
    )


@datasets.command()
def status(
    context: typer.Context,
    app: AppName,
    name: DatasetName,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Maximum number of jobs, newest first.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the outcomes of the newest jobs on a dataset, such as uploads."""
    with connect(context) as ikigai:
        logs = ikigai.apps[app].datasets[name].logs(max_count=limit)
    emit(
        [log.model_dump() for log in logs],
        lambda: table(
            ("Time", "Job", "Status"),
            ((log.timestamp, log.job_type, log.status) for log in logs),
            empty=f"There are no jobs for dataset {name!r} yet.",
        ),
        as_json=as_json,
    )


@datasets.command()
def rename(context: typer.Context, app: AppName, name: DatasetName, new_name: NewName, as_json: AsJson = False) -> None:
    """Rename a dataset."""
    with connect(context) as ikigai:
        dataset = ikigai.apps[app].datasets[name].rename(new_name)
    emit(dataset.to_dict(), lambda: f"Dataset {name!r} is named {new_name!r} now.", as_json=as_json)


@datasets.command()
def delete(context: typer.Context, app: AppName, name: DatasetName, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a dataset with its data."""
    with connect(context) as ikigai:
        dataset = ikigai.apps[app].datasets[name]
        confirm(f"Delete dataset {name!r} of app {app!r} with its data?", yes=yes)
        dataset.delete()
    emit({**dataset.to_dict(), "deleted": True}, lambda: f"Dataset {name!r} is deleted.", as_json=as_json)


def _is_parquet(file: str) -> bool:
    return file.partition("?")[0].lower().endswith(".parquet")


def _spooled(folder: Path) -> Path:
    """Copy standard input to a file: an upload needs to know the size, and may send parts of it twice."""
    path = folder / "standard-input.csv"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def _pour(path: Path) -> None:
    """Copy a complete file to standard output."""
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
