"""What a Prefect task run notes of the Ikigai run that it follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect.context import TaskRunContext

from prefect_ikigai.logs import current_logger
from prefect_ikigai.progress import ProgressReporter
from prefect_ikigai.run_record import RunRecord

if TYPE_CHECKING:
    from ikigai_core import FlowStatusReport, RunLog


class RunJournal:
    """Keeps a run for another try to find, and tells its progress, on behalf of the current task run.

    Its methods block, for a request to Prefect's server each. Outside of a task run nothing is kept, and progress goes
    to the logs alone.

    Parameters
    ----------
    app, flow : str
        Names.
    flow_id : str
        The platform's id of the flow.
    variables : mapping
        The run's variables.
    """

    def __init__(self, app: str, flow: str, flow_id: str, variables: Mapping[str, Any]) -> None:
        context = TaskRunContext.get()
        task_run = context.task_run if context else None
        self._logger = current_logger()
        self._flow = flow
        self._record = RunRecord(task_run, flow_id, variables) if task_run else None
        self._progress = ProgressReporter(self._logger, task_run, app, flow)

    def previous(self) -> dict[str, Any] | None:
        """The run that an earlier try kept; None where there is none."""
        run = self._record.previous() if self._record else None
        if run is not None:
            self._logger.info("Flow %r: an earlier try began a run, which is picked up", self._flow)
        return run

    def keep(self, run: Mapping[str, Any]) -> None:
        """Keep a run, before its start and once it has started."""
        if self._record is None:
            return
        try:
            self._record.keep(run)
        except Exception as error:
            # Before its start, a run that cannot be kept must not start. Once it has, it is followed all the same: what
            # was kept before suffices to find it.
            if run["phase"] == "prepared":
                raise
            self._logger.warning("That the run of flow %r has started could not be kept: %s", self._flow, error)

    def update(self, report: FlowStatusReport) -> None:
        """Tell of a change of status or progress."""
        self._progress.update(report)

    def discard(self) -> None:
        """Forget the run: its end has been seen, or it never started."""
        if self._record is None:
            return
        try:
            self._record.discard()
        except Exception as error:
            self._logger.warning("The record of the run of flow %r could not be deleted: %s", self._flow, error)

    def end(self, log: RunLog) -> None:
        """Note the end of the run."""
        self._progress.finish(log)
        self.discard()
