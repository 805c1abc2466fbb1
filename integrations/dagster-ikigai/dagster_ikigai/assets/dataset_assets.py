"""Assets of files that are uploaded as datasets."""

# No `from __future__ import annotations` here: Dagster reads the annotations of asset functions as types.

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.assets.translator import DagsterIkigaiTranslator, IkigaiDatasetProps
from dagster_ikigai.connection import Workspace, required_resource, workspace_of
from dagster_ikigai.dataset_profile import dataset_metadata, profile_of_upload
from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.naming import identifier
from dagster_ikigai.runs.orphans import check_is_awaited
from ikigai_core.orchestration import ensure_dataset

if TYPE_CHECKING:
    from ikigai_core import Dataset
    from ikigai_core.orchestration import DatasetProfile


def build_ikigai_dataset_asset(
    *,
    app: str,
    dataset: str,
    path: str | Path,
    create_app: bool = False,
    workspace: Workspace = "ikigai",
    name: str | None = None,
    group_name: str | None = None,
    translator: DagsterIkigaiTranslator | None = None,
    deps: list[Any] | None = None,
    retry_policy: dg.RetryPolicy | None = None,
    op_tags: Mapping[str, Any] | None = None,
) -> dg.AssetsDefinition:
    """Create the asset of a dataset that is uploaded from a CSV or Parquet file.

    Materializing it creates the dataset, or replaces its data if they differ from the file.

    Parameters
    ----------
    app : str
        Name or id of the app.
    dataset : str
        Name of the dataset.
    path : str or Path
        Path of the file, where the step runs, or its URL. Parquet is converted.
    create_app : bool, default False
        Create the app when the asset is materialized, if there is none of that name.
    workspace : str or IkigaiWorkspace
        Resource key of the workspace, or the workspace itself. Default: the resource ``ikigai``.
    name : str, optional
        Name of the step. Default: from the names of app and dataset.
    group_name : str, optional
        Group of the asset.
    translator : DagsterIkigaiTranslator, optional
        Determines the key and other attributes.
    deps : list, optional
        Assets that create the file.
    retry_policy, op_tags
        As for ``dagster.multi_asset``.

    Returns
    -------
    AssetsDefinition
        One asset.

    Examples
    --------
    >>> flights = build_ikigai_dataset_asset(app="Late flights", dataset="flights", path="data/flights.csv")
    """
    spec = (translator or DagsterIkigaiTranslator()).get_asset_spec(IkigaiDatasetProps(app, dataset))

    @dg.multi_asset(
        specs=[spec.merge_attributes(deps=deps or [])],
        name=name or f"{identifier(app)}__upload_{identifier(dataset)}",
        group_name=group_name,
        required_resource_keys=required_resource(workspace),
        retry_policy=retry_policy,
        op_tags=op_tags,
    )
    def upload(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        used = workspace_of(context, workspace)
        with dagster_failures(context), used.get_client() as ikigai:
            uploaded = ikigai.run(ensure_dataset(ikigai, app, dataset, path, create_app=create_app))
            profile = profile_of_upload(ikigai, uploaded, path, used)
        check_is_awaited(context)
        context.log.info(f"Dataset {dataset!r}: {', '.join(uploaded.changes) or 'up to date, nothing sent'}.")
        return _uploaded(uploaded, profile)

    return upload


def _uploaded(dataset: "Dataset", profile: "DatasetProfile") -> dg.MaterializeResult[Any]:
    changes = {"ikigai/changes": ", ".join(dataset.changes) or "none"}
    version = dg.DataVersion(profile.digest) if profile.digest else None
    return dg.MaterializeResult(metadata={**dataset_metadata(dataset, profile), **changes}, data_version=version)
