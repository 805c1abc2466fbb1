"""Apps, and who may use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ikigai_core.local.ids import new_id
from ikigai_core.local.problems import not_found
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.table import Table


@dataclass(frozen=True)
class App:
    """A project on the wire. Times are seconds since the epoch."""

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


@dataclass(frozen=True)
class Grant:
    """One user's access to one app."""

    grant_id: str
    app_id: str
    email: str
    access_level: str


class Grants:
    """Who may use which app, and how."""

    def __init__(self, database: Database) -> None:
        self._table: Table[Grant] = Table(database, "grants", Grant, index=("app_id",))

    def of_app(self, app_id: str) -> list[Grant]:
        """Return an app's grants, oldest first."""
        return self._table.find(app_id=app_id)

    def set(self, app_id: str, email: str, access_level: str) -> None:
        """Give a user access to an app, or change the level of it."""
        self._table.delete(app_id=app_id, email=email)
        self._table.insert(Grant(new_id(), app_id, email, access_level))

    def change(self, app_id: str, email: str, access_level: str) -> None:
        """Change the level of an access that was given before."""
        self._table.update(self._given(app_id, email).grant_id, access_level=access_level)

    def revoke(self, app_id: str, email: str) -> None:
        """Take a user's access to an app away."""
        self._table.delete(grant_id=self._given(app_id, email).grant_id)

    def remove_app(self, app_id: str) -> None:
        """Forget all grants of an app."""
        self._table.delete(app_id=app_id)

    def _given(self, app_id: str, email: str) -> Grant:
        found = self._table.find(app_id=app_id, email=email)
        if not found:
            raise not_found("A user of this app", email)
        return found[0]
