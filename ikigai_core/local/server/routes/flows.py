"""Flows, called pipelines in the API."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, cast

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ikigai_core.local.jobs import schedules
from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request
from ikigai_core.local.server.routes.common import (
    Body,
    Caller,
    DirectoryPart,
    Fields,
    Given,
    Name,
    PlatformPart,
    edits,
    listed,
    pick,
    place_answer,
    within,
)
from ikigai_core.local.server.routes.routers import guarded_router
from ikigai_core.local.server.schemas.flows import FlowFound, FlowItem, FlowRef, FlowsFound, NextRun, ScheduleItem
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.ids import new_id

router = guarded_router()

_NO_SCHEDULE: ScheduleItem = {"name": "", "start_time": "", "end_time": "", "cron": ""}
# Clients cannot send an empty schedule. They send this one instead.
_REMOVE_SCHEDULE = {"name": "-", "start_time": "1", "end_time": "1", "cron": "0 0 0 0 0"}

Digits = Annotated[str, Field(pattern=r"^[0-9]{1,12}$")]


class AsSent(BaseModel):
    """Part of a definition: known fields are checked, all fields are kept."""

    model_config = ConfigDict(strict=True, extra="allow")


class Facet(AsSent):
    facet_id: str
    facet_uid: str
    name: str | None = None
    arguments: dict[str, Any] | None = None


class Arrow(AsSent):
    source: str
    destination: str
    arguments: dict[str, Any] | None = None


class Variable(AsSent):
    facet_name: str | None = None
    name: str


class Definition(AsSent):
    """The shape of a definition. Its meaning is checked only when it runs."""

    facets: list[Facet] = []
    arrows: list[Arrow] = []
    variables: dict[str, Variable] | None = None
    model_variables: dict[str, Any] | None = None

    def kept(self) -> dict[str, Any]:
        """Return the definition unchanged."""
        return self.model_dump(exclude_unset=True)


def _check_cron(cron: str) -> None:
    try:
        CronSim(cron, datetime.now(UTC))
    except CronSimError as error:
        raise ValueError(f"cron: {cron!r} is not valid ({error}): minute hour day month day_of_week") from None
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"cron: {cron!r} must have five fields: minute hour day month day_of_week")
    if not fields[0].isdecimal():
        raise ValueError(f"cron: the minute must be one whole number from 0 to 59, not {fields[0]!r}")


class Schedule(Given):
    name: str
    start_time: Digits
    end_time: Digits | None = None
    cron: str

    @model_validator(mode="before")
    @classmethod
    def _blank_end_is_open(cls, value: Any) -> Any:
        return value | {"end_time": None} if isinstance(value, dict) and value.get("end_time") == "" else value

    @model_validator(mode="after")
    def _cron_is_valid(self) -> Schedule:
        if self.kept() != _REMOVE_SCHEDULE:
            _check_cron(self.cron)
        return self

    def kept(self) -> dict[str, str]:
        """Return the schedule in its stored form."""
        return {"name": self.name, "start_time": self.start_time, "end_time": self.end_time or "", "cron": self.cron}


class FlowFields(Given):
    directory: DirectoryPart | None = None
    high_volume_preference: bool | None = None
    agent_access: bool | None = None
    schedule: Schedule | None = None


class NewFlow(FlowFields):
    project_id: str
    name: Name
    definition: Definition


class FlowId(Given):
    project_id: str
    pipeline_id: str


class FlowEdit(FlowId, FlowFields):
    name: Name | None = None
    definition: Definition | None = None


class CreateFlow(Body):
    pipeline: NewFlow


class EditFlow(Body):
    pipeline: FlowEdit


class DeleteFlow(Body):
    pipeline: FlowId


def flow_answer(platform: Platform, flow: Flow) -> FlowItem:
    """Return a flow in wire format."""
    last_run = platform.store.runs.logs(flow.flow_id, 1)
    return {
        "project_id": flow.app_id,
        "pipeline_id": flow.flow_id,
        "name": flow.name,
        "directory": place_answer(platform, "PIPELINE", flow.directory_id),
        "definition": flow.definition,
        "trigger_downstream_pipelines": False,
        "high_volume_preference": flow.high_volume_preference,
        "agent_access": flow.agent_access,
        "schedule": cast(ScheduleItem, flow.schedule) if flow.schedule else _NO_SCHEDULE,
        "last_run": {"status": last_run[0].status, "timestamp": str(last_run[0].timestamp)} if last_run else {},
        "next_run": _next_run(flow),
        "created_at": str(flow.created_at),
        "modified_at": str(flow.modified_at),
    }


@router.post("/component/create-pipeline")
def create_flow(platform: PlatformPart, caller: Caller, body: CreateFlow) -> FlowRef:
    """Create a flow."""
    new = body.pipeline
    app = platform.store.apps.get(new.project_id)
    now = timestamps.now()
    flow = Flow(
        flow_id=new_id(),
        app_id=app.app_id,
        name=new.name,
        directory_id=_place(platform, app.app_id, new.directory),
        definition=new.definition.kept(),
        created_at=now,
        modified_at=now,
        high_volume_preference=bool(new.high_volume_preference),
        agent_access=bool(new.agent_access),
        **_schedule_changes(new.schedule, caller),
    )
    return {"pipeline_id": platform.store.flows.add(flow).flow_id}


@router.get("/component/get-pipeline")
def get_flow(
    platform: PlatformPart, pipeline_id: str | None = None, project_id: str | None = None, name: str | None = None
) -> FlowFound:
    """Return one flow, by id, or by name within an app."""
    if pipeline_id is None and project_id is None:
        raise bad_request("pipeline_id: required, or project_id and name")
    within_app = {} if project_id is None else {"app_id": project_id}
    flow = pick(platform.store.flows, "pipeline_id", pipeline_id, name, **within_app)
    return {"pipeline": flow_answer(platform, flow)}


@router.get("/component/get-pipelines-for-project")
def get_flows(
    platform: PlatformPart, project_id: str, fetch_all: bool = False, directory_id: str | None = None
) -> FlowsFound:
    """Return all flows of an app, or those in a directory."""
    app = platform.store.apps.get(project_id)
    flows = platform.store.flows.all(app_id=app.app_id, **within(fetch_all, directory_id))
    items, warning = listed(platform, flows, partial(flow_answer, platform))
    return {"pipelines": items, "limit_warning": warning}


@router.get("/search/search-pipelines-for-project")
def search_flows(platform: PlatformPart, project_id: str, query: str) -> FlowsFound:
    """Return the flows of an app with the query in their names."""
    app = platform.store.apps.get(project_id)
    flows = platform.store.flows.search(query, app_id=app.app_id)
    items, warning = listed(platform, flows, partial(flow_answer, platform))
    return {"pipelines": items, "limit_warning": warning}


@router.post("/component/edit-pipeline")
def edit_flow(platform: PlatformPart, caller: Caller, body: EditFlow) -> FlowRef:
    """Change the given fields of a flow. A run in progress continues unchanged."""
    edit = body.pipeline
    flow = platform.store.flows.get(edit.pipeline_id, app_id=edit.project_id)
    same = {name: name for name in ("name", "high_volume_preference", "agent_access")}
    changes = edits(edit, **same)
    if edit.directory is not None:
        changes["directory_id"] = _place(platform, flow.app_id, edit.directory)
    if edit.definition is not None:
        changes["definition"] = edit.definition.kept()
    changes |= _schedule_changes(edit.schedule, caller)
    platform.store.flows.edit(flow.flow_id, **changes)
    return {"pipeline_id": flow.flow_id}


@router.post("/component/delete-pipeline")
def delete_flow(platform: PlatformPart, body: DeleteFlow) -> FlowRef:
    """Delete a flow and its logs. A run in progress ends."""
    store = platform.store
    with store.transaction():
        flow = store.flows.get(body.pipeline.pipeline_id, app_id=body.pipeline.project_id)
        run = store.runs.active(flow.flow_id)
        store.delete_flow(flow.flow_id)
    if run is not None:
        platform.runner.cancel(run)
    return {"pipeline_id": flow.flow_id}


def _schedule_changes(schedule: Schedule | None, caller: str) -> Fields:
    if schedule is None:
        return {}
    kept = {} if schedule.kept() == _REMOVE_SCHEDULE else schedule.kept()
    return {"schedule": kept, "scheduled_by": caller, "scheduled_at": timestamps.now()}


def _next_run(flow: Flow) -> NextRun:
    due = schedules.next_time(flow.schedule, schedules.now()) if flow.schedule else None
    return {"timestamp": str(int(due.timestamp()))} if due else {}


def _place(platform: Platform, app_id: str, directory: DirectoryPart | None) -> str:
    directory_id = directory.directory_id if directory else ""
    return platform.store.directories.check(directory_id, "PIPELINE", app_id, "pipeline.directory.directory_id")
