"""Prefect integration for the Ikigai AI platform: a credentials block, and tasks for datasets and flows.

Every task has an async twin whose name begins with `a`: ``run_flow`` and ``arun_flow``.
"""

from __future__ import annotations

__version__ = "0.1.0"

# Prefect registers the block types that it finds in this module when it loads its collections.
from prefect_ikigai.credentials import IkigaiCredentials
from prefect_ikigai.datasets import (
    adownload_dataset,
    aread_dataset,
    aupload_dataset,
    download_dataset,
    read_dataset,
    upload_dataset,
)
from prefect_ikigai.flow_block import IkigaiFlow, IkigaiFlowRun
from prefect_ikigai.flows import aensure_flow, aflow_status, aread_run_logs, ensure_flow, flow_status, read_run_logs
from prefect_ikigai.naming import output_name
from prefect_ikigai.runs import arun_flow, astart_flow, await_for_run, run_flow, start_flow, wait_for_run

__all__ = [
    "IkigaiCredentials",
    "IkigaiFlow",
    "IkigaiFlowRun",
    "__version__",
    "adownload_dataset",
    "aensure_flow",
    "aflow_status",
    "aread_dataset",
    "aread_run_logs",
    "arun_flow",
    "astart_flow",
    "aupload_dataset",
    "await_for_run",
    "download_dataset",
    "ensure_flow",
    "flow_status",
    "output_name",
    "read_dataset",
    "read_run_logs",
    "run_flow",
    "start_flow",
    "upload_dataset",
    "wait_for_run",
]
