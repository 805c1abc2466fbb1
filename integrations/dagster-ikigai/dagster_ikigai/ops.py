"""Ops, for jobs that have no assets."""

# No `from __future__ import annotations` here: Dagster reads the annotations of ops as types.

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_ikigai.connection import IkigaiWorkspace, Workspace, required_resource, workspace_of
from dagster_ikigai.dataset_profile import dataset_metadata
from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.flows.named_flow import NamedFlow
from dagster_ikigai.flows.written_flow import IkigaiFlow
from dagster_ikigai.naming import flow_key
from dagster_ikigai.run_report import run_metadata, told_to_ops
from dagster_ikigai.run_store import EventRunStore
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
    on_busy: OnBusy = Field(default="wait", description="What to do if the flow is already running.")
    isolation: Isolation = Field(
        default="shared", description="Whether the flow itself runs, or a private copy of it, made for this run alone."
    )
    on_doubt: OnDoubt = Field(
        default="fail",
        description="What to do if it cannot be proven which run is the step's: fail, or accept the most likely run.",
    )
    unique_output: str | None = Field(
        default=None, description="The run variable that names a dataset that no other run writes."
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


class ApplyAppConfig(dg.Config):
    """Config of `apply_ikigai_app_op`: the document of an app.

    Examples
    --------
    >>> what = ApplyAppConfig(document="late_flights", app="Late flights (production)")
    >>> run_config = dg.RunConfig(ops={"apply_ikigai_app_op": what})
    """

    document: str = Field(description="Folder that `ikigai apps export` wrote, or a file with the whole document.")
    app: str | None = Field(default=None, description="Name of the app. Default: the name in the document.")
    prune: bool = Field(
        default=False, description="Delete components that the document does not have, including their data."
    )


def build_run_ikigai_flow_op(
    *, workspace: Workspace = "ikigai", name: str = "run_ikigai_flow_op", **options: Any
) -> dg.OpDefinition:
    """Create an op that runs a flow and follows it to its end, as part of a job. It returns the run's log as a dict.

    A retried or re-executed step continues with the run that it started. The page of the asset ``<app>/flows/<flow>``
    shows one line for each step. Its config is `RunIkigaiFlowConfig`.

    Parameters
    ----------
    workspace : str or IkigaiWorkspace
        Resource key of the workspace, or the workspace itself. Default: the resource ``ikigai``.
    name : str
        Name of the op.
    **options
        As for ``dagster.op``, such as `retry_policy`, `tags` or `pool`.

    Examples
    --------
    >>> run_flow = build_run_ikigai_flow_op(workspace="production", retry_policy=dg.RetryPolicy(max_retries=2))
    >>> @dg.job(resource_defs={"production": IkigaiWorkspace()})
    ... def late_flights():
    ...     run_flow()
    """

    @dg.op(
        name=name,
        description="Runs an Ikigai flow and follows it to its end; returns the run's log as a dict.",
        required_resource_keys=required_resource(workspace),
        **options,
    )
    def run(context: dg.OpExecutionContext, config: RunIkigaiFlowConfig) -> dict:  # type: ignore[type-arg]
        return _run(context, config, workspace_of(context, workspace))

    return run


def build_upload_dataset_op(
    *, workspace: Workspace = "ikigai", name: str = "upload_dataset_op", **options: Any
) -> dg.OpDefinition:
    """Create an op that uploads a CSV or Parquet file as a dataset, unless the dataset has this data already.

    It returns the dataset's id. Its config is `UploadDatasetConfig`.

    Parameters
    ----------
    workspace, name, **options
        As for `build_run_ikigai_flow_op`.

    Examples
    --------
    >>> upload = build_upload_dataset_op(workspace="production")
    """

    @dg.op(
        name=name,
        description="Uploads a CSV or Parquet file as a dataset of an Ikigai app; returns the dataset's id.",
        required_resource_keys=required_resource(workspace),
        **options,
    )
    def upload(context: dg.OpExecutionContext, config: UploadDatasetConfig) -> str:
        return _upload(context, config, workspace_of(context, workspace))

    return upload


def build_apply_ikigai_app_op(
    *, workspace: Workspace = "ikigai", name: str = "apply_ikigai_app_op", **options: Any
) -> dg.OpDefinition:
    """Create an op that makes an app what its document says. It returns the plan that was carried out, as a dict.

    Its config is `ApplyAppConfig`. If something that the document refers to cannot be resolved, nothing is changed.

    Parameters
    ----------
    workspace, name, **options
        As for `build_run_ikigai_flow_op`.

    Examples
    --------
    >>> promote = build_apply_ikigai_app_op(workspace="production")
    """

    @dg.op(
        name=name,
        description="Makes an Ikigai app what its document says; returns the plan that was carried out as a dict.",
        required_resource_keys=required_resource(workspace),
        **options,
    )
    def apply(context: dg.OpExecutionContext, config: ApplyAppConfig) -> dict:  # type: ignore[type-arg]
        with dagster_failures(context), workspace_of(context, workspace).get_client() as client:
            plan = client.apply_app(config.document, config.app, prune=config.prune)
        context.log.info(str(plan))
        return plan.to_dict()

    return apply


def _run(context: dg.OpExecutionContext, config: RunIkigaiFlowConfig, workspace: IkigaiWorkspace) -> dict[str, Any]:
    if config.definition is None:
        flow: IkigaiFlow | NamedFlow = NamedFlow(config.app, config.flow)
    else:
        flow = IkigaiFlow(config.app, config.flow, config.definition)
    how = StartSettings(
        on_busy=config.on_busy,
        isolation=config.isolation,
        on_doubt=config.on_doubt,
        unique_output=config.unique_output,
        keep_copies=config.keep_copies,
        timeout=config.timeout,
    )
    task = FlowTask(flow, config.variables, how)
    task.check()
    store = EventRunStore(context, dg.AssetKey(flow_key(config.app, config.flow)), task.digest)
    with dagster_failures(context), workspace.get_client() as client:
        finished = execute(context, client, task, store)
        take(context, store, finished)
    context.add_output_metadata(run_metadata(finished.report))
    return told_to_ops(finished.report)


def _upload(context: dg.OpExecutionContext, config: UploadDatasetConfig, workspace: IkigaiWorkspace) -> str:
    with dagster_failures(context), workspace.get_client() as client:
        dataset = client.run(
            ensure_dataset(client, config.app, config.dataset, config.path, create_app=config.create_app)
        )
    context.log.info(f"Dataset {config.dataset!r}: {', '.join(dataset.changes) or 'up to date, nothing sent'}.")
    context.add_output_metadata(dataset_metadata(dataset))
    return dataset.dataset_id


run_ikigai_flow_op = build_run_ikigai_flow_op()
"""The op that runs a flow, with the resource ``ikigai`` as the workspace; see `build_run_ikigai_flow_op`."""

upload_dataset_op = build_upload_dataset_op()
"""The op that uploads a file, with the resource ``ikigai`` as the workspace; see `build_upload_dataset_op`."""

apply_ikigai_app_op = build_apply_ikigai_app_op()
"""The op that applies an app's document, with the resource ``ikigai`` as the workspace."""

for _op, _factory in (
    (run_ikigai_flow_op, build_run_ikigai_flow_op),
    (upload_dataset_op, build_upload_dataset_op),
    (apply_ikigai_app_op, build_apply_ikigai_app_op),
):
    _op.__doc__ = _factory.__doc__
