"""Answers about flows and their runs."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict

from ikigai_core.local.server.schemas.common import one_of
from ikigai_core.local.server.schemas.directories import DirectoryItem


class FlowRef(TypedDict):
    pipeline_id: str


class ScheduleItem(TypedDict):
    name: str
    start_time: str
    end_time: str
    cron: str


class LastRun(TypedDict, total=False):
    status: str
    timestamp: str


class NextRun(TypedDict, total=False):
    timestamp: str


class FlowItem(TypedDict):
    project_id: str
    pipeline_id: str
    name: str
    directory: DirectoryItem
    definition: dict[str, Any]
    trigger_downstream_pipelines: bool
    high_volume_preference: bool
    agent_access: bool
    schedule: ScheduleItem
    last_run: LastRun
    next_run: NextRun
    created_at: str
    modified_at: str


class FlowFound(TypedDict):
    pipeline: FlowItem


class FlowsFound(TypedDict):
    pipelines: list[FlowItem]
    limit_warning: str


class RunProgress(TypedDict):
    status: Annotated[str, one_of("SCHEDULED", "RUNNING", "STOPPING", "STOPPED", "FAILED", "IDLE", "UNKNOWN")]
    progress: NotRequired[int]
    message: str


class FlowStatus(TypedDict):
    status: bool
    progress: RunProgress


class FlowLogItem(TypedDict):
    log_id: str
    status: str
    user: str
    erroneous_facet_id: str
    message: str
    timestamp: str
    printed: str


class FlowLogFound(TypedDict):
    pipeline_log: list[FlowLogItem]
