"""How long a task waits for a flow run: its own timeout, or Airflow's execution_timeout."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from airflow.sdk.exceptions import AirflowTaskTimeout

from airflow_provider_ikigai.errors import task_failure


@dataclass(frozen=True)
class TimeLimit:
    """When a task stops waiting, and what it raises then.

    Attributes
    ----------
    timeout : float, timedelta or None
        The task's own, in seconds.
    execution_timeout : timedelta or None
        Airflow's, which it does not hold a deferred task to.
    deferrable : bool
        Whether the task may be deferred.
    """

    timeout: float | timedelta | None
    execution_timeout: timedelta | None
    deferrable: bool

    def deadline(self) -> float | None:
        """When to stop waiting, in seconds since the epoch, for who begins now; None for never."""
        limit = self._execution_seconds if self._is_airflows else self._seconds
        return None if limit is None else time.time() + limit

    def raise_timeout(self, message: str) -> NoReturn:
        """Say that the time is up.

        Raises
        ------
        AirflowTaskTimeout
            Where it is Airflow's: the task's retries apply.
        AirflowFailException
            Where it is the task's own.
        """
        if self._is_airflows:
            raise AirflowTaskTimeout(message)
        raise task_failure(message, transient=False)

    @property
    def _is_airflows(self) -> bool:
        """Whether execution_timeout is what ends the wait."""
        if not self.deferrable or self._execution_seconds is None:
            return False
        return self._seconds is None or self._execution_seconds <= self._seconds

    @property
    def _seconds(self) -> float | None:
        return self.timeout.total_seconds() if isinstance(self.timeout, timedelta) else self.timeout

    @property
    def _execution_seconds(self) -> float | None:
        return None if self.execution_timeout is None else self.execution_timeout.total_seconds()


def seconds_left(deadline: float | None) -> float | None:
    """Seconds until a deadline; None for no end."""
    return None if deadline is None else max(0.0, deadline - time.time())
