"""Runs of flows. Finished runs are the flows' logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ikigai_core.local.problems import conflict
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.history import History
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.table import Table


class RunState(StrEnum):
    """Progress of a run."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    OVER = "OVER"


@dataclass(frozen=True)
class Run:
    """One run of a flow, with the definition and the high volume preference at its start.

    `status`, `facet_id`, `message` and `timestamp` describe its end; `printed` is the output of its scripts. They are
    empty (0) before the end. `agent` is the user agent of the request that started it, and `origin` what that request
    said of the task in an orchestrator.
    """

    run_id: str
    flow_id: str
    app_id: str
    user: str
    state: str
    definition: dict[str, Any]
    variables: dict[str, Any]
    high_volume: bool
    queued_at: int
    status: str = ""
    facet_id: str = ""
    message: str = ""
    timestamp: int = 0
    printed: str = ""
    agent: str = ""
    origin: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Observed:
    """What is known about each facet of a flow's last run."""

    run_id: str
    flow_id: str
    facets: dict[str, dict[str, Any]]


class Runs:
    """All runs. A flow has at most one unfinished run.

    Attributes
    ----------
    history : History
        All runs ever started, finished or not, deleted or not.
    """

    def __init__(self, database: Database) -> None:
        self._table: Table[Run] = Table(database, "runs", Run, index=("flow_id, state", "state", "app_id"))
        self._observed: Table[_Observed] = Table(database, "observed_runs", _Observed, index=("flow_id",))
        self._database = database
        self.history = History(database)

    def queue(
        self,
        flow: Flow,
        user: str,
        variables: dict[str, Any],
        agent: str = "",
        origin: Mapping[str, str] | None = None,
    ) -> Run:
        """Add a run of a flow to the queue.

        Raises
        ------
        RefusalError
            409 if the flow has an unfinished run.
        """
        with self._database.transaction():
            if self.active(flow.flow_id) is not None:
                raise conflict(f"Flow {flow.name!r} is running already: wait until it is idle, then start it again")
            run = Run(
                run_id=new_id(),
                flow_id=flow.flow_id,
                app_id=flow.app_id,
                user=user,
                state=RunState.QUEUED,
                definition=flow.definition,
                variables=variables,
                high_volume=flow.high_volume_preference,
                queued_at=timestamps.now(),
                agent=agent,
                origin=dict(origin or {}),
            )
            self.history.begin(run.run_id, flow, user, variables)
            return self._table.insert(run)

    def get(self, run_id: str) -> Run | None:
        """Return the run with this id, None if there is none."""
        return self._table.get(run_id)

    def begin(self, run_id: str) -> Run | None:
        """Take a run out of the queue and return it; None if it is no longer queued."""
        with self._database.transaction():
            run = self._table.get(run_id)
            if run is None or run.state != RunState.QUEUED:
                return None
            self._table.update(run_id, state=RunState.RUNNING.value)
            return run

    def active(self, flow_id: str) -> Run | None:
        """Return the flow's unfinished run, None if there is none."""
        for state in (RunState.RUNNING, RunState.QUEUED):
            found = self._table.find(flow_id=flow_id, state=state.value)
            if found:
                return found[0]
        return None

    def in_state(self, state: RunState) -> list[Run]:
        """Return all runs in a state, oldest first."""
        return self._table.find(state=state.value)

    def keep_printed(self, run_id: str, printed: str) -> None:
        """Save the output of a run's scripts."""
        self._table.update(run_id, printed=printed)

    def keep_facets(self, run: Run, facets: dict[str, dict[str, Any]]) -> None:
        """Save what is known about the facets of a flow's last run, in place of that of the run before."""
        with self._database.transaction():
            self._observed.delete(flow_id=run.flow_id)
            if self._table.get(run.run_id) is not None:
                self._observed.insert(_Observed(run.run_id, run.flow_id, facets))

    def facets(self, run_id: str) -> dict[str, dict[str, Any]] | None:
        """Return what is known about the facets of a run; None if nothing was saved."""
        observed = self._observed.get(run_id)
        return None if observed is None else observed.facets

    def finish(self, run_id: str, status: str, *, facet_id: str = "", message: str = "") -> None:
        """Write a run's log and make its flow idle, in one step. Finished and deleted runs do not change."""
        with self._database.transaction():
            run = self._table.get(run_id)
            if run is None or run.state == RunState.OVER:
                return
            previous = self.logs(run.flow_id, 1)
            # Clients read their clock after the answer to the start. On a busy machine, a short run has ended by then.
            timestamp = max(timestamps.after_now(spare=1), previous[0].timestamp if previous else 0)
            self._table.update(
                run_id,
                state=RunState.OVER.value,
                status=status,
                facet_id=facet_id,
                message=message,
                timestamp=timestamp,
            )
            self.history.end(run_id, status)

    def logs(self, flow_id: str, limit: int) -> list[Run]:
        """Return the flow's finished runs, newest first."""
        return self._table.find(flow_id=flow_id, state=RunState.OVER.value, newest_first=True, limit=limit)

    def remove(self, flow_id: str) -> None:
        """Delete all runs of a flow, except in the history."""
        self.history.drop(flow_id)
        self._observed.delete(flow_id=flow_id)
        self._table.delete(flow_id=flow_id)
