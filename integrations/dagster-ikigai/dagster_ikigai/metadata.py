"""What Dagster is told of a dataset and of the run that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from ikigai_core import ColumnDataType, Dataset, Flow, RunLog

_ROWS_AT_A_TIME = 100_000
_LONGEST_CELL = 200


@dataclass(frozen=True)
class Profile:
    """What was learnt by reading a dataset's data.

    Attributes
    ----------
    row_count : int or None
        Rows below the header; None for a file that cannot be read as one table.
    preview : list of dict
        The first rows, as text by column.
    digest : str
        SHA-256 of the data.
    """

    row_count: int | None
    preview: list[dict[str, str]]
    digest: str

    @classmethod
    def of_csv(cls, path: Path, preview_rows: int) -> Profile:
        """Read a CSV file once, in bounded memory."""
        row_count, preview = _counted(path, preview_rows)
        with path.open("rb") as data:
            return cls(row_count, preview, file_digest(data, "sha256").hexdigest())

    @classmethod
    def of_dataset(cls, dataset: Dataset, preview_rows: int, limit_mb: float) -> Profile | None:
        """Fetch a dataset and read it; None for one that is larger than the limit, in MB, or not held as CSV."""
        if dataset.size > limit_mb * 1e6 or dataset.file_extension != "csv":
            return None
        with TemporaryDirectory(prefix="dagster-ikigai-") as folder:
            path = Path(folder) / "data.csv"
            dataset.to_csv(path)
            return cls.of_csv(path, preview_rows)


def dataset_metadata(dataset: Dataset, profile: Profile | None) -> dict[str, Any]:
    """Metadata of a dataset: Dagster's own keys where it has one for the matter."""
    schema = column_schema(dataset.data_types)
    metadata: dict[str, Any] = {
        "dagster/column_schema": schema,
        "ikigai/app_id": dataset.app_id,
        "ikigai/dataset_id": dataset.dataset_id,
        "ikigai/size_bytes": dataset.size,
    }
    if profile is not None and profile.row_count is not None:
        metadata["dagster/row_count"] = profile.row_count
    if profile is not None and profile.preview:
        records = [dg.TableRecord(row) for row in profile.preview]
        metadata["ikigai/preview"] = dg.MetadataValue.table(records, schema=_text_schema(profile.preview[0]))
    return metadata


def run_metadata(flow: Flow, log: RunLog, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a run: which one it was, how and when it ended."""
    return {
        "ikigai/flow_id": flow.flow_id,
        "ikigai/run_log_id": log.log_id,
        "ikigai/run_status": log.status.value,
        "ikigai/run_ended_at": dg.MetadataValue.timestamp(log.timestamp),
        "ikigai/run_variables": dg.MetadataValue.json(dict(variables)),
    }


def column_schema(data_types: Mapping[str, ColumnDataType]) -> dg.TableSchema:
    """Columns in Dagster's words: the platform's type, and its formats as the description."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                type=str(column.data_type),
                description=", ".join(f"{key}: {value}" for key, value in column.data_formats.items()) or None,
            )
            for name, column in data_types.items()
        ]
    )


def _counted(path: Path, preview_rows: int) -> tuple[int | None, list[dict[str, str]]]:
    import pandas as pd

    row_count, preview = 0, list[dict[str, str]]()
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding_errors": "replace"}
    try:
        for chunk in pd.read_csv(path, chunksize=_ROWS_AT_A_TIME, **options):
            if row_count == 0:
                preview = [_shortened(row) for row in chunk.head(preview_rows).to_dict("records")]
            row_count += len(chunk)
    except pd.errors.EmptyDataError:
        return 0, []
    except pd.errors.ParserError:
        # The platform took the data: that it cannot be counted here is no reason to fail the step.
        return None, []
    return row_count, preview


def _text_schema(row: Mapping[str, str]) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, type="string") for name in row])


def _shortened(row: Mapping[Any, Any]) -> dict[str, str]:
    return {
        str(name): text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
        for name, text in ((name, str(value)) for name, value in row.items())
    }
