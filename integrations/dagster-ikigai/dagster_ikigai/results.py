"""What a run of a flow wrote, in Dagster's words: the same for a step and for a sensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.metadata import Profile, dataset_metadata, model_metadata, run_metadata

if TYPE_CHECKING:
    from dagster_ikigai.facets import Output
    from dagster_ikigai.resources import IkigaiWorkspace
    from ikigai_core import App, Flow, RunLog

DATA_VERSION_TAG = "dagster/data_version"


@dataclass(frozen=True)
class FinishedRun:
    """A run that succeeded.

    Attributes
    ----------
    app, remote : App, Flow
        Where it ran.
    written : list of Output
        What it wrote, under the names that the run gave.
    log : RunLog
        How it ended.
    variables : mapping
        The run variables, as far as they are known.
    web_url : str or None
        Where the platform shows it.
    """

    app: App
    remote: Flow
    written: list[Output]
    log: RunLog
    variables: Mapping[str, Any]
    web_url: str | None = None


@dataclass(frozen=True)
class Result:
    """One asset that a run wrote."""

    key: dg.AssetKey
    metadata: Mapping[str, Any]
    version: str | None

    def to_materialize_result(self) -> dg.MaterializeResult[Any]:
        """What a step yields."""
        version = dg.DataVersion(self.version) if self.version else None
        return dg.MaterializeResult(asset_key=self.key, metadata=self.metadata, data_version=version)

    def to_materialization(self) -> dg.AssetMaterialization:
        """What a sensor reports."""
        tags = {DATA_VERSION_TAG: self.version} if self.version else None
        return dg.AssetMaterialization(self.key, metadata=self.metadata, tags=tags)


def results(run: FinishedRun, keys: Mapping[str, dg.AssetKey], workspace: IkigaiWorkspace) -> Iterator[Result]:
    """Describe what a run wrote.

    Parameters
    ----------
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
    of_run = run_metadata(run.remote, run.log, run.variables, run.web_url)
    told = {facet for facet, _ in run.written}
    for facet in keys.keys() - told:
        yield Result(keys[facet], of_run, None)
    for facet, component in run.written:
        if component.kind == "flow":
            yield Result(keys[facet], of_run, run.log.log_id)
        elif component.kind == "model":
            yield _model(run, component.name, keys[facet], of_run)
        else:
            yield _dataset(run, component.name, keys[facet], of_run, workspace)


def _dataset(
    run: FinishedRun, name: str, key: dg.AssetKey, of_run: Mapping[str, Any], workspace: IkigaiWorkspace
) -> Result:
    dataset = run.app.datasets[name]
    profile = Profile.of_dataset(dataset, workspace.preview_rows, workspace.profile_limit_mb)
    return Result(key, {**dataset_metadata(dataset, profile), **of_run}, profile.digest if profile else None)


def _model(run: FinishedRun, name: str, key: dg.AssetKey, of_run: Mapping[str, Any]) -> Result:
    model = run.app.models[name]
    versions = sorted(model.versions().values(), key=lambda version: (version.created_at, version.version_id))
    return Result(key, {**model_metadata(model, versions), **of_run}, versions[-1].version_id if versions else None)
