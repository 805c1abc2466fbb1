"""The operator that runs flows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperatorLink, conf
from airflow.sdk.exceptions import AirflowTaskTimeout

from airflow_provider_ikigai.announcing import announce, lineage_of_failure
from airflow_provider_ikigai.assets import flow_assets, is_template
from airflow_provider_ikigai.choices import check_start_options
from airflow_provider_ikigai.failures import failing_the_task, task_failure
from airflow_provider_ikigai.launching import is_over, launch, remove_copy
from airflow_provider_ikigai.links import IkigaiFlowLink, IkigaiFlowRunLink
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from airflow_provider_ikigai.run_report import about_run, started_result, task_result
from airflow_provider_ikigai.run_store import TaskRunStore
from airflow_provider_ikigai.time_limit import DEFAULT_TIMEOUT, TimeLimit
from airflow_provider_ikigai.trigger_event import WaitEvent
from airflow_provider_ikigai.triggers.flow_idle import IkigaiFlowIdleTrigger
from airflow_provider_ikigai.triggers.flow_run import FOLLOWED_LATER, IkigaiFlowRunTrigger
from ikigai_core.errors import FlowBusyError, IkigaiError
from ikigai_core.orchestration import Deadline, ProgressLog, RunReport

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ikigai_core import Flow, FlowRun
    from ikigai_core.orchestration import Isolation, OnBusy, OnDoubt


class IkigaiRunFlowOperator(IkigaiBaseOperator):
    """Run a flow and follow it to its end.

    A failed run fails the task with the facet's name and the platform's message, without retries. A retry follows the
    run that an earlier try started (Airflow 3.3 and later). A cleared task runs the flow again if its own run is over.
    The task succeeds only if its own run provably succeeded; see `isolation` and `on_doubt`.

    Parameters
    ----------
    app, flow : str
        Name or id of the flow, and of the app that holds it.
    variables : dict, optional
        Run variables; the flow's definition says which facet's argument each of them replaces.
    on_busy : {"wait", "fail", "attach"}, default "wait"
        What to do if the flow is already running: wait for its end and then start, fail (retries apply), or follow it.
    isolation : {"shared", "copy"}, default "shared"
        Whether the flow itself runs, once at a time, or a private copy of it, made only for this task. A copy
        is never busy, and it is certain which run is this task's. The copy has no schedule and no grants, starts no
        downstream flows, and is deleted after its run. Use copies for mapped tasks and backfills.
    on_doubt : {"fail", "accept"}, default "fail"
        What to do if it cannot be proven which run of a shared flow is this task's, or how it ended: fail without
        retries, or accept the most likely run. The result's ``doubt`` then says why it is uncertain.
    unique_output : str, optional
        Name of the run variable that names a dataset that no other run writes: it proves which run of a shared flow is
        this task's if the answer to its start was lost.
    keep_copies : bool, default False
        Keep the private copy after its run, so that you can look at it.
    wait_for_termination : bool, default True
        Whether the task ends with the run. If not, it returns the run that it started as ``flow_run``, for
        `IkigaiFlowRunSensor`. A private copy then stays until it is swept, a day later.
    timeout : float or timedelta or None, default as for sensors (``[sensors] default_timeout``, 7 days)
        Seconds to wait, for a busy flow and for the run's end together, after which the run itself continues.
    definition : FlowDefinition, DefinitionDocument, dict or path, optional
        The flow's definition. The datasets that it imports and exports are the task's inlets and outlets. Reading it
        sends nothing. An output whose name is known only at run time (from a template, another task, a decorated
        function) is no outlet: use an `AssetAlias` for it. A task that does not wait has no such outlets.
    count_rows_up_to : float, default 10 MB
        Size in bytes up to which an output is fetched to count its rows, for asset events and lineage.
    deferrable : bool, optional
        Whether the triggerer waits instead of a worker. Default: Airflow's ``operators.default_deferrable``.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`. An `AssetAlias` among the outlets gets an event for
        each dataset that the run wrote, also if no definition was given.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``flow_id``, ``flow`` (its name), ``run_log`` (``log_id``, ``status``, ``user``,
        ``timestamp``, …), ``outputs``, names of the datasets that the run wrote (None for somebody else's run), and
        ``doubt``: why the log may be another run's; empty if there is no doubt.

    Raises
    ------
    InvalidInputError
        When Airflow parses the DAG: values that are already known contradict each other.
    """

    template_fields: Sequence[str] = (
        *IkigaiBaseOperator.template_fields,
        "flow",
        "variables",
        "isolation",
        "on_doubt",
        "unique_output",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"variables": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = (
        *IkigaiBaseOperator.operator_extra_links,
        IkigaiFlowLink(),
        IkigaiFlowRunLink(),
    )

    computes_variables: ClassVar[bool] = False
    """True if the variables are known only when the task runs."""

    def __init__(
        self,
        *,
        flow: str,
        variables: Mapping[str, Any] | None = None,
        on_busy: OnBusy = "wait",
        isolation: Isolation = "shared",
        on_doubt: OnDoubt = "fail",
        unique_output: str | None = None,
        keep_copies: bool = False,
        wait_for_termination: bool = True,
        timeout: float | timedelta | None = DEFAULT_TIMEOUT,
        definition: Any = None,
        count_rows_up_to: float = 10e6,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        options = {"on_busy": on_busy, "isolation": isolation, "on_doubt": on_doubt, "unique_output": unique_output}
        check_start_options(options, variables)
        Deadline.after(timeout)
        self.flow = flow
        self.variables = variables
        self.on_busy = on_busy
        self.isolation = isolation
        self.on_doubt = on_doubt
        self.unique_output = unique_output
        self.keep_copies = keep_copies
        self.wait_for_termination = wait_for_termination
        self.timeout = timeout
        self.count_rows_up_to = count_rows_up_to
        self.deferrable = deferrable
        if definition is not None and not is_template(self.app):
            inlets, outlets = flow_assets(self.app, definition, object() if self.computes_variables else variables)
            self.inlets.extend(asset for asset in inlets if asset not in self.inlets)
            if wait_for_termination:
                self.outlets.extend(asset for asset in outlets if asset not in self.outlets)
        self._progress: ProgressLog | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the flow, or pick up the run of an earlier try, and wait for its end or leave that to the triggerer.

        Raises
        ------
        AirflowFailException
            The run failed; and everything else that would fail again.
        AirflowException
            It may work later: the flow is busy, the platform is away.
        AirflowTaskTimeout
            The task's ``execution_timeout`` ended the wait, and the task is deferrable.
        """
        return self._run(context, self._time_limit.deadline())

    def execute_when_idle(
        self, context: Context, event: Mapping[str, Any] | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Continue after the triggerer has waited for a busy flow; errors as for `execute`."""
        waited = WaitEvent.from_event(event)
        if waited.is_timeout:
            self._time_limit.raise_timeout(
                f"Flow {self.flow!r} was still running at the end of the timeout. Nothing was started."
            )
        waited.raise_failure()
        return self._run(context, Deadline(deadline))

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Take the result of a run that the triggerer followed; errors as for `execute`, timeouts included."""
        with failing_the_task():
            report = RunReport.from_dict(event)
            store = TaskRunStore(context, self.log)
            store.find()
        about = (event or {}).get("about") or {}
        return self._take(context, store, report, about, removes_copy=True)

    def on_kill(self) -> None:
        """Log that the run continues although the task ends."""
        if self._progress is not None:
            self._progress.goes_on(FOLLOWED_LATER)

    def _run(self, context: Context, deadline: Deadline) -> dict[str, Any]:
        with failing_the_task():
            store = TaskRunStore(context, self.log)
            kept = store.find()
        if kept and self.wait_for_termination and store.has_result([self.app, self.flow]):
            self.log.info(
                "An earlier try saw the end of the run of flow %r: the task takes this result", kept["flow_name"]
            )
            with failing_the_task(), self.hook.get_conn() as ikigai:
                report = self._wait(ikigai.flow_run(kept), deadline)
            return self._take(context, store, report, store.about(kept), removes_copy=True)
        with self.connected(context) as (_, app):
            flow = app.flows.find(self.flow)
            IkigaiFlowLink().push(context, flow)
            run = self._launch(flow, store, kept, deadline)
            IkigaiFlowRunLink().push(context, run)
            about = store.about(run.to_dict())
            if not self.wait_for_termination:
                return started_result(run, about["outputs"])
            if self.deferrable and not is_over(run):
                trigger = IkigaiFlowRunTrigger(
                    flow_run=run.to_dict(), ikigai_conn_id=self.ikigai_conn_id, about=about, deadline=deadline.at
                )
                self.defer(trigger=trigger, method_name="execute_complete")
            report = self._wait(run, deadline)
        return self._take(context, store, report, about)

    def _launch(self, flow: Flow, store: TaskRunStore, kept: Mapping[str, Any] | None, deadline: Deadline) -> FlowRun:
        definition = flow.definition()
        store.describe = lambda run: {"asked_for": [self.app, self.flow], **about_run(definition, run)}
        waits_in_triggerer = self.deferrable and self.on_busy == "wait"
        try:
            run = launch(
                flow,
                store,
                kept,
                self.log,
                variables=self.variables,
                on_busy="fail" if waits_in_triggerer else self.on_busy,
                isolation=self.isolation,
                on_doubt=self.on_doubt,
                unique_output=self.unique_output or None,
                keep_copies=self.keep_copies,
                timeout=deadline.left,
            )
        except FlowBusyError:
            if not waits_in_triggerer:
                raise
            self.log.info("Flow %r is running already: waiting for the end of that run", flow.name)
            trigger = IkigaiFlowIdleTrigger(
                app=flow.app_id, flow=flow.flow_id, ikigai_conn_id=self.ikigai_conn_id, deadline=deadline.at
            )
            self.defer(trigger=trigger, method_name="execute_when_idle", kwargs={"deadline": deadline.at})
        began = "Picked up" if run.picked_up or run.attached else "Started"
        self.log.info("%s a run of flow %r (%s)", began, flow.name, flow.flow_id)
        return run

    def _wait(self, run: FlowRun, deadline: Deadline) -> RunReport:
        self._progress = ProgressLog(self.log, run.flow_name)
        try:
            run_log = run.result(deadline.left, on_update=self._progress)
        except IkigaiError as error:
            return RunReport.failure(error, run)
        except AirflowTaskTimeout:
            self.on_kill()
            raise
        finally:
            self._progress = None
        return RunReport.success(run, run_log)

    def _take(
        self,
        context: Context,
        store: TaskRunStore,
        report: RunReport,
        about: Mapping[str, Any],
        *,
        removes_copy: bool = False,
    ) -> dict[str, Any]:
        """Return what the task returns, or fail it; its next try, if Airflow grants one all the same, does as well.

        The note stays: only Airflow knows whether it has accepted what becomes of the task now.
        """
        IkigaiFlowRunLink().push(context, report)
        run = report.run or {}
        is_kept = bool(run) and (report.is_over or report.is_lost) and store.keep_end(run, is_lost=report.is_lost)
        if report.run_log:
            ProgressLog(self.log, report.flow_name).ended(report.run_log)
        result = self._told(context, report, about)
        if is_kept and report.is_over:
            store.take(run)
            if removes_copy:
                remove_copy(self.hook, run, self.log)
        self._raise_failure(report)
        return result

    def _told(self, context: Context, report: RunReport, about: Mapping[str, Any]) -> dict[str, Any]:
        """Report to Airflow what the run wrote, unless the task has to fail, and return the result of the task."""
        if report.error:
            self._lineage = lineage_of_failure(self, context, report, about)
            return {}
        announced = announce(self, context, report, about, count_rows_up_to=self.count_rows_up_to)
        self._lineage = announced.lineage
        if report.doubt:
            self.log.warning("The run log may be another run's. %s", report.doubt)
        return {**task_result(report), "outputs": announced.outputs}

    def _raise_failure(self, report: RunReport) -> None:
        if report.error == "RunTimeoutError":
            self._time_limit.raise_timeout(self._time_limit.spent_on(report))
        if report.error:
            raise task_failure(report.message, transient=report.transient)

    @property
    def _time_limit(self) -> TimeLimit:
        return TimeLimit(self.timeout, self.execution_timeout, self.deferrable)
