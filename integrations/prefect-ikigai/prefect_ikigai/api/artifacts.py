"""Artifacts of a Prefect run about a flow or dataset of the platform.

Prefect's own functions attach artifacts to the run of the context. These attach them to an `Owner`, in any thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterId
from prefect.client.schemas.objects import Artifact
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from prefect_ikigai.api.client import prefect_client
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.api.owner import Owner

PAGE = 200
"""Maximum number of artifacts that the server returns at once."""

_NOT_FOUND = 404


def find_artifacts(wanted: ArtifactFilter) -> list[Artifact]:
    """Artifacts that match a filter, the newest first."""
    found: list[Artifact] = []
    while len(page := page_of_artifacts(wanted, offset=len(found))) == PAGE:
        found += page
    return found + page


def page_of_artifacts(wanted: ArtifactFilter, *, offset: int = 0) -> list[Artifact]:
    """One page of the artifacts that match a filter, the newest first."""
    # Not `read_artifacts`: Prefect's sync client sends null for missing values. Servers on FastAPI 0.151 and newer
    # refuse that.
    query = {
        "artifacts": wanted.model_dump(mode="json", exclude_unset=True),
        "sort": "CREATED_DESC",
        "limit": PAGE,
        "offset": offset,
    }
    with prefect_client() as client:
        found = client.request("POST", "/artifacts/filter", json=query).json()
    return Artifact.model_validate_list(found)


def count_artifacts(wanted: ArtifactFilter) -> int:
    """Number of artifacts that match a filter."""
    query = {"artifacts": wanted.model_dump(mode="json", exclude_unset=True)}
    with prefect_client() as client:
        return int(client.request("POST", "/artifacts/count", json=query).json())


def read_artifact(artifact_id: UUID) -> Artifact | None:
    """The artifact with this id; None if there is none."""
    return next(iter(page_of_artifacts(ArtifactFilter(id=ArtifactFilterId(any_=[artifact_id])))), None)


def delete_artifact(artifact_id: UUID) -> bool:
    """Delete an artifact. Return whether it existed."""
    with prefect_client() as client:
        try:
            client.delete_artifact(artifact_id)
        except ObjectNotFound:
            return False
    return True


def create_artifact(owner: Owner, kind: str, key: str, data: Any, description: str) -> UUID:
    """Create an artifact and return its id."""
    artifact = ArtifactCreate(
        type=kind,
        key=key,
        description=description,
        data=data,
        flow_run_id=owner.flow_run_id,
        task_run_id=owner.task_run_id,
    )
    with prefect_client() as client:
        return client.create_artifact(artifact).id


def update_artifact(artifact_id: UUID, data: Any, description: str | None = None) -> bool:
    """Change an artifact's data and, if given, its description. Return whether the artifact exists."""
    change = ArtifactUpdate(data=data) if description is None else ArtifactUpdate(data=data, description=description)
    with prefect_client() as client:
        try:
            client.update_artifact(artifact_id, change)
        except PrefectHTTPStatusError as error:
            if error.response.status_code == _NOT_FOUND:
                return False
            raise
    return True


def show_markdown(owner: Owner | None, key: str, markdown: str, description: str) -> None:
    """Create a Markdown artifact. A failure is only logged."""
    _show(owner, "markdown", key, markdown, description)


def show_table(owner: Owner | None, key: str, rows: Iterable[Mapping[str, Any]], description: str) -> None:
    """Create a table artifact, from one mapping for each row. A failure is only logged."""
    _show(owner, "table", key, json.dumps(list(rows), default=str), description)


def _show(owner: Owner | None, kind: str, key: str, data: str, description: str) -> None:
    if owner is None:
        return
    try:
        create_artifact(owner, kind, key, data, description)
    except Exception as error:
        current_logger().warning("Artifact %r could not be written: %s", key, error)
