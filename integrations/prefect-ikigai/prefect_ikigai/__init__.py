"""Prefect integration for the Ikigai AI platform: blocks, tasks, assets, hooks.

Every task has an async counterpart whose name begins with `a`: ``run_flow`` and ``arun_flow``.
"""

from __future__ import annotations

# Prefect registers the block types that it finds in this module when it loads its collections.
from prefect_ikigai._version import __version__
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.blocks.dataset import IkigaiDataset
from prefect_ikigai.blocks.flow import IkigaiFlow, IkigaiFlowRun
from prefect_ikigai.naming import output_name
from prefect_ikigai.runs.hooks import report_left_runs
from prefect_ikigai.tasks.apps import aapply_app, apply_app
from prefect_ikigai.tasks.assets import amaterialize_dataset, dataset_asset, materialize_dataset
from prefect_ikigai.tasks.caching import ACCOUNT_INPUTS, AccountInputs
from prefect_ikigai.tasks.cleaning import adelete_dataset, adelete_old_outputs, delete_dataset, delete_old_outputs
from prefect_ikigai.tasks.datasets import (
    adownload_dataset,
    apreview_dataset,
    aread_dataset,
    aupload_dataset,
    download_dataset,
    preview_dataset,
    read_dataset,
    upload_dataset,
)
from prefect_ikigai.tasks.flow_assets import amaterialize_flow, materialize_flow
from prefect_ikigai.tasks.flows import (
    aensure_flow,
    aflow_status,
    aread_run_logs,
    ensure_flow,
    flow_status,
    read_run_logs,
)
from prefect_ikigai.tasks.models import acheck_model, aensure_model, check_model, ensure_model
from prefect_ikigai.tasks.runs import arun_flow, astart_flow, await_for_run, run_flow, start_flow, wait_for_run

__all__ = [
    "ACCOUNT_INPUTS",
    "AccountInputs",
    "IkigaiCredentials",
    "IkigaiDataset",
    "IkigaiFlow",
    "IkigaiFlowRun",
    "__version__",
    "aapply_app",
    "acheck_model",
    "adelete_dataset",
    "adelete_old_outputs",
    "adownload_dataset",
    "aensure_flow",
    "aensure_model",
    "aflow_status",
    "amaterialize_dataset",
    "amaterialize_flow",
    "apply_app",
    "apreview_dataset",
    "aread_dataset",
    "aread_run_logs",
    "arun_flow",
    "astart_flow",
    "aupload_dataset",
    "await_for_run",
    "check_model",
    "dataset_asset",
    "delete_dataset",
    "delete_old_outputs",
    "download_dataset",
    "ensure_flow",
    "ensure_model",
    "flow_status",
    "materialize_dataset",
    "materialize_flow",
    "output_name",
    "preview_dataset",
    "read_dataset",
    "read_run_logs",
    "report_left_runs",
    "run_flow",
    "start_flow",
    "upload_dataset",
    "wait_for_run",
]
