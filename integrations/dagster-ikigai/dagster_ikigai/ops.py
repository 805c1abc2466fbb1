"""Ops, for jobs that have no assets."""

# No `from __future__ import annotations` here: Dagster reads the annotations of ops as types.

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_ikigai.connection import IkigaiWorkspace
from dagster_ikigai.dataset_profile import dataset_metadata
from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.flows.named_flow import NamedFlow
from dagster_ikigai.flows.written_flow import IkigaiFlow
from dagster_ikigai.naming import flow_key
from dagster_ikigai.run_report import run_metadata, told_to_ops
from dagster_ikigai.run_store import ObservationRunStore
from dagster_ikigai.runs.execution import FlowTask, execute, take
from dagster_ikigai.runs.settings import StartSettings
from ikigai_core.orchestration import Isolation, OnBusy, OnDoubt, ensure_dataset


class RunIkigaiFlowConfig(dg.Config):
    """Config of `run_ikigai_flow_op`: the flow and the settings for its run.

    Examples
    --------
    >>> @dg.job(resource_defs={"ikigai": IkigaiWorkspace()})
    ... def late_flights():
    ...     run_ikigai_flow_op()
    >>> what = RunIkigaiFlowConfig(app="Late flights", flow="Late flights", variables={"output": "late"})
    >>> run_config = dg.RunConfig(ops={"run_ikigai_flow_op": what})
    """

    app: str = Field(description="Name or id of the app.")
    flow: str = Field(description="Name or id of the flow in the app.")
    definition: str | None = Field(
        default=None, description="Path of a definition document: the flow is created, or brought up to date, first."
    )
    variables: dict[str, Any] = Field(default={}, description="Run variables by name.")
    on_busy: OnBusy = Field(default="wait", description="What to do if another run of the flow is under way.")
    isolation: Isolation = Field(
        default="shared", description="Whether the flow itself runs, or a private copy of it, made for this run alone."
    )
    on_doubt: OnDoubt = Field(
        default="fail", description="What to do if it cannot be proven which run is the step's: fail, or take a guess."
    )
    unique_output: str | None = Field(
        default=None, description="The run variable that names a dataset which no other run writes."
    )
    keep_copies: bool = Field(default=False, description="Whether the private copy stays after its run.")
    timeout: float | None = Field(default=None, description="Seconds for waiting for a busy flow and for the run.")


class UploadDatasetConfig(dg.Config):
    """Config of `upload_dataset_op`: the file and the dataset.

    Examples
    --------
    >>> what = UploadDatasetConfig(app="Late flights", dataset="flights", path="flights.csv", create_app=True)
    >>> run_config = dg.RunConfig(ops={"upload_dataset_op": what})
    """

    app: str = Field(description="Name or id of the app.")
    dataset: str = Field(description="Name of the dataset in the app.")
    path: str = Field(description="CSV or Parquet file, or its URL, where the step runs.")
    create_app: bool = Field(default=False, description="Create the app if it does not exist.")


@dg.op(description="Runs an Ikigai flow and follows it to its end; returns the run's log as a dict.")
def run_ikigai_flow_op(context: dg.OpExecutionContext, config: RunIkigaiFlowConfig, ikigai: IkigaiWorkspace) -> dict:  # type: ignore[type-arg]
    """Run a flow and follow it to its end, as part of a job.

    A retried or re-executed step continues with the run that it started. Its notes are observations of the asset
    ``<app>/flows/<flow>``. The resource ``ikigai`` is the workspace.

    Examples
    --------
    >>> @dg.job(resource_defs={"ikigai": IkigaiWorkspace()})
    ... def late_flights():
    ...     run_ikigai_flow_op()
    """
    if config.definition is None:
        flow: IkigaiFlow | NamedFlow = NamedFlow(config.app, config.flow)
    else:
        flow = IkigaiFlow(config.app, config.flow, config.definition)
    how = StartSettings(
        config.on_busy, config.isolation, config.on_doubt, config.unique_output, config.keep_copies, config.timeout
    )
    task = FlowTask(flow, config.variables, how)
    task.check()
    store = ObservationRunStore(context, dg.AssetKey(flow_key(config.app, config.flow)), task.digest)
    with dagster_failures(), ikigai.get_client() as client:
        finished = execute(context, client, task, store)
        take(context, store, finished)
    context.add_output_metadata(run_metadata(finished.report))
    return told_to_ops(finished.report)


@dg.op(description="Uploads a CSV or Parquet file as a dataset of an Ikigai app; returns the dataset's id.")
def upload_dataset_op(context: dg.OpExecutionContext, config: UploadDatasetConfig, ikigai: IkigaiWorkspace) -> str:
    """Upload a CSV or Parquet file as a dataset, unless the dataset has this data already, as part of a job.

    The resource ``ikigai`` is the workspace.

    Examples
    --------
    >>> @dg.job(resource_defs={"ikigai": IkigaiWorkspace()})
    ... def upload():
    ...     upload_dataset_op()
    """
    with dagster_failures(), ikigai.get_client() as client:
        dataset = client.run(
            ensure_dataset(client, config.app, config.dataset, config.path, create_app=config.create_app)
        )
    context.log.info(f"Dataset {config.dataset!r}: {', '.join(dataset.changes) or 'up to date, nothing sent'}.")
    context.add_output_metadata(dataset_metadata(dataset))
    return dataset.dataset_id
