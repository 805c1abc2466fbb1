"""Follows a flow run in the triggerer, so that no worker has to wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_ikigai.hooks.ikigai import IkigaiAsyncHook
from airflow_provider_ikigai.triggers.base import TaskTrigger
from ikigai_core.errors import IkigaiError
from ikigai_core.orchestration import Deadline, ProgressLog, RunReport

FOLLOWED_LATER = "If the task is cleared while the run continues, it follows that run and starts no second one."


class IkigaiFlowRunTrigger(TaskTrigger):
    """Fires once, when a flow run has ended or the wait for it is over.

    Parameters
    ----------
    flow_run : dict
        The run, as `ikigai_core.FlowRun.to_dict` gives it.
    ikigai_conn_id : str
        Connection of type ``ikigai``.
    about : dict
        Additional data for the event, for the task that receives it.
    deadline : float or None, default None
        When to give up, in seconds since the epoch: absolute, so that a restart of the triggerer grants no more time.
    version : int, default 1
        The form of these arguments.
    """

    flow_run: Mapping[str, Any]
    ikigai_conn_id: str
    about: Mapping[str, Any]
    deadline: float | None

    def __init__(
        self,
        *,
        flow_run: Mapping[str, Any],
        ikigai_conn_id: str,
        about: Mapping[str, Any],
        deadline: float | None = None,
        version: int = 1,
    ) -> None:
        super().__init__(
            version=version,
            flow_run=dict(flow_run),
            ikigai_conn_id=ikigai_conn_id,
            about=dict(about),
            deadline=deadline,
        )
        self._progress = ProgressLog(self.log, str(flow_run.get("flow_name")))

    async def awaited(self) -> dict[str, Any]:
        """Wait for the run's end and return its `RunReport`. It notes nothing, and deletes no private copy."""
        return {**(await self._report()).to_dict(), "about": dict(self.about)}

    async def on_kill(self) -> None:
        """Log that the run continues. Airflow calls this if a user fails, clears or succeeds the deferred task."""
        self._progress.goes_on(FOLLOWED_LATER)

    async def _report(self) -> RunReport:
        self.log.info("The triggerer follows the run of flow %r", self.flow_run.get("flow_name"))
        timeout = Deadline(self.deadline).left
        try:
            async with IkigaiAsyncHook(self.ikigai_conn_id).shared_conn() as ikigai:
                run = ikigai.flow_run(self.flow_run)
                try:
                    run_log = await run.result(timeout, on_update=self._progress)
                except IkigaiError as error:
                    return RunReport.failure(error, run)
                return RunReport.success(run, run_log)
        except IkigaiError as error:
            return RunReport.failure(error)
