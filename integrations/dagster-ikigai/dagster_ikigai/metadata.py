"""The metadata names of this package's assets and events, and their format version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dagster_ikigai.forms import form_fault

APP, FLOW, FACET, DATASET, MODEL = "ikigai/app", "ikigai/flow", "ikigai/facet", "ikigai/dataset", "ikigai/model"
FAULT, NOTE = "ikigai/fault", "ikigai/note"
FLOW_ID, DATASET_ID = "ikigai/flow_id", "ikigai/dataset_id"
DATASET_TEMPLATE = "ikigai/dataset_template"

NULL_COUNTS = "ikigai/null_counts"
ROW_COUNT, COLUMN_SCHEMA = "dagster/row_count", "dagster/column_schema"
COLUMN_LINEAGE = "dagster/column_lineage"

RUN_LOG_ID = "ikigai/run_log_id"
ATTACHED, DOUBT, WRITTEN = "ikigai/attached", "ikigai/doubt", "ikigai/written"
METRICS, METRIC, METRIC_HISTORY = "ikigai/metrics", "ikigai/metric/", "ikigai/metric_history/"

METADATA_FORM, METADATA_VERSION = "ikigai/metadata_version", 1
"""Format version of the metadata. It changes if a later release changes the meaning of a name."""


def metadata_fault(metadata: Mapping[str, Any], what: str, remedy: str) -> str | None:
    """Why metadata cannot be read; None for metadata from this release or from other sources."""
    return form_fault(what, metadata.get(METADATA_FORM, METADATA_VERSION), METADATA_VERSION, remedy)


def link(metadata: dict[str, Any], name: str, url: str | None) -> None:
    """Add a link, if there is a URL."""
    if url:
        metadata[name] = dg.MetadataValue.url(url)
