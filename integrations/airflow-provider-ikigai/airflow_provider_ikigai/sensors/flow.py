"""Sensors that wait for flows and their runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout

from airflow_provider_ikigai.conditions import RECENT_RUNS, ended, idle
from airflow_provider_ikigai.failures import failing_the_task, task_failure
from airflow_provider_ikigai.links import IkigaiFlowLink, IkigaiFlowRunLink
from airflow_provider_ikigai.sensors.base import IkigaiBaseSensor
from airflow_provider_ikigai.time_limit import TimeLimit
from airflow_provider_ikigai.triggers.flow_ended import IkigaiFlowEndedTrigger
from airflow_provider_ikigai.triggers.flow_idle import IkigaiFlowIdleTrigger
from airflow_provider_ikigai.triggers.flow_run import IkigaiFlowRunTrigger
from ikigai_core.errors import RunFailedError, RunTimeoutError
from ikigai_core.orchestration import RunReport

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from ikigai_core import App, Flow, FlowRun, Ikigai, RunLog

_LINKS = (*IkigaiBaseSensor.operator_extra_links, IkigaiFlowLink())


class IkigaiFlowIdleSensor(IkigaiBaseSensor):
    """Wait until a flow is idle.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the flow.
    flow : str
        Name or id of the flow.
    **kwargs
        Those of `IkigaiBaseSensor`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``flow_id`` and ``flow`` (its name).
    """

    template_fields: Sequence[str] = (*IkigaiBaseSensor.template_fields, "flow")
    operator_extra_links: Collection[BaseOperatorLink] = _LINKS

    def __init__(self, *, flow: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow = flow

    def look(self, context: Context, ikigai: Ikigai, app: App) -> dict[str, Any] | None:
        """The flow, if it is idle."""
        flow = app.flows.find(self.flow)
        IkigaiFlowLink().push(context, flow)
        return idle(flow, flow.status())

    def trigger(self, deadline: float | None) -> IkigaiFlowIdleTrigger:
        """Return the trigger that waits in the triggerer."""
        return IkigaiFlowIdleTrigger(
            app=self.app,
            flow=self.flow,
            ikigai_conn_id=self.ikigai_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
        )


class IkigaiFlowRunSensor(IkigaiBaseSensor):
    """Wait for the end of a run: one that another task started, or the first that ends after a point of time.

    A failed run fails the sensor with the platform's message.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the flow.
    flow : str
        Name or id of the flow.
    flow_run : dict or XComArg, optional
        The run: what `IkigaiRunFlowOperator` returns with ``wait_for_termination=False``, or its ``flow_run``.
    since : str or datetime, optional
        The point of time, for runs that anyone starts. A string is in ISO 8601 or a template, such as
        ``{{ dag_run.run_after }}``. Give exactly one of `flow_run` and `since`.
    **kwargs
        Those of `IkigaiBaseSensor`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``flow_id``, ``flow`` (its name) and ``run_log``.
    """

    template_fields: Sequence[str] = (*IkigaiBaseSensor.template_fields, "flow", "flow_run", "since")
    operator_extra_links: Collection[BaseOperatorLink] = (*_LINKS, IkigaiFlowRunLink())

    def __init__(
        self,
        *,
        flow: str,
        flow_run: Mapping[str, Any] | None = None,
        since: str | datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.flow = flow
        self.flow_run = flow_run
        self.since = since

    def look(self, context: Context, ikigai: Ikigai, app: App) -> dict[str, Any] | None:
        """The run, if it has ended."""
        if (self.flow_run is None) == (self.since is None):
            raise AirflowFailException(f"Task {self.task_id!r} needs one of flow_run and since.")
        flow = app.flows.find(self.flow)
        IkigaiFlowLink().push(context, flow)
        if self.flow_run is None:
            return self._succeeded(ended(flow, self._logs_since(flow)))
        run = ikigai.flow_run(self._run)
        try:
            log = self._log_of(run)
        finally:
            IkigaiFlowRunLink().push(context, run)
        return None if log is None else self._succeeded(ended(flow, [log]))

    def trigger(self, deadline: float | None) -> BaseTrigger:
        """Return the trigger that waits in the triggerer."""
        if self.flow_run is not None:
            return IkigaiFlowRunTrigger(
                flow_run=self._run, ikigai_conn_id=self.ikigai_conn_id, about={}, deadline=deadline
            )
        return IkigaiFlowEndedTrigger(
            app=self.app,
            flow=self.flow,
            since=self._point_of_time("since").isoformat(),
            ikigai_conn_id=self.ikigai_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
        )

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """Return the run that the triggerer followed. A failed run fails the task."""
        if self.flow_run is None:
            return self._succeeded(super().execute_complete(context, event))
        with failing_the_task():
            report = RunReport.from_dict(event)
        IkigaiFlowRunLink().push(context, report)
        if report.error == "RunTimeoutError":
            limit = TimeLimit(self.timeout, self.execution_timeout, self.deferrable)
            raise AirflowSensorTimeout(limit.spent_on(report))
        if report.error:
            raise task_failure(report.message, transient=report.transient)
        return {
            "app_id": report.app_id,
            "flow_id": report.flow_id,
            "flow": report.flow_name,
            "run_log": report.log,
        }

    def _logs_since(self, flow: Flow) -> list[RunLog]:
        depth, since = RECENT_RUNS, self._point_of_time("since")
        while len(logs := flow.run_logs(depth, since)) == depth:
            # The first one may be further back.
            depth *= 10
        return logs

    def _log_of(self, run: FlowRun) -> RunLog | None:
        """The run's log; None while it is running. A poke knows no earlier one, so it watches an idle flow."""
        try:
            return run.wait(0)
        except RunTimeoutError as error:
            if error.last_report is None or not error.last_report.is_idle:
                return None
        from ikigai_core.runs.follow import START_GRACE

        try:
            # Enough time to notice that the run is lost.
            return run.wait(min(2 * START_GRACE, self.timeout))
        except RunTimeoutError:
            return None

    @property
    def _run(self) -> Mapping[str, Any]:
        """Return the run from the result of the task that started it."""
        given = self.flow_run or {}
        run: Mapping[str, Any] = given.get("flow_run", given)
        return run

    def _succeeded(self, found: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the result of a successful run; raise an error for a failed one."""
        if found and found["run_log"]["status"] != "SUCCESS":
            from ikigai_core import RunLog

            failure = RunFailedError(found["flow"], RunLog.model_validate(found["run_log"]))
            raise task_failure(str(failure), transient=failure.transient)
        return found
