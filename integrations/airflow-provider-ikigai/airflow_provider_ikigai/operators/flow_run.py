"""The operator that runs flows."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn

from airflow.sdk import BaseOperatorLink, conf
from airflow.sdk.exceptions import AirflowTaskTimeout

from airflow_provider_ikigai import lineage
from airflow_provider_ikigai.assets import emit, flow_assets, is_template
from airflow_provider_ikigai.dataset_facts import facts_of
from airflow_provider_ikigai.errors import task_failure
from airflow_provider_ikigai.kept_run import KeptRun
from airflow_provider_ikigai.links import IkigaiFlowLink, IkigaiFlowRunLink
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from airflow_provider_ikigai.outcome import Outcome
from airflow_provider_ikigai.progress import ProgressLog
from airflow_provider_ikigai.sighting import Sighting
from airflow_provider_ikigai.triggers.flow_idle import IkigaiFlowIdleTrigger
from airflow_provider_ikigai.triggers.flow_run import IkigaiFlowRunTrigger
from ikigai_core.errors import FlowBusy, IkigaiError

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from ikigai_core import Flow, FlowRun, Ikigai


class IkigaiRunFlowOperator(IkigaiBaseOperator):
    """Run a flow and follow it to its end.

    A failed run fails the task with the facet's name and the platform's message, without retries. A retry after a lost
    worker picks up the run that was started, where Airflow keeps a task's state (3.3 and later).

    Parameters
    ----------
    app : str
        Name or id of the app that holds the flow.
    flow : str
        Name or id of the flow.
    variables : dict, optional
        Run variables; the flow's definition says which facet's argument each of them replaces.
    on_busy : {"fail", "wait", "attach"}, default "fail"
        What to do where the flow runs already: fail (the task's retries apply), wait for that run's end and start then,
        or take that run for one's own.
    wait_for_termination : bool, default True
        Whether the task ends with the run. With False it ends as soon as the run has started, and returns it as
        ``flow_run``, for `IkigaiFlowRunSensor`.
    timeout : float or timedelta, optional
        How long to wait, for a busy flow and for the run's end together, in seconds. The run goes on after that: the
        platform has no way to stop it.
    definition : FlowDefinition, DefinitionDocument, dict or path, optional
        The flow's definition, from which the task's inlets and outlets are taken: the datasets that it imports and
        exports, as assets. Nothing is sent for it, and the flow stays as it is. A task that does not wait has no such
        outlets: they would be told of before they are written.
    count_rows_up_to : float, default 10 MB
        Size in bytes up to which an output's rows are counted for asset events and lineage, where the task has outlets
        or OpenLineage is on. The platform does not tell them: the data are fetched for it.
    deferrable : bool, optional
        Whether the triggerer waits, and not a worker. Default: ``operators.default_deferrable`` of Airflow's
        configuration.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`. An `AssetAlias` among the outlets gets an event for
        each dataset that the run wrote, also where no definition was given.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``flow_id``, ``flow`` (its name), ``run_log`` (``log_id``, ``status``, ``user``,
        ``timestamp``, …), ``outputs``, names of the datasets that the run wrote, and ``doubt``: why the log may be
        another run's, where the answer to the start was lost for example, and empty otherwise.
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "flow", "variables")
    template_fields_renderers: ClassVar[dict[str, str]] = {"variables": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = (
        *IkigaiBaseOperator.operator_extra_links,
        IkigaiFlowLink(),
        IkigaiFlowRunLink(),
    )

    def __init__(
        self,
        *,
        flow: str,
        variables: Mapping[str, Any] | None = None,
        on_busy: Literal["fail", "wait", "attach"] = "fail",
        wait_for_termination: bool = True,
        timeout: float | timedelta | None = None,
        definition: Any = None,
        count_rows_up_to: float = 10e6,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.flow = flow
        self.variables = variables
        self.on_busy = on_busy
        self.wait_for_termination = wait_for_termination
        self.timeout = timeout
        self.count_rows_up_to = count_rows_up_to
        self.deferrable = deferrable
        if definition is not None and not is_template(self.app):
            inlets, outlets = flow_assets(self.app, definition, variables if isinstance(variables, Mapping) else None)
            self.inlets.extend(asset for asset in inlets if asset not in self.inlets)
            if wait_for_termination:
                self.outlets.extend(asset for asset in outlets if asset not in self.outlets)
        self._lineage = lineage.Lineage()
        self._progress: ProgressLog | None = None

    # -- what Airflow calls --------------------------------------------------------------------------------------------

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the flow, or pick up the run of an earlier try, and wait for its end or leave that to the triggerer.

        Raises
        ------
        AirflowFailException
            Where the run failed, and for everything else that would fail again.
        AirflowException
            Where it may work later: the flow is busy, the platform is away.
        """
        return self._run(context, self._deadline())

    def execute_when_idle(
        self, context: Context, event: Mapping[str, Any] | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Go on after the triggerer has waited for a busy flow; errors as for `execute`."""
        sighting = Sighting.from_event(event)
        if sighting.is_timeout:
            self._raise_timeout(f"Flow {self.flow!r} was still running when the time was up. Nothing was started.")
        sighting.raise_failure()
        return self._run(context, deadline)

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Take the result of a run that the triggerer followed; errors as for `execute`.

        Raises
        ------
        AirflowTaskTimeout
            Where the task's ``execution_timeout`` ended the wait.
        """
        return self._take(context, Outcome.from_event(event))

    def on_kill(self) -> None:
        """Say that the run is not stopped with the task."""
        if self._progress is not None:
            self._progress.log_that_it_goes_on()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """What the run read and wrote, with columns and sizes, for OpenLineage."""
        return self._lineage.to_openlineage()

    # -- the run -------------------------------------------------------------------------------------------------------

    def _run(self, context: Context, deadline: float | None) -> dict[str, Any]:
        with self.connected(context) as (ikigai, app):
            flow = app.flows.find(self.flow)
            IkigaiFlowLink().push(context, flow)
            definition = flow.definition()
            about = {
                "app_id": flow.app_id,
                "flow_id": flow.flow_id,
                "flow": flow.name,
                "outputs": definition.exported(self.variables),
                "inputs": definition.imported(self.variables),
            }
            run = self._launch(context, ikigai, flow, deadline)
            IkigaiFlowRunLink().push(context, run)
            if not self.wait_for_termination:
                KeptRun(context, self.log).forget()
                return {**Outcome(about).result, "flow_run": run.to_dict()}
            if self.deferrable:
                trigger = IkigaiFlowRunTrigger(
                    flow_run=run.to_dict(), ikigai_conn_id=self.ikigai_conn_id, about=about, deadline=deadline
                )
                self.defer(trigger=trigger, method_name="execute_complete")
            outcome = self._wait(run, about, deadline)
        return self._take(context, outcome)

    def _launch(self, context: Context, ikigai: Ikigai, flow: Flow, deadline: float | None) -> FlowRun:
        kept = KeptRun(context, self.log)
        previous = kept.previous(flow.flow_id)
        if previous and kept.is_of_before_a_clearing(previous) and flow.status().is_idle:
            self.log.info("The run that was kept before this task was cleared is over: the flow runs anew")
            previous = None
        waits_in_triggerer = self.deferrable and self.on_busy == "wait"
        try:
            run = flow.launch(
                self.variables,
                on_busy="fail" if waits_in_triggerer else self.on_busy,
                keep=kept.keep,
                previous=previous,
                timeout=_left(deadline),
            )
        except FlowBusy:
            if not waits_in_triggerer:
                raise
            self.log.info("Flow %r is running already: waiting for the end of that run", flow.name)
            trigger = IkigaiFlowIdleTrigger(
                app=flow.app_id, flow=flow.flow_id, ikigai_conn_id=self.ikigai_conn_id, deadline=deadline
            )
            self.defer(trigger=trigger, method_name="execute_when_idle", kwargs={"deadline": deadline})
        self.log.info("%s a run of flow %r (%s)", "Picked up" if run.attached else "Started", flow.name, flow.flow_id)
        return run

    def _wait(self, run: FlowRun, about: Mapping[str, Any], deadline: float | None) -> Outcome:
        self._progress = ProgressLog(self.log, run.flow_name)
        try:
            run_log = run.result(_left(deadline), on_update=self._progress)
        except IkigaiError as error:
            return Outcome.failure(about, error, run.web_url)
        finally:
            self._progress = None
        return Outcome.success(about, run_log, run)

    def _take(self, context: Context, outcome: Outcome) -> dict[str, Any]:
        IkigaiFlowRunLink().push(context, outcome)
        if outcome.is_final:
            KeptRun(context, self.log).forget()
        if outcome.error == "RunTimeout":
            self._raise_timeout(outcome.message)
        if outcome.run_log:
            self.log.info("Run log %s: %s", outcome.run_log["log_id"], outcome.run_log["status"])
        if outcome.error:
            raise task_failure(outcome.message, transient=outcome.transient)
        self._tell(context, outcome)
        self.log.info("The run of flow %r ended well", outcome.about["flow"])
        return outcome.result

    def _tell(self, context: Context, outcome: Outcome) -> None:
        """Tell Airflow and OpenLineage of what the run read and wrote."""
        run_log = outcome.run_log or {}
        if not self.outlets and not lineage.is_wanted():
            return
        try:
            with self.connected(context) as (_, app):
                written, read = facts_of(
                    app, outcome.about["outputs"], outcome.about.get("inputs", ()), count_up_to=self.count_rows_up_to
                )
        except Exception as error:
            # The run is over and did what it should: that it cannot be described is no reason to fail the task.
            self.log.warning("The datasets that the run wrote could not be described: %s", error)
            return
        self._lineage = lineage.Lineage(read, written, run_log)
        emit(context, self.outlets, written, {"run_log_id": run_log["log_id"], "flow_id": outcome.about["flow_id"]})

    # -- time ----------------------------------------------------------------------------------------------------------

    def _deadline(self) -> float | None:
        """When to stop waiting, in seconds since the epoch."""
        limit = self._seconds if not self._is_held_to_execution_timeout else self._execution_seconds
        return None if limit is None else time.time() + limit

    def _raise_timeout(self, message: str) -> NoReturn:
        if self._is_held_to_execution_timeout:
            raise AirflowTaskTimeout(message)
        raise task_failure(message, transient=False)

    @property
    def _is_held_to_execution_timeout(self) -> bool:
        """Whether the task's execution_timeout is what ends the wait: Airflow does not hold a deferred task to it."""
        if not self.deferrable or self._execution_seconds is None:
            return False
        return self._seconds is None or self._execution_seconds <= self._seconds

    @property
    def _seconds(self) -> float | None:
        return self.timeout.total_seconds() if isinstance(self.timeout, timedelta) else self.timeout

    @property
    def _execution_seconds(self) -> float | None:
        return None if self.execution_timeout is None else self.execution_timeout.total_seconds()


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.time())
