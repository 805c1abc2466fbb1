"""The assets that a run of a flow wrote: the same for a step and for a sensor."""

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
"""The platform's stamps are in whole seconds."""


@dataclass(frozen=True)
class FinishedRun:
    """A run that succeeded.

    Attributes
    ----------
    app : App
        Of the flow.
    report : RunReport
        How it ended.
    written : list of Output
        What it was to write, under the names that the run gave.
    datasets : mapping of str to Dataset
        By name, those that it did write.
    since : datetime or None
        What was changed before this was not changed by the run; None if that is not known.
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
        """The form that a step yields."""
        version = dg.DataVersion(self.version) if self.version else None
        return dg.MaterializeResult(asset_key=self.key, metadata=self.metadata, data_version=version)

    def to_materialization(self) -> dg.AssetMaterialization:
        """The form that a sensor reports."""
        tags = {DATA_VERSION_TAG: self.version} if self.version else None
        return dg.AssetMaterialization(self.key, metadata=self.metadata, tags=tags)


def results(
    ikigai: Ikigai, run: FinishedRun, keys: Mapping[str, dg.AssetKey], workspace: IkigaiWorkspace
) -> Iterator[Result]:
    """Describe what a run wrote.

    Parameters
    ----------
    ikigai : Ikigai
    run : FinishedRun
        The run.
    keys : mapping of str to AssetKey
        Asset by facet; the facet is empty for a flow that writes neither dataset nor model.
    workspace : IkigaiWorkspace
        Says how much of the data is fetched.

    Yields
    ------
    Result
        One for each of the assets; of an asset that `run.written` leaves out, only the run is told.
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
    """Metadata of a model and the id of its newest version; None if the run made none."""
    model = run.app.models().get(name)
    if model is None:
        return None
    versions = sorted(model.versions().values(), key=lambda version: (version.created_at, version.version_id))
    if not versions or (run.since is not None and versions[-1].created_at < run.since - _CLOCK_GRAIN):
        return None
    return model_metadata(model, versions), versions[-1].version_id
