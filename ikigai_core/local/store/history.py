"""History of all runs ever started, including those of deleted flows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ikigai_core.local.store.database import Database
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.table import Table

DELETED = "DELETED"


@dataclass(frozen=True)
class BegunRun:
    """An accepted run, and its end.

    `status` is empty during the run, and `DELETED` if the flow was deleted during the run. Times are in seconds since
    the epoch, 0 if not reached yet.
    """

    run_id: str
    flow_id: str
    flow_name: str
    app_id: str
    user: str
    variables: dict[str, Any]
    began: float
    ended: float = 0.0
    status: str = ""


class History:
    """All started runs, oldest first, independent of what happens to their flows."""

    def __init__(self, database: Database) -> None:
        self._table: Table[BegunRun] = Table(database, "history", BegunRun, index=("flow_id, status", "user"))
        self._database = database

    def begin(self, run_id: str, flow: Flow, user: str, variables: dict[str, Any]) -> None:
        """Record an accepted run of a flow."""
        self._table.insert(BegunRun(run_id, flow.flow_id, flow.name, flow.app_id, user, variables, time.time()))

    def end(self, run_id: str, status: str) -> None:
        """Record the end of a run."""
        self._table.update(run_id, status=status, ended=time.time())

    def drop(self, flow_id: str) -> None:
        """Record that a flow was deleted, which ends its run."""
        with self._database.transaction():
            for run in self._table.find(flow_id=flow_id, status=""):
                self.end(run.run_id, DELETED)

    def all(self, user: str | None = None) -> list[BegunRun]:
        """Return all runs, or those of a user."""
        return self._table.find() if user is None else self._table.find(user=user)

    def forget(self, user: str | None = None) -> None:
        """Delete all runs, or those of a user."""
        of_user = {} if user is None else {"user": user}
        self._table.delete(**of_user)
