"""How a run goes, as the Prefect run's logs and a progress artifact tell it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate

from prefect_ikigai.logs import Logger

if TYPE_CHECKING:
    from prefect.client.schemas.objects import TaskRun

    from ikigai_core import FlowStatus, FlowStatusReport, RunLog

LOG_STEP = 10
"""Percent of progress between two lines of the log."""


class ProgressReporter:
    """Passes a run's reports on: every change of status and every tenth of progress is logged, and an artifact moves.

    An artifact that cannot be written never disturbs the run.

    Parameters
    ----------
    logger : Logger
        The task run's.
    task_run : TaskRun or None
        To which the artifact belongs; None for none.
    app, flow : str
        Names.
    """

    def __init__(self, logger: Logger, task_run: TaskRun | None, app: str, flow: str) -> None:
        self._logger = logger
        self._task_run = task_run
        self._app = app
        self._flow = flow
        self._status: FlowStatus | None = None
        self._percent = 0
        self._artifact_id: UUID | None = None

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
        if self._task_run is None:
            return
        description = f"Flow **{self._flow}** of app **{self._app}**: {status.value}"
        try:
            self._write(self._task_run, description)
        except Exception as error:
            self._logger.warning("The progress artifact of flow %r is not kept up: %s", self._flow, error)
            self._task_run = None

    def _write(self, task_run: TaskRun, description: str) -> None:
        with get_client(sync_client=True) as client:
            if self._artifact_id is None:
                artifact = ArtifactCreate(
                    type="progress",
                    key=artifact_key(self._app, self._flow),
                    description=description,
                    data=float(self._percent),
                    flow_run_id=task_run.flow_run_id,
                    task_run_id=task_run.id,
                )
                self._artifact_id = client.create_artifact(artifact).id
            else:
                change = ArtifactUpdate(description=description, data=float(self._percent))
                client.update_artifact(self._artifact_id, change)


def artifact_key(*names: str) -> str:
    """A key that Prefect allows: lowercase letters, digits and dashes."""
    words = re.findall(r"[a-z0-9]+", " ".join(names).lower())
    return "-".join(["ikigai", *words])
