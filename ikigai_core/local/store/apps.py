"""Apps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class App:
    """An app, called project in the API. Times are in seconds since the epoch."""

    app_id: str
    name: str
    owner: str
    description: str
    directory_id: str
    created_at: int
    modified_at: int
    last_used_at: int
    icon: str = ""
    images: list[Any] = field(default_factory=list)
