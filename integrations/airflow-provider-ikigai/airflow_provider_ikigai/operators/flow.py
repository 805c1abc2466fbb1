"""Operators that build flows and run them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import conf
from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout

from airflow_provider_ikigai.errors import failing_the_task, task_failure
from airflow_provider_ikigai.kept_run import KeptRun
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from airflow_provider_ikigai.outcome import Outcome
from airflow_provider_ikigai.progress import ProgressLog
from airflow_provider_ikigai.triggers.flow_run import IkigaiFlowRunTrigger
from ikigai_core.errors import IkigaiError

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import DAG, Context

    from ikigai_core import Flow, FlowRun


class IkigaiEnsureFlowOperator(IkigaiBaseOperator):
    """Create a flow from a definition document, or bring the flow of that name up to date.

    Doing it again is safe: a flow that is as the document says is left alone.

    Parameters
    ----------
    app : str
        Name of the app that holds the flow and the datasets that the document names.
    flow : str
        Name of the flow.
    definition : dict, str or path
        The document, or a file that holds it: ``.yaml``, ``.yml`` or ``.json``, looked for beside the DAG and in its
        ``template_searchpath`` unless the path is absolute. Templates in either are rendered.
    create_app : bool, default False
        Create the app where there is none of that name.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``flow_id``, ``flow`` (its name) and ``changes``, what was done: ``["created"]``,
        ``["definition"]`` or nothing.
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "app", "flow", "definition")
    template_fields_renderers: ClassVar[dict[str, str]] = {"definition": "yaml"}
    template_ext: Sequence[str] = (".yaml", ".yml", ".json")

    def __init__(
        self,
        *,
        app: str,
        flow: str,
        definition: Mapping[str, Any] | str | os.PathLike[str],
        create_app: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.app = app
        self.flow = flow
        self.definition = os.fspath(definition) if isinstance(definition, os.PathLike) else definition
        self.create_app = create_app

    def get_template_env(self, dag: DAG | None = None) -> jinja2.Environment:
        """Airflow's environment, which looks beside the DAG, and takes absolute paths as they are besides."""
        from jinja2 import ChoiceLoader, FileSystemLoader

        environment = super().get_template_env(dag)
        loaders = [environment.loader] if environment.loader else []
        environment.loader = ChoiceLoader([*loaders, FileSystemLoader(os.path.abspath(os.sep))])
        return environment

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the flow or bring it up to date.

        Raises
        ------
        AirflowFailException
            Where the document has a fault (it names the facet), and for everything else that would fail again.
        """
        document = self._document()
        with failing_the_task(), self.hook.get_conn() as ikigai:
            app = ikigai.app.new(self.app).ensure() if self.create_app else ikigai.apps[self.app]
            flow = app.flow.new(self.flow).definition(document).ensure()
        self.log.info("Flow %r: %s", flow.name, ", ".join(flow.changes) or "nothing to do")
        return {"app_id": flow.app_id, "flow_id": flow.flow_id, "flow": flow.name, "changes": list(flow.changes)}

    def _document(self) -> Mapping[str, Any]:
        """The rendered document; Airflow has put the file's content in the place of its path."""
        import yaml

        document = self.definition
        if isinstance(document, str):
            try:
                document = yaml.safe_load(document)
            except yaml.YAMLError as error:
                raise AirflowFailException(f"The definition of flow {self.flow!r} cannot be read: {error}") from None
        if not isinstance(document, Mapping):
            raise AirflowFailException(
                f"The definition of flow {self.flow!r} is {document!r}, which is neither a mapping nor a file "
                f"({', '.join(self.template_ext)}) that holds one."
            )
        return document


class IkigaiRunFlowOperator(IkigaiBaseOperator):
    """Run a flow and follow it to its end.

    A failed run fails the task with the facet's name and the platform's message, without retries. A retry after a lost
    worker picks up the run that was started, where Airflow keeps a task's state (3.3 and later).

    Parameters
    ----------
    app : str
        Name of the app that holds the flow.
    flow : str
        Name of the flow.
    variables : dict, optional
        Run variables; the flow's definition says which facet's argument each of them replaces.
    on_busy : {"fail", "wait", "attach"}, default "fail"
        What to do where the flow runs already: fail (the task's retries apply), wait for that run's end and start then,
        or take that run for one's own.
    timeout : float or timedelta, optional
        How long to wait for the run's end, in seconds. The run goes on after that: the platform has no way to stop it.
    deferrable : bool, optional
        Whether the triggerer waits for the run's end, and not a worker. Default: ``operators.default_deferrable`` of
        Airflow's configuration.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``flow_id``, ``flow`` (its name), ``run_log`` (``log_id``, ``status``, ``user``,
        ``timestamp``, …) and ``outputs``, names of the datasets that the run wrote.
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "app", "flow", "variables")
    template_fields_renderers: ClassVar[dict[str, str]] = {"variables": "json"}

    def __init__(
        self,
        *,
        app: str,
        flow: str,
        variables: Mapping[str, Any] | None = None,
        on_busy: Literal["fail", "wait", "attach"] = "fail",
        timeout: float | timedelta | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.app = app
        self.flow = flow
        self.variables = variables
        self.on_busy = on_busy
        self.timeout = timeout
        self.deferrable = deferrable

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the flow, or pick up the run of an earlier try, and wait for its end or leave that to the triggerer.

        Raises
        ------
        AirflowFailException
            Where the run failed, and for everything else that would fail again.
        AirflowException
            Where it may work later: the flow is busy, the platform is away.
        """
        deadline = self._deadline()
        with failing_the_task(), self.hook.get_conn() as ikigai:
            flow = ikigai.apps[self.app].flows[self.flow]
            outputs = flow.definition().exported(self.variables)
            about = {"app_id": flow.app_id, "flow_id": flow.flow_id, "flow": flow.name, "outputs": outputs}
            run = self._launch(context, flow, deadline)
            if self.deferrable:
                trigger = IkigaiFlowRunTrigger(
                    flow_run=run.to_dict(), ikigai_conn_id=self.ikigai_conn_id, about=about, deadline=deadline
                )
                self.defer(trigger=trigger, method_name="execute_complete")
            outcome = self._wait(run, about, deadline)
        return self._take(context, outcome)

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Take the result of a run that the triggerer followed; errors as for `execute`.

        Raises
        ------
        AirflowTaskTimeout
            Where the task's ``execution_timeout`` ended the wait.
        """
        outcome = Outcome.from_event(event)
        if outcome.error == "RunTimeout" and self._is_held_to_execution_timeout:
            raise AirflowTaskTimeout(outcome.message)
        return self._take(context, outcome)

    def _launch(self, context: Context, flow: Flow, deadline: float | None) -> FlowRun:
        kept = KeptRun(context, self.log)
        run = flow.launch(
            self.variables,
            on_busy=self.on_busy,
            keep=kept.keep,
            previous=kept.previous(flow.flow_id),
            timeout=_left(deadline),
        )
        self.log.info("%s a run of flow %r (%s)", "Picked up" if run.attached else "Started", flow.name, flow.flow_id)
        return run

    def _wait(self, run: FlowRun, about: Mapping[str, Any], deadline: float | None) -> Outcome:
        try:
            run_log = run.result(_left(deadline), on_update=ProgressLog(self.log, run.flow_name))
        except IkigaiError as error:
            return Outcome.failure(about, error)
        return Outcome.success(about, run_log)

    def _take(self, context: Context, outcome: Outcome) -> dict[str, Any]:
        if outcome.is_final:
            KeptRun(context, self.log).forget()
        if outcome.error:
            raise task_failure(outcome.message, transient=outcome.transient)
        self.log.info("The run of flow %r ended well", outcome.about["flow"])
        return outcome.result

    def _deadline(self) -> float | None:
        """When to stop waiting, in seconds since the epoch."""
        limit = self._seconds if not self._is_held_to_execution_timeout else self._execution_seconds
        return None if limit is None else time.time() + limit

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
