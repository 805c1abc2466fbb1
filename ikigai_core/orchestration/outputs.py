"""Which datasets a run wrote: those that its own variables name, if they were changed after it began."""

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
"""The platform tells a dataset's time in whole seconds, and that of a log entry more exactly."""


@dataclass(frozen=True)
class WrittenOutputs(Generic[D]):
    """What a run wrote.

    Attributes
    ----------
    datasets : tuple of Dataset or AsyncDataset
        As they are now, in the order of the definition's facets.
    missing : tuple of str
        Names of those that the definition says it writes, and that it did not write.
    """

    datasets: tuple[D, ...]
    missing: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of what it wrote."""
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
    """Find what a run wrote, after its end: one request for each dataset that the definition exports.

    Parameters
    ----------
    app : App or AsyncApp
        The flow's.
    run : FlowRun or AsyncFlowRun
    definition : FlowDefinition, DefinitionDocument or sequence of str
        The flow's, or what it was brought up to date with; or the names that it exported when the run was started, if
        the adapter has kept them.

    Returns
    -------
    WrittenOutputs or None
        None for a run of somebody else that was attached to: what it was started with is not known. For a flow that had
        never run before, whatever is there by those names counts as written.

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
    """Of namesakes the one that was changed last."""
    found = [kind.bind(record, client) for record in records]
    return max(found, key=_changed_at, default=None)


def _changed_at(dataset: Dataset | AsyncDataset) -> datetime:
    return dataset.modified_at
