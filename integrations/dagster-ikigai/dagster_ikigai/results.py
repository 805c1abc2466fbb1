"""What a run of a flow wrote, in Dagster's words: the same for a step and for a sensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.metadata import WRITTEN, Profile, dataset_metadata, model_metadata, run_metadata

if TYPE_CHECKING:
    from dagster_ikigai.facets import Output
    from dagster_ikigai.resources import IkigaiWorkspace
    from ikigai_core import App, Flow, FlowRun, RunLog

DATA_VERSION_TAG = "dagster/data_version"
_CLOCK_GRAIN = timedelta(seconds=2)
"""The platform's stamps are in whole seconds."""


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
    run : FlowRun or None
        The run; None for one that was not started here.
    """

    app: App
    remote: Flow
    written: list[Output]
    log: RunLog
    run: FlowRun | None = None

    @property
    def metadata(self) -> dict[str, Any]:
        """What is told of the run."""
        return run_metadata(self.remote, self.log, self.run)

    def may_have_written(self, changed_at: datetime) -> bool:
        """Whether what was changed then may have been changed by the run, rather than before its start."""
        since = self.run.baseline_at if self.run is not None else None
        return since is None or changed_at >= since - _CLOCK_GRAIN


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
    of_run = run.metadata
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
    dataset = _found(run.app.datasets, name)
    if dataset is None or not run.may_have_written(dataset.modified_at):
        return Result(key, {**of_run, WRITTEN: False}, None)
    profile = Profile.of_dataset(dataset, workspace.preview_rows, workspace.profile_limit_mb)
    return Result(key, {**dataset_metadata(dataset, profile), **of_run}, profile.digest if profile else None)


def _model(run: FinishedRun, name: str, key: dg.AssetKey, of_run: Mapping[str, Any]) -> Result:
    model = _found(run.app.models, name)
    versions = (
        []
        if model is None
        else sorted(model.versions().values(), key=lambda version: (version.created_at, version.version_id))
    )
    if model is None or not versions or not run.may_have_written(versions[-1].created_at):
        return Result(key, {**of_run, WRITTEN: False}, None)
    return Result(key, {**model_metadata(model, versions), **of_run}, versions[-1].version_id)


def _found(browser: Any, name: str) -> Any:
    """The component of a name; None if the run left none."""
    from ikigai_core.errors import NotFoundError

    try:
        return browser[name]
    except NotFoundError:
        return None
