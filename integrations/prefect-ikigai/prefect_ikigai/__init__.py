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
from prefect_ikigai.flows import (
    aensure_flow,
    aflow_status,
    aread_run_logs,
    arun_flow,
    ensure_flow,
    flow_status,
    read_run_logs,
    run_flow,
)

__all__ = [
    "IkigaiCredentials",
    "__version__",
    "adownload_dataset",
    "aensure_flow",
    "aflow_status",
    "aread_dataset",
    "aread_run_logs",
    "arun_flow",
    "aupload_dataset",
    "download_dataset",
    "ensure_flow",
    "flow_status",
    "read_dataset",
    "read_run_logs",
    "run_flow",
    "upload_dataset",
]
