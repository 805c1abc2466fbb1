"""How the progress of runs and transfers is logged: often enough to follow it, seldom enough to read it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk.types import Logger

    from ikigai_core import FlowStatusReport
    from ikigai_core.transfer.progress import Progress


class ProgressLog:
    """Logs a run's reports: each change of status, and progress in steps.

    Parameters
    ----------
    log : Logger
        The task's, or the trigger's.
    flow_name : str
    step : int, default 10
        Percent.

    Attributes
    ----------
    last : FlowStatusReport or None
        The newest report.
    """

    def __init__(self, log: Logger, flow_name: str, *, step: int = 10) -> None:
        self.last: FlowStatusReport | None = None
        self._log = log
        self._flow_name = flow_name
        self._step = step

    def __call__(self, report: FlowStatusReport) -> None:
        """Log a report, if it says enough that is new."""
        before, self.last = self.last, report
        if before is None or report.status != before.status or self._steps(report) != self._steps(before):
            self._log.info("Flow %r is %s", self._flow_name, _described(report))

    def _steps(self, report: FlowStatusReport) -> int:
        return (report.progress or 0) // self._step

    def log_that_it_goes_on(self) -> None:
        """Say that the run is not stopped with the task, and how far it was when it was last looked at."""
        seen = f"when last looked at, it was {_described(self.last)}" if self.last else "it was not looked at yet"
        self._log.warning(
            "The run of flow %r goes on without this task: the platform offers no way to stop a run (%s). "
            "A task that is cleared while it goes on follows it, and starts no second one.",
            self._flow_name,
            seen,
        )


def _described(report: FlowStatusReport) -> str:
    percent = "" if report.progress is None else f" {report.progress} %"
    return f"{report.status.value}{percent}{f': {report.message}' if report.message else ''}"


class TransferLog:
    """Logs how far a transfer is, every few seconds.

    Parameters
    ----------
    log : Logger
        The task's.
    interval : float, default 10
        Seconds between two lines at least.
    """

    def __init__(self, log: Logger, *, interval: float = 10.0) -> None:
        self._log = log
        self._interval = interval
        self._told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Log a transfer's progress, if that is due."""
        now = time.monotonic()
        if now - self._told >= self._interval:
            self._told = now
            percent = f" ({100 * progress.done // progress.total} %)" if progress.total else ""
            self._log.info("%s: %.1f MB%s", progress.what.capitalize(), progress.done / 1e6, percent)
