"""How a run's progress is logged: often enough to follow it, seldom enough to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk.types import Logger

    from ikigai_core import FlowStatus, FlowStatusReport


class ProgressLog:
    """Logs a run's reports: each change of status, and progress in steps.

    Parameters
    ----------
    log : Logger
        The task's, or the trigger's.
    flow_name : str
    step : int, default 10
        Percent.
    """

    def __init__(self, log: Logger, flow_name: str, *, step: int = 10) -> None:
        self._log = log
        self._flow_name = flow_name
        self._step = step
        self._status: FlowStatus | None = None
        self._progress = 0

    def __call__(self, report: FlowStatusReport) -> None:
        """Log a report, if it says enough that is new."""
        progress = report.progress or 0
        changed = report.status != self._status
        if not changed and progress // self._step == self._progress // self._step:
            return
        self._status, self._progress = report.status, progress
        percent = "" if report.progress is None else f" {report.progress} %"
        message = f": {report.message}" if report.message else ""
        self._log.info("Flow %r is %s%s%s", self._flow_name, report.status.value, percent, message)
