"""Files in S3 buckets, through fsspec, at any endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ikigai_core.local.engine.connections import Connection
from ikigai_core.local.engine.csv_files import check_table, read_first_row
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

_OPTIONS = ("key", "secret", "token", "endpoint_url", "anon")


def read_file(step: Step, connection: Connection, place: str, file_type: str) -> Table:
    """Return the table in a file of a bucket; its types are inferred."""
    with _folder(step) as folder:
        path = folder / "file"
        with connection.reporting(f"read '{place}'"):
            _bucket(connection).get_file(place, str(path))
        table = path if file_type == "csv" else _as_csv(path, folder / "file.csv", place)
        problem = check_table(table)
        if problem:
            raise FlowError(f"'{place}' is no table: {problem}")
        return step.tables.infer(step.tables.read(table, read_first_row(table), skip=1))


def write_file(step: Step, connection: Connection, place: str, file_type: str) -> None:
    """Write the first input to a file of a bucket, in place of one that is there."""
    with _folder(step) as folder:
        path = folder / "file.csv"
        step.tables.write(step.table, path)
        if file_type != "csv":
            path = _as_excel(path, folder / "file.xlsx")
        with connection.reporting(f"write '{place}'"):
            _bucket(connection).put_file(str(path), place)


@contextmanager
def _folder(step: Step) -> Iterator[Path]:
    with TemporaryDirectory(prefix="bucket-", dir=step.workspace.folder) as folder:
        yield Path(folder)


def _bucket(connection: Connection) -> Any:
    import fsspec

    options = {name: connection.settings[name] for name in _OPTIONS if name in connection.settings}
    if connection.settings.get("region"):
        options["client_kwargs"] = {"region_name": connection.settings["region"]}
    try:
        # Another run may have written since a listing was kept.
        return fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True, **options)
    except ImportError:
        raise FlowError("S3 needs s3fs: pip install 'ikigai-core[s3]'") from None


def _as_csv(path: Path, csv_path: Path, place: str) -> Path:
    import pandas as pd

    try:
        frame = pd.read_excel(path)
    except Exception as error:
        raise FlowError(f"'{place}' cannot be read as an Excel file: {error}") from None
    frame.to_csv(csv_path, index=False)
    return csv_path


def _as_excel(csv_path: Path, path: Path) -> Path:
    import pandas as pd

    pd.read_csv(csv_path).to_excel(path, index=False)
    return path
