"""Assets of files that are uploaded as datasets."""

# No `from __future__ import annotations` here: Dagster reads the annotations of asset functions as types.

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.metadata import Profile, dataset_metadata
from dagster_ikigai.naming import identifier
from dagster_ikigai.orphans import check_is_awaited
from dagster_ikigai.resources import Workspace, required_resource, workspace_of
from dagster_ikigai.translator import DagsterIkigaiTranslator, IkigaiDatasetProps

if TYPE_CHECKING:
    from ikigai_core import Dataset


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
    """Make the asset of a dataset that is uploaded from a CSV file.

    Materializing it creates the dataset, or replaces its data where the file holds other data.

    Parameters
    ----------
    app : str
        Name of the app.
    dataset : str
        Name of the dataset.
    path : str or Path
        The CSV file, where the step runs.
    create_app : bool, default False
        Create the app where there is none of that name, when the asset is materialized.
    workspace : str or IkigaiWorkspace
        Key of the resource that is the workspace, or the workspace itself. Default: the resource ``ikigai``.
    name : str, optional
        Name of the step. Default: from the names of app and dataset.
    group_name : str, optional
        Group of the asset.
    translator : DagsterIkigaiTranslator, optional
        Decides on the key and other attributes.
    deps : list, optional
        Assets that make the file.
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
        source = existing_file(Path(path), dataset, app)
        with dagster_failures(), used.get_client() as ikigai:
            home = ikigai.app.new(app).ensure() if create_app else ikigai.apps[app]
            uploaded = home.dataset.new(dataset).csv(source).ensure()
        check_is_awaited(context)
        context.log.info(f"Dataset {dataset!r}: {', '.join(uploaded.changes) or 'up to date, nothing sent'}.")
        return _uploaded(uploaded, Profile.of_csv(source, used.preview_rows))

    return upload


def existing_file(path: Path, dataset: str, app: str) -> Path:
    """The file that a dataset is to be made of.

    Raises
    ------
    Failure
        There is no such file. Nothing was sent.
    """
    if not path.is_file():
        raise dg.Failure(
            f"There is no file {str(path)!r} to upload as dataset {dataset!r} of app {app!r}"
            f"{'' if path.is_absolute() else f' (looked in {Path.cwd()})'}. Nothing was sent.",
            allow_retries=False,
        )
    return path


def _uploaded(dataset: "Dataset", profile: Profile) -> dg.MaterializeResult[Any]:
    changes = {"ikigai/changes": ", ".join(dataset.changes) or "none"}
    return dg.MaterializeResult(
        metadata={**dataset_metadata(dataset, profile), **changes}, data_version=dg.DataVersion(profile.digest)
    )
