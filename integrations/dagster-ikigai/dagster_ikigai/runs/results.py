"""The assets that a run of a flow wrote, for steps and sensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.dataset_profile import dataset_metadata, profile_of
from dagster_ikigai.metadata import WRITTEN
from dagster_ikigai.run_report import run_log_of, run_metadata
from dagster_ikigai.runs.model_metadata import model_metadata

if TYPE_CHECKING:
    from dagster_ikigai.connection import IkigaiWorkspace
    from dagster_ikigai.flows.facets import Output
    from ikigai_core import App, Dataset, Ikigai
    from ikigai_core.orchestration import RunReport

DATA_VERSION_TAG = "dagster/data_version"
_CLOCK_GRAIN = timedelta(seconds=2)
"""The resolution of the platform's timestamps is one second."""


@dataclass(frozen=True)
class FinishedRun:
    """A successful run.

    Attributes
    ----------
    app : App
        App of the flow.
    report : RunReport
        Report of the run.
    written : list of Output
        Its expected outputs, under the names from the run.
    datasets : mapping of str to Dataset
        The datasets that it actually wrote, by name.
    since : datetime or None
        The run did not cause any earlier changes; None if that time is not known.
    """

    app: App
    report: RunReport
    written: list[Output]
    datasets: Mapping[str, Dataset]
    since: datetime | None = None


@dataclass(frozen=True)
class Result:
    """One asset that a run wrote."""

    key: dg.AssetKey
    metadata: Mapping[str, Any]
    version: str | None

    def to_materialize_result(self) -> dg.MaterializeResult[Any]:
        """The result that a step yields."""
        version = dg.DataVersion(self.version) if self.version else None
        return dg.MaterializeResult(asset_key=self.key, metadata=self.metadata, data_version=version)

    def to_materialization(self, partition: str | None = None) -> dg.AssetMaterialization:
        """The event that a sensor reports."""
        tags = {DATA_VERSION_TAG: self.version} if self.version else None
        return dg.AssetMaterialization(self.key, metadata=self.metadata, tags=tags, partition=partition)


def results(
    ikigai: Ikigai, run: FinishedRun, keys: Mapping[str, dg.AssetKey], workspace: IkigaiWorkspace
) -> Iterator[Result]:
    """Describe the outputs of a run.

    Parameters
    ----------
    ikigai : Ikigai
    run : FinishedRun
        The run.
    keys : mapping of str to AssetKey
        Asset key by facet. The facet is empty if the flow writes neither datasets nor models.
    workspace : IkigaiWorkspace
        Determines how much of the data is downloaded.

    Yields
    ------
    Result
        One result for each asset. If `run.written` does not contain the asset, the result describes only the run.
    """
    of_run = run_metadata(run.report)
    told = {facet for facet, _ in run.written}
    for facet in keys.keys() - told:
        yield Result(keys[facet], of_run, None)
    for facet, component in run.written:
        if component.kind == "flow":
            yield Result(keys[facet], of_run, run_log_of(run.report).log_id)
            continue
        found = _model(run, component.name) if component.kind == "model" else None
        dataset = run.datasets.get(component.name) if component.kind == "dataset" else None
        if dataset is not None:
            profile = profile_of(ikigai, dataset, workspace)
            found = dataset_metadata(dataset, profile), profile.digest
        metadata, version = found or ({WRITTEN: False}, None)
        yield Result(keys[facet], {**of_run, **metadata}, version)


def _model(run: FinishedRun, name: str) -> tuple[dict[str, Any], str | None] | None:
    """Metadata of a model and the id of its newest version; None if the run trained no version."""
    model = run.app.models().get(name)
    if model is None:
        return None
    versions = sorted(model.versions().values(), key=lambda version: (version.created_at, version.version_id))
    if not versions or (run.since is not None and versions[-1].created_at < run.since - _CLOCK_GRAIN):
        return None
    return model_metadata(model, versions), versions[-1].version_id
