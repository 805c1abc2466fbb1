"""What the second platform holds, in memory, and how it shows it."""

from __future__ import annotations

import copy
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

SKEW = 3600.0
"""Seconds by which the platform's clock is behind."""

AT_MOST = 3
"""The most components that a list shows."""

Record = dict[str, Any]


class RefusalError(Exception):
    """An answer with a status of 400 or more."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def new_id() -> str:
    return f"{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:20].upper()}_x"


def now() -> str:
    """A time with a zone that nobody expects, and with parts of a second."""
    there = timezone(timedelta(hours=5, minutes=30))
    return datetime.fromtimestamp(time.time() - SKEW, UTC).astimezone(there).isoformat(timespec="milliseconds")


def shown(value: Any) -> Any:
    """Fields in another order, and with some that nobody knows."""
    if isinstance(value, dict):
        # The arguments of facets are the user's.
        fields = {name: each if name == "arguments" else shown(each) for name, each in reversed(value.items())}
        return {"x_trace": {"hops": [1, None]}, **fields} if any(name.endswith("_id") for name in value) else fields
    return [shown(each) for each in value] if isinstance(value, list) else value


@dataclass
class Upload:
    """The parts of an upload."""

    dataset_id: str
    parts: int
    arrived: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Run:
    """What a flow shows of a run: first nothing, then changing statuses, and at last its log, later than its end."""

    stages: list[tuple[float, str]]
    log: Record
    log_at: float

    def status(self) -> str:
        """The status at this moment; IDLE also before the run shows."""
        current = "IDLE"
        for begins, status in self.stages:
            if time.monotonic() >= begins:
                current = status
        return current


class Store:
    """All components, by their kind's word in the API and their id."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        kinds = ("project", "dataset", "pipeline", "model", "model_version", "directory")
        self.components: dict[str, dict[str, Record]] = {kind: {} for kind in kinds}
        self.access: dict[str, dict[str, str]] = {}
        self.data: dict[str, bytes] = {}
        self.uploads: dict[str, Upload] = {}
        self.checks: dict[str, int] = {}
        self.dataset_logs: dict[str, list[tuple[float, Record]]] = {}
        self.runs: dict[str, list[Run]] = {}
        self.first_downloads: set[str] = set()

    def add(self, kind: str, record: Record) -> str:
        component_id = new_id()
        stamps = {"created_at": now(), "modified_at": now(), "last_used_at": now()}
        self.components[kind][component_id] = {f"{kind}_id": component_id, **record, **stamps}
        return component_id

    def get(self, kind: str, component_id: str) -> Record:
        try:
            return self.components[kind][component_id]
        except KeyError:
            raise RefusalError(404, f"no {kind} here") from None

    def edit(self, kind: str, component_id: str, changes: Record) -> None:
        self.get(kind, component_id).update(changes, modified_at=now())

    def delete(self, kind: str, component_id: str) -> None:
        self.get(kind, component_id)
        del self.components[kind][component_id]

    def named(self, kind: str, name: str, app_id: str | None, user: str) -> Record:
        """One of the components of a name: the newest."""
        same = [each for each in self.visible(kind, app_id, user) if each["name"] == name]
        if not same:
            raise RefusalError(400, f"{kind} {name} unknown")
        return same[-1]

    def visible(self, kind: str, app_id: str | None, user: str) -> list[Record]:
        every = [copy.deepcopy(each) for each in self.components[kind].values()]
        if kind == "project":
            return [each for each in every if user in self.access[each["project_id"]]]
        return [each for each in every if each.get("project_id") == app_id]

    def log_dataset(self, dataset_id: str, status: str, lag: float) -> None:
        entry = {"timestamp": now(), "status": status, "job_type": "UPLOAD_DATASET", "log_id": new_id()}
        self.dataset_logs.setdefault(dataset_id, []).insert(0, (time.monotonic() + lag, entry))
