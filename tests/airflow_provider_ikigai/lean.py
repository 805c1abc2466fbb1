"""Spares Airflow's processes in tests what only costs: they start dozens of times in a test run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from airflow.api_fastapi.execution_api import versions
from airflow.api_fastapi.execution_api.routes import execution_api_router
from airflow.api_fastapi.logging import decorators
from cadwyn import HeadVersion, Version, VersionBundle
from cadwyn.route_generation import _DELETED_ROUTE_TAG
from sqlalchemy import Engine, event


def run_lean() -> None:
    """Apply all to this process, and to those forked from it."""
    _serve_newest_api_only()
    decorators.action_logging = _log_no_actions
    event.listen(Engine, "connect", _wait_for_no_disk)


def _serve_newest_api_only() -> None:
    """Airflow's own task runner speaks it; making the routes of ten versions takes seconds of computing."""
    versions.bundle = VersionBundle(HeadVersion(), Version(versions.bundle.versions[0].value))
    execution_api_router.routes[:] = [
        route for route in execution_api_router.routes if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())
    ]


def _log_no_actions(event: str | None = None) -> Callable[[], Awaitable[None]]:
    """Airflow notes each request of a user from its event loop. With SQLite, it waits there for what a request writes
    that waits for the loop: for a minute, until the database gives up.
    """

    async def log_action() -> None:
        pass

    return log_action


def _wait_for_no_disk(connection: Any, _: object) -> None:
    """Nothing here outlives a power cut: who writes to the database need not keep the others waiting for the disk."""
    if "sqlite" in type(connection).__module__:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()
