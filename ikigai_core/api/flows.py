"""Flows and their runs; *pipelines* in the platform's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.api.answers import Listing, Record, get_field, many, objects, one, text
from ikigai_core.api.call import Call, get, post


def create(
    app_id: str,
    name: str,
    definition: Record,
    *,
    directory: Record | None = None,
    high_volume_preference: bool = False,
    schedule: Record | None = None,
    agent_access: bool | None = None,
) -> Call[str]:
    pipeline: Record = {
        "project_id": app_id,
        "name": name,
        "directory": directory or {},
        "high_volume_preference": high_volume_preference,
        "definition": definition,
        "schedule": schedule,
    }
    if agent_access is not None:
        pipeline["agent_access"] = agent_access
    return post("/component/create-pipeline", text("pipeline_id"), {"pipeline": pipeline}, repeatable=False)


def fetch(flow_id: str) -> Call[Record]:
    return get("/component/get-pipeline", one("pipeline"), pipeline_id=flow_id)


def by_name(app_id: str, name: str) -> Call[Record]:
    return get("/component/get-pipeline", one("pipeline", "pipeline_id", "name"), project_id=app_id, name=name)


def listing(app_id: str, directory_id: str | None = None) -> Call[Listing]:
    return get(
        "/component/get-pipelines-for-project",
        many("pipelines", "pipeline_id", "name"),
        project_id=app_id,
        fetch_all=str(directory_id is None),
        directory_id=directory_id,
    )


def search(app_id: str, query: str) -> Call[Listing]:
    return get(
        "/search/search-pipelines-for-project", many("pipelines", "pipeline_id", "name"), project_id=app_id, query=query
    )


def edit(app_id: str, flow_id: str, **changes: Any) -> Call[str]:
    pipeline = {"project_id": app_id, "pipeline_id": flow_id, **changes}
    return post("/component/edit-pipeline", text("pipeline_id"), {"pipeline": pipeline})


def delete(app_id: str, flow_id: str) -> Call[str]:
    pipeline = {"project_id": app_id, "pipeline_id": flow_id}
    return post("/component/delete-pipeline", text("pipeline_id"), {"pipeline": pipeline})


def run(app_id: str, flow_id: str, variables: Mapping[str, Any]) -> Call[str]:
    body: Record = {"pipeline": {"project_id": app_id, "pipeline_id": flow_id}}
    if variables:
        body["variables"] = {name: {"value": value} for name, value in variables.items()}
    return post("/component/run-pipeline", text("pipeline_id"), body, repeatable=False)


def status(app_id: str, flow_id: str) -> Call[Record]:
    """The state of a flow: ``{"status", "progress", "message"}``."""

    def read(answer: Any) -> Record:
        running = get_field(answer, "status", bool)
        progress = get_field(answer, "progress", dict) if answer.get("progress") else {}
        return {
            "status": progress.get("status", "UNKNOWN") if running else "IDLE",
            "progress": progress.get("progress") if running else None,
            "message": progress.get("message") or "",
        }

    return get("/component/is-pipeline-running", read, project_id=app_id, pipeline_id=flow_id)


def logs(app_id: str, flow_id: str, limit: int) -> Call[list[Record]]:
    """The newest run logs, newest first."""

    def read(answer: Any) -> list[Record]:
        return objects(answer, "pipeline_log", "log_id")

    return get("/component/get-pipeline-log", read, pipeline_id=flow_id, project_id=app_id, limit=str(limit))
