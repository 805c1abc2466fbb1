"""Where a task keeps the run that it started, so that its next try follows it instead of starting a second one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import Logger


class KeptRun:
    """A task's note of its run, from before the start until the result has been taken.

    It lies in the task's state store, which Airflow has since 3.3. With earlier releases nothing is kept: a retry then
    finds the flow busy, or, where the run is over by then, starts another.

    Parameters
    ----------
    context : Context
        The task's.
    log : Logger
        The task's.
    """

    key = "ikigai_flow_run"

    def __init__(self, context: Context, log: Logger) -> None:
        self._store = context.get("task_state_store")
        # Airflow raises this number when a task is cleared, and never between a task's own tries.
        self._max_tries = getattr(context.get("ti"), "max_tries", None)
        self._log = log

    def previous(self, flow_id: str) -> dict[str, Any] | None:
        """The run of that flow that an earlier try kept; None where there is none."""
        run = None if self._store is None else self._store.get(self.key)
        if not isinstance(run, dict):
            return None
        if run.get("flow_id") != flow_id:
            self._log.info("An earlier try kept a run of flow %r, which this task no longer runs", run.get("flow_name"))
            return None
        return dict(run)

    def is_of_before_a_clearing(self, run: Mapping[str, Any]) -> bool:
        """Whether the task was cleared since the run was kept: its user asked for another run then, once it is over."""
        return bool(run.get("max_tries", self._max_tries) != self._max_tries)

    def keep(self, run: Mapping[str, Any]) -> None:
        """Keep a run, before its start and once it has started."""
        if self._store is None:
            return
        try:
            self._store.set(self.key, {**run, "max_tries": self._max_tries})
        except Exception as error:
            # Before its start, a run that cannot be kept must not start. Once it has, what was kept before suffices.
            if run["phase"] == "prepared":
                raise
            self._log.warning("That the flow run has started could not be kept: %s", error)

    def forget(self) -> None:
        """Forget the run: its result has been taken, or it never started. A cleared task then runs the flow anew."""
        if self._store is not None:
            self._store.delete(self.key)
