"""Log a run's progress: often enough to follow the run, rarely enough to read the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ikigai_core.run_records import FlowStatusReport, RunLog


class Logger(Protocol):
    """The interface of a logger. The loggers of `logging` and of the orchestrators have it."""

    def info(self, msg: str, /, *args: Any) -> Any:
        """Log a normal event."""
        ...

    def warning(self, msg: str, /, *args: Any) -> Any:
        """Log a problem."""
        ...


class ProgressLog:
    """Logs each change of a run's status, and its progress in steps. Pass it to a run as ``on_update``.

    Parameters
    ----------
    logger : Logger
        The task's logger.
    flow_name : str
    step : int, default 10
        Percent.

    Attributes
    ----------
    last : FlowStatusReport or None
        The newest report, even if it was not logged.

    Examples
    --------
    >>> log = run.result(on_update=ProgressLog(logger, run.flow_name))  # doctest: +SKIP
    """

    def __init__(self, logger: Logger, flow_name: str, *, step: int = 10) -> None:
        self.last: FlowStatusReport | None = None
        self._logger = logger
        self._flow_name = flow_name
        self._step = step
        self._steps = 0

    def __call__(self, report: FlowStatusReport) -> None:
        """Log a report if it has enough news. The end of the run is left to `ended`."""
        before, self.last = self.last, report
        # A report without progress does not mean that the progress decreased.
        steps = self._steps if report.progress is None else report.progress // self._step
        is_new = before is None or report.status != before.status or steps != self._steps
        self._steps = steps
        if is_new and not report.is_idle:
            self._logger.info("Flow %r is %s", self._flow_name, _described(report))

    def ended(self, log: RunLog) -> None:
        """Log the outcome of the run, as a warning if it was not successful."""
        if log.status.value == "SUCCESS":
            self._logger.info("Flow %r ended: SUCCESS (run log %s)", self._flow_name, log.log_id)
        else:
            said = f": {log.data}" if log.data else ""
            self._logger.warning(
                "Flow %r ended: %s%s (run log %s)", self._flow_name, log.status.value, said, log.log_id
            )

    def goes_on(self, remedy: str = "") -> None:
        """Log that the run is still running, although nobody follows it any more, and its last progress.

        Parameters
        ----------
        remedy : str, optional
            Advice for the orchestrator's user, as a sentence, for example ``"A retry follows it."``
        """
        seen = f"last status: {_described(self.last)}" if self.last else "no status was seen yet"
        self._logger.warning(
            "The run of flow %r is still running: the platform cannot stop runs (%s).%s",
            self._flow_name,
            seen,
            f" {remedy}" if remedy else "",
        )


def _described(report: FlowStatusReport) -> str:
    percent = "" if report.progress is None else f" {report.progress} %"
    return f"{report.status.value}{percent}{f': {report.message}' if report.message else ''}"
