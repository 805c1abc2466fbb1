"""Materialization metadata of datasets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.metadata import (
    COLUMN_SCHEMA,
    DATASET_ID,
    METADATA_FORM,
    METADATA_VERSION,
    NULL_COUNTS,
    ROW_COUNT,
    link,
)

if TYPE_CHECKING:
    from dagster_ikigai.connection import IkigaiWorkspace
    from ikigai_core import ColumnDataType, Dataset, Ikigai
    from ikigai_core.orchestration import DatasetProfile


def profile_of(ikigai: Ikigai, dataset: Dataset, workspace: IkigaiWorkspace) -> DatasetProfile:
    """Read the profile of a dataset, within the limits of the workspace."""
    from ikigai_core.orchestration import profile_dataset

    limit = workspace.profile_limit_mb * 1e6
    return ikigai.run(profile_dataset(dataset, preview_rows=workspace.preview_rows, size_limit=limit))


def profile_of_upload(
    ikigai: Ikigai, dataset: Dataset, source: str | Path, workspace: IkigaiWorkspace
) -> DatasetProfile:
    """Read the profile of an uploaded dataset, from its source file if that is on this machine."""
    from ikigai_core.orchestration import DataProfile, DatasetProfile

    if not Path(source).is_file():
        return profile_of(ikigai, dataset, workspace)
    return DatasetProfile.of(dataset, DataProfile.of_file(Path(source), preview_rows=workspace.preview_rows))


def dataset_metadata(dataset: Dataset, profile: DatasetProfile | None = None) -> dict[str, Any]:
    """Metadata of a dataset. Uses Dagster's standard names if they exist."""
    metadata: dict[str, Any] = {
        METADATA_FORM: METADATA_VERSION,
        COLUMN_SCHEMA: column_schema(dataset.data_types),
        "ikigai/app_id": dataset.app_id,
        DATASET_ID: dataset.dataset_id,
        "ikigai/size_bytes": dataset.size,
    }
    link(metadata, "ikigai/dataset_url", dataset.web_url)
    if profile is not None and profile.row_count is not None:
        metadata[ROW_COUNT] = profile.row_count
        metadata[NULL_COUNTS] = dg.MetadataValue.json(profile.empty_values)
    if profile is not None and profile.preview:
        columns = dg.TableSchema([dg.TableColumn(name, type="string") for name in profile.preview[0]])
        records = [dg.TableRecord(row) for row in profile.preview]
        metadata["ikigai/preview"] = dg.MetadataValue.table(records, schema=columns)
    return metadata


def column_schema(data_types: Mapping[str, ColumnDataType]) -> dg.TableSchema:
    """The columns as a Dagster schema, with the platform's types, and its formats as descriptions."""
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
