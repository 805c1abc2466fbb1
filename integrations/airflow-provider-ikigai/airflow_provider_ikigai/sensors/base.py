"""The base of all sensors of this provider."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue, conf, timezone
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSensorTimeout, AirflowSkipException

from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from airflow_provider_ikigai.trigger_event import WaitEvent
from ikigai_core.orchestration import Deadline

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from ikigai_core import App, Ikigai


class IkigaiBaseSensor(IkigaiBaseOperator, BaseSensorOperator):
    """A sensor that waits for something in an app, on a worker or in the triggerer.

    It looks at once, and then every `poke_interval` seconds.

    Parameters
    ----------
    deferrable : bool, optional
        Whether the triggerer waits instead of a worker. Default: ``operators.default_deferrable`` of Airflow's
        configuration.
    **kwargs
        ``app``, ``ikigai_conn_id``, and those of Airflow's `BaseSensorOperator`. Its ``timeout``, and the task's
        ``execution_timeout``, apply in the triggerer, too.
    """

    ui_color = "#f1eefc"

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable

    @abstractmethod
    def look(self, context: Context, ikigai: Ikigai, app: App) -> dict[str, Any] | None:
        """Return the sensor's result, or None if it has to wait longer."""

    @abstractmethod
    def trigger(self, deadline: float | None) -> BaseTrigger:
        """Return the trigger that waits in the triggerer."""

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll once."""
        with self.connected(context) as (ikigai, app):
            found = self.look(context, ikigai, app)
        return PokeReturnValue(is_done=found is not None, xcom_value=found)

    def execute(self, context: Context) -> Any:
        """Poll until the condition holds; if the task is deferrable, poll once and then defer."""
        if not self.deferrable:
            return super().execute(context)
        try:
            seen = self.poke(context)
        except AirflowException as error:
            if not (self.soft_fail or self.never_fail):
                raise
            raise AirflowSkipException(f"Skipped because soft_fail or never_fail is set: {error}") from error
        if not seen:
            deadline = Deadline.after(self.timeout).sooner(Deadline.after(self.execution_timeout, "execution_timeout"))
            self.defer(trigger=self.trigger(deadline.at), method_name="execute_complete")
        return seen.xcom_value

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """Return the result of the trigger.

        Raises
        ------
        AirflowSensorTimeout
            The time was up.
        AirflowFailException, AirflowException
            The platform refused a request.
        """
        waited = WaitEvent.from_event(event)
        if waited.is_timeout:
            raise AirflowSensorTimeout(f"Task {self.task_id!r} timed out before its condition was met.")
        waited.raise_failure()
        return waited.found

    def _point_of_time(self, name: str) -> datetime:
        """Read a field that contains a point of time, or a template of one."""
        given = getattr(self, name)
        try:
            moment = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
        except ValueError:
            raise AirflowFailException(
                f"{name} of task {self.task_id!r} is {given!r}: give a point of time, in ISO 8601 as "
                "'{{ dag_run.run_after }}' gives it."
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
