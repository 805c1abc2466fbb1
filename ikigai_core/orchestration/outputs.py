"""The datasets that a run wrote: those that its own variables name, if they changed after its start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeAlias, TypeVar, overload

from ikigai_core.api.answers import Record
from ikigai_core.catalog.kinds import datasets_of
from ikigai_core.catalog.listing import named
from ikigai_core.components.app import App, AsyncApp
from ikigai_core.components.dataset import AsyncDataset, Dataset
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.procedure import Procedure
from ikigai_core.runs.flow_run import AsyncFlowRun, FlowRun

D = TypeVar("D", Dataset, AsyncDataset)

_CLOCK = timedelta(seconds=2)
"""Tolerance: the platform gives a dataset's time in whole seconds, and that of a log entry more precisely."""


@dataclass(frozen=True)
class WrittenOutputs(Generic[D]):
    """The outputs of a run.

    Attributes
    ----------
    datasets : tuple of Dataset or AsyncDataset
        Their current records, in the order of the definition's facets.
    missing : tuple of str
        Names of the datasets in the definition that the run did not write.
    """

    datasets: tuple[D, ...]
    missing: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the datasets that the run wrote."""
        return [dataset.name for dataset in self.datasets]


Exporting: TypeAlias = FlowDefinition | DefinitionDocument | Sequence[str]


@overload
def written_outputs(app: App, run: FlowRun, definition: Exporting) -> Procedure[WrittenOutputs[Dataset] | None]: ...
@overload
def written_outputs(
    app: AsyncApp, run: AsyncFlowRun, definition: Exporting
) -> Procedure[WrittenOutputs[AsyncDataset] | None]: ...
@overload
def written_outputs(
    app: App | AsyncApp, run: FlowRun | AsyncFlowRun, definition: Exporting
) -> Procedure[WrittenOutputs[Dataset] | WrittenOutputs[AsyncDataset] | None]: ...
def written_outputs(
    app: App | AsyncApp, run: FlowRun | AsyncFlowRun, definition: Exporting
) -> Procedure[WrittenOutputs[Any] | None]:
    """Find the datasets that a run wrote, after its end. Sends one request for each exported dataset.

    Parameters
    ----------
    app : App or AsyncApp
        The flow's app.
    run : FlowRun or AsyncFlowRun
    definition : FlowDefinition, DefinitionDocument or sequence of str
        The flow's current definition, or the one that it was updated with. Or the names that it exported at the start
        of the run, if the adapter has stored them.

    Returns
    -------
    WrittenOutputs or None
        None for somebody else's run that was attached to, since its variables are not known. If the flow had never run
        before, all existing datasets with those names are considered written.

    Examples
    --------
    >>> written = ikigai.run(written_outputs(app, run, flow.definition()))  # doctest: +SKIP
    """
    if run.attached:
        return None
    kind: type[Any] = Dataset if isinstance(app, App) else AsyncDataset
    since = None if run.baseline_at is None else run.baseline_at - _CLOCK
    datasets, missing = [], []
    names = definition if isinstance(definition, Sequence) else definition.exported(run.variables)
    for name in names:
        same = yield from named(datasets_of(app.app_id, app.name), name)
        dataset = _newest(kind, same, app._client)
        if dataset is None or (since is not None and dataset.modified_at < since):
            missing.append(name)
        else:
            datasets.append(dataset)
    return WrittenOutputs(tuple(datasets), tuple(missing))


def _newest(kind: type[Any], records: Iterable[Record], client: Any) -> Any:
    """The dataset that was changed last, of several with the same name."""
    found = [kind.bind(record, client) for record in records]
    return max(found, key=_changed_at, default=None)


def _changed_at(dataset: Dataset | AsyncDataset) -> datetime:
    return dataset.modified_at
