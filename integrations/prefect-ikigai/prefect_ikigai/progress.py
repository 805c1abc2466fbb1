"""How a run goes, as the Prefect run's logs and a progress artifact tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from prefect_ikigai.artifacts import create_artifact, update_artifact
from prefect_ikigai.logs import Logger
from prefect_ikigai.naming import artifact_key
from prefect_ikigai.owner import Owner

if TYPE_CHECKING:
    from ikigai_core import FlowStatus, FlowStatusReport, RunLog

LOG_STEP = 10
"""Percent of progress between two lines of the log."""


class ProgressReporter:
    """Passes a run's reports on: every change of status and every tenth of progress is logged, and an artifact moves.

    An artifact that cannot be written never disturbs the run: it is tried again at the next change.

    Parameters
    ----------
    logger : Logger
        The Prefect run's.
    owner : Owner or None
        To which the artifact belongs; None for none.
    app, flow : str
        Names.
    """

    def __init__(self, logger: Logger, owner: Owner | None, app: str, flow: str) -> None:
        self._logger = logger
        self._owner = owner
        self._app = app
        self._flow = flow
        self._status: FlowStatus | None = None
        self._percent = 0
        self._artifact_id: UUID | None = None
        self._is_behind = False

    def update(self, report: FlowStatusReport) -> None:
        """Tell of a change of status or progress."""
        if report.is_idle:
            # Before the run has begun, or after its end: `finish` tells of the end.
            return
        percent = self._percent if report.progress is None else report.progress
        if report.status != self._status or percent // LOG_STEP != self._percent // LOG_STEP:
            self._log(report)
        self._status, self._percent = report.status, percent
        self._move(report.status)

    def finish(self, log: RunLog) -> None:
        """Tell of the end."""
        self._logger.info("Flow %r ended: %s", self._flow, log.status.value)
        if log.status.value == "SUCCESS":
            self._percent = 100
        self._move(log.status)

    def _log(self, report: FlowStatusReport) -> None:
        progress = "" if report.progress is None else f" {report.progress} %"
        message = f": {report.message}" if report.message else ""
        self._logger.info("Flow %r is %s%s%s", self._flow, report.status.value, progress, message)

    def _move(self, status: FlowStatus) -> None:
        if self._owner is None:
            return
        description = f"Flow **{self._flow}** of app **{self._app}**: {status.value}"
        try:
            self._write(self._owner, description)
        except Exception as error:
            if not self._is_behind:
                self._logger.warning("The progress artifact of flow %r is behind: %s", self._flow, error)
            self._is_behind = True
        else:
            self._is_behind = False

    def _write(self, owner: Owner, description: str) -> None:
        percent = float(self._percent)
        if self._artifact_id is None:
            key = artifact_key(self._app, self._flow)
            self._artifact_id = create_artifact(owner, "progress", key, percent, description)
        else:
            update_artifact(self._artifact_id, percent, description)
