"""Flows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Flow:
    """A flow, called pipeline in the API. `schedule` is empty, or was set by `scheduled_by` at `scheduled_at`."""

    flow_id: str
    app_id: str
    name: str
    directory_id: str
    definition: dict[str, Any]
    created_at: int
    modified_at: int
    high_volume_preference: bool = False
    agent_access: bool = False
    schedule: dict[str, Any] = field(default_factory=dict)
    scheduled_by: str = ""
    scheduled_at: int = 0
