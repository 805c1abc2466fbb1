"""A task's time limit: its own timeout, or execution_timeout, which Airflow does not apply to deferred tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from airflow.sdk import conf
from airflow.sdk.exceptions import AirflowTaskTimeout

from airflow_provider_ikigai.failures import task_failure
from ikigai_core.orchestration import Deadline, RunReport
from ikigai_core.runs.durations import spoken

DEFAULT_TIMEOUT = conf.getfloat("sensors", "default_timeout", fallback=604800.0)
"""Default limit in seconds, as for Airflow's sensors."""


@dataclass(frozen=True)
class TimeLimit:
    """The point of time when a task stops waiting, and the error that it then raises.

    Attributes
    ----------
    timeout : float, timedelta or None
        The task's own, in seconds.
    execution_timeout : timedelta or None
        Airflow's.
    deferrable : bool
        True if the task may be deferred. If not, Airflow itself applies its limit.
    """

    timeout: float | timedelta | None
    execution_timeout: timedelta | None
    deferrable: bool

    def deadline(self) -> Deadline:
        """Return when to stop waiting if the wait begins now."""
        return Deadline.after(self.execution_timeout if self._is_airflows else self.timeout)

    def spent_on(self, report: RunReport) -> str:
        """Say that a run did not end in the task's time, of which a trigger knows only what was left."""
        if not report.seen:
            return report.message
        return f"Flow {report.flow_name!r} did not end within the task's {self}: {report.seen}"

    def __str__(self) -> str:
        """The name of the limit, such as ``timeout of 8 s``."""
        name, limit = ("execution_timeout", self.execution_timeout) if self._is_airflows else ("timeout", self.timeout)
        seconds = limit.total_seconds() if isinstance(limit, timedelta) else limit or 0.0
        return f"{name} of {spoken(seconds)}"

    def raise_timeout(self, message: str) -> NoReturn:
        """Raise the error for the end of the limit.

        Raises
        ------
        AirflowTaskTimeout
            The limit was Airflow's: the task's retries apply.
        AirflowFailException
            The limit was the task's own.
        """
        if self._is_airflows:
            raise AirflowTaskTimeout(message)
        raise task_failure(message, transient=False)

    @property
    def _is_airflows(self) -> bool:
        """True if execution_timeout ends the wait."""
        if not self.deferrable or self.execution_timeout is None:
            return False
        own = self.timeout
        if own is None or isinstance(own, timedelta):
            return own is None or self.execution_timeout <= own
        return self.execution_timeout.total_seconds() <= own
