"""Global concurrency limits on Prefect's server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectHTTPStatusError

from prefect_ikigai.api.client import prefect_client

PREFIX = "ikigai-flow-"
"""The beginning of the names of this package's limits."""

_PATH: Literal["/v2/concurrency_limits/{id_or_name}"] = "/v2/concurrency_limits/{id_or_name}"
_NOT_FOUND, _CONFLICT, _PAGE = 404, 409, 200


def create_limit(client: SyncPrefectClient, name: str, *, active_slots: int) -> UUID | None:
    """Create a limit and return its id; None if the name exists already."""
    wanted = {"name": name, "limit": 1, "active_slots": active_slots}
    try:
        # Not `create_global_concurrency_limit`: its error for an existing name depends on Prefect's version.
        made: dict[str, Any] = client.request("POST", "/v2/concurrency_limits/", json=wanted).json()
    except PrefectHTTPStatusError as error:
        if error.response.status_code == _CONFLICT:
            return None
        raise
    return UUID(made["id"])


def read_limit(client: SyncPrefectClient, name: str) -> dict[str, Any] | None:
    """The limit of that name; None if there is none."""
    try:
        found: dict[str, Any] = client.request("GET", _PATH, path_params={"id_or_name": name}).json()
    except PrefectHTTPStatusError as error:
        if error.response.status_code == _NOT_FOUND:
            return None
        raise
    return found


def update_limit(client: SyncPrefectClient, limit: UUID | str, *, active_slots: int) -> bool:
    """Set a limit's slots, and with them the time of its last change. Return whether it existed."""
    return _request(client, "PATCH", limit, {"active_slots": active_slots})


def delete_limit(client: SyncPrefectClient, limit: UUID | str) -> bool:
    """Delete a limit. Return whether it existed."""
    return _request(client, "DELETE", limit, None)


def updated_at(limit: dict[str, Any]) -> datetime:
    """The time of a limit's last change, by the server's clock."""
    return datetime.fromisoformat(limit["updated"])


def delete_stale_limits(older_than: timedelta) -> int:
    """Delete this package's limits that were not changed for so long. Return how many were deleted."""
    latest = datetime.now(UTC) - older_than
    with prefect_client() as client:
        ours = [limit for limit in _all_limits(client) if limit["name"].startswith(PREFIX)]
        return sum(delete_limit(client, limit["id"]) for limit in ours if updated_at(limit) <= latest)


def _all_limits(client: SyncPrefectClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        query = {"limit": _PAGE, "offset": len(found)}
        page = client.request("POST", "/v2/concurrency_limits/filter", json=query).json()
        found += page
        if len(page) < _PAGE:
            return found


def _request(
    client: SyncPrefectClient, method: Literal["PATCH", "DELETE"], limit: UUID | str, change: dict[str, Any] | None
) -> bool:
    try:
        client.request(method, _PATH, path_params={"id_or_name": str(limit)}, json=change)
    except PrefectHTTPStatusError as error:
        if error.response.status_code == _NOT_FOUND:
            return False
        raise
    return True
