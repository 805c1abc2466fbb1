"""The partition of a run that was started elsewhere.

A run's log does not tell its variables. But each partition has a dataset of its own, and what a run has written was
changed between the end of the run before and its own end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from dagster_ikigai.flows.facets import Component, Output
from dagster_ikigai.metadata import RUN_LOG_ID
from dagster_ikigai.runs.variables import partition_dataset

if TYPE_CHECKING:
    from dagster_ikigai.sensors.ended_runs import EndedRun
    from ikigai_core import Dataset

_CLOCK_GRAIN = 2.0
"""The platform's times are whole seconds, and the time of a log is later than the end of its run."""

_EARLIER_RUNS = 50
"""So many fit between the end of the run before, less the grain of the clock, and that end."""


def written_partition(
    instance: dg.DagsterInstance, run: EndedRun, datasets: Mapping[str, Dataset]
) -> tuple[str, list[Output]] | None:
    """The partition of a run, and its outputs by the partition's names; None if it is not certain.

    Parameters
    ----------
    instance : DagsterInstance
        Contains the keys of dynamic partitions.
    run : EndedRun
        A run of a flow whose partitions have datasets of their own.
    datasets : mapping of str to Dataset
        All of the app's datasets, by name.
    """
    found = []
    for key in _partition_keys(instance, run):
        outputs = list(_outputs(run, key))
        if all(_is_of(run, datasets, output) for output in outputs):
            found.append((key, outputs))
    ends = _ends_of_earlier_runs(run) if found else {}
    unexplained = [
        (key, outputs)
        for key, outputs in found
        if not any(_is_of_earlier_run(instance, run, key, datasets[one.component.name], ends) for one in outputs)
    ]
    return unexplained[0] if len(unexplained) == 1 else None


def _partition_keys(instance: dg.DagsterInstance, run: EndedRun) -> Iterable[str]:
    partitions = run.flow.partitions_def
    return () if partitions is None else partitions.get_partition_keys(dynamic_partitions_store=instance)


def _outputs(run: EndedRun, partition: str) -> Iterator[Output]:
    for facet, component in run.flow.written:
        name = partition_dataset(run.flow.templates[facet], component.name, partition)
        yield Output(facet, Component("dataset", name))


def _is_of(run: EndedRun, datasets: Mapping[str, Dataset], output: Output) -> bool:
    dataset = datasets.get(output.component.name)
    since, until = run.since - _CLOCK_GRAIN, run.log.timestamp.timestamp()
    return dataset is not None and since <= dataset.modified_at.timestamp() <= until


def _ends_of_earlier_runs(run: EndedRun) -> dict[str, float]:
    """When earlier runs of the flow ended, in seconds since 1970, by log id."""
    logs = run.remote.run_logs(_EARLIER_RUNS)
    return {log.log_id: log.timestamp.timestamp() for log in logs if log.log_id != run.log.log_id}


def _is_of_earlier_run(
    instance: dg.DagsterInstance, run: EndedRun, partition: str, dataset: Dataset, ends: Mapping[str, float]
) -> bool:
    """Whether the run for which the partition was last reported has left the dataset as it is."""
    key = next(iter(run.flow.keys.values()))
    chosen = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
    events = [record.asset_materialization for record in instance.fetch_materializations(chosen, limit=1).records]
    told = [event.metadata.get(RUN_LOG_ID) for event in events if event is not None]
    changed_at = dataset.modified_at.timestamp()
    return any(entry is not None and ends.get(str(entry.value), 0.0) >= changed_at for entry in told)
