"""Flows are built and run, and their runs followed, on a worker and in the triggerer alike."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, literal
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.operators import flow_run
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.sensors.flow import IkigaiFlowIdleSensor
from airflow_provider_ikigai.triggers.flow_run import IkigaiFlowRunTrigger
from ikigai_core import Flow, FlowRun, Ikigai
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control.client import ControlError

EXAMPLES = Path(__file__).parents[3] / "examples"
AT_ONCE = timedelta(0)

COUNTING = """
facets:
  numbers:
    type: INPUT.Imported
    dataset: numbers
    arguments: {file_type: csv, header: true}
  count:
    type: MID.Count
    after: numbers
    arguments: {output_column_name: count, sort: true, target_columns: [{{ params.column }}]}
  out:
    type: OUTPUT.Exported
    after: count
    arguments: {dataset_name: counts, file_type: csv, header: true}
"""

both_ways = pytest.mark.parametrize("deferrable", [False, True], ids=["on a worker", "deferrable"])


def running(app: str, **arguments: Any) -> DAG:
    """A DAG with one task, ``run``, that runs the flow ``Scripted``."""
    with DAG(f"run_{app.split()[1]}", schedule=None) as dag:
        IkigaiRunFlowOperator(task_id="run", app=app, flow="Scripted", **{"retry_delay": AT_ONCE, **arguments})
    return dag


def both_running(app: str, **arguments: Any) -> DAG:
    """The same with two tasks, ``worker`` and then ``deferrable``, whatever becomes of the first."""
    with DAG(f"run_{app.split()[1]}", schedule=None) as dag:
        worker, deferrable = (
            IkigaiRunFlowOperator(
                task_id=name,
                app=app,
                flow="Scripted",
                deferrable=name == "deferrable",
                trigger_rule="all_done",
                **{"retry_delay": AT_ONCE, **arguments},
            )
            for name in ("worker", "deferrable")
        )
        worker >> deferrable
    return dag


# -- building ----------------------------------------------------------------------------------------------------------


def test_a_definition_is_rendered_wherever_it_is_written(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], ikigai_client: Ikigai, tmp_path: Path
) -> None:
    make_flow("result = data")
    file = tmp_path / "counting.yaml"
    file.write_text(COUNTING)
    forms: dict[str, Any] = {
        "beside_the_dag": "counting.yaml",
        "absolute": file,
        "mapping": yaml.safe_load(COUNTING.replace("{{ params.column }}", "'{{ params.column }}'")),
    }
    with DAG("ensure", schedule=None, params={"column": "name"}, template_searchpath=str(tmp_path)) as dag:
        for form, definition in forms.items():
            flow = f"{form} by {{{{ params.column }}}}"
            IkigaiEnsureFlowOperator(task_id=form, app=app, flow=flow, definition=definition)
        # Airflow has not read the file of a mapped task, nor that of a DAG that was not loaded from the folder of DAGs.
        several = IkigaiEnsureFlowOperator.partial(task_id="several", app=app, definition=str(file))
        several.expand(flow=["mapped by name"])
    for changes in (["created"], []):
        ran = run_dag(dag)
        assert [ran.results[form]["changes"] for form in forms] == [changes] * len(forms), ran.log
    for form in (*forms, "mapped"):
        built = ikigai_client.apps[app].flows[f"{form} by name"].definition()
        assert built.facets[1].arguments["target_columns"] == ["name"]


def test_a_literal_definition_keeps_braces_of_its_own(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], ikigai_client: Ikigai
) -> None:
    script = "result = data  # {{ no template }}, {% nor this %}"
    given = make_flow(script).definition()
    with DAG("literally", schedule=None) as dag:
        for name, definition in (
            ("object", given),
            ("mapping", given.to_dict()),
            ("text", json.dumps(given.to_dict())),
        ):
            IkigaiEnsureFlowOperator(task_id=name, app=app, flow=name, definition=literal(definition))
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    for flow in ikigai_client.apps[app].flows().values():
        assert script in [facet.arguments.get("script") for facet in flow.definition().facets], flow.name


def test_a_fault_in_a_definition_is_named_and_nothing_is_built(
    run_dag: Callable[..., Any], app: str, ikigai_client: Ikigai
) -> None:
    faults: dict[str, Any] = {
        "'out' comes after 'nowhere'": {"facets": {"out": {"type": "OUTPUT.Exported", "after": "nowhere"}}},
        "'odd'": {"facets": {"odd": {"type": "OUTPUT.Nothing"}}},
        "The definition of flow 'Faulty' cannot be read": "facets: [",
        "'just a text', which is neither a mapping nor a file": "just a text",
    }
    with DAG("faulty", schedule=None) as dag:
        for number, definition in enumerate(faults.values()):
            IkigaiEnsureFlowOperator(
                task_id=f"fault_{number}", app=app, flow="Faulty", definition=definition, retries=3
            )
    ran = run_dag(dag)
    assert (set(ran.states.values()), set(ran.tries.values())) == ({"failed"}, {1})
    for says in faults:
        assert says in ran.log
    assert len(ikigai_client.apps[app].flows()) == 0


# -- running -----------------------------------------------------------------------------------------------------------


def kept_phases(database: Path, dag_id: str) -> list[str]:
    """How far the runs are that tasks of a DAG keep."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT value FROM task_state_store WHERE dag_id = ?", [dag_id]).fetchall()
    return [json.loads(value)["phase"] for (value,) in rows]


def finish_once(
    monkeypatch: pytest.MonkeyPatch, local: LocalAccount, flow: Flow, condition: Callable[[FlowRun], bool]
) -> None:
    """Have a run of a flow end once a task has launched one of which something is true."""
    launch = flow_run.launch

    def launched(*args: Any, **how: Any) -> FlowRun:
        run = launch(*args, **how)
        if condition(run):
            with suppress(ControlError):
                local.control.finish(flow.flow_id)
        return run

    monkeypatch.setattr(flow_run, "launch", launched)


def test_the_outcome_is_the_same_on_a_worker_and_deferrable(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_client: Ikigai,
    airflow_database: Path,
    ikigai_local: LocalAccount,
) -> None:
    flow = make_flow("result = data.assign(value=data.value * 2)")
    # A run that is over at the first look is not deferred.
    ikigai_local.control.outcome(flow.flow_id, duration=2, engine=True)
    ran = run_dag(both_running(app, variables={"output": "doubled {{ dag.dag_id }}"}))
    assert ran.state == "success", ran.log
    assert ran.log.count("Pausing task as DEFERRED") == 1
    assert ran.log.count("Flow 'Scripted' ended: SUCCESS (run log ") == 2
    results = [ran.results[name] for name in ("worker", "deferrable")]
    assert kept_phases(airflow_database, f"run_{app.split()[1]}") == ["taken", "taken"]
    logs = flow.run_logs(10)
    assert [result["run_log"].pop("log_id") for result in results] == [log.log_id for log in reversed(logs)]
    assert all(result["run_log"].pop("timestamp") for result in results)
    assert (
        results[0]
        == results[1]
        == {
            "app_id": flow.app_id,
            "flow_id": flow.flow_id,
            "flow": "Scripted",
            "outputs": [f"doubled run_{app.split()[1]}"],
            "run_log": {"status": "SUCCESS", "user": logs[0].user, "erroneous_facet_id": None, "data": ""},
            "doubt": "",
        }
    )
    assert list(ikigai_client.apps[app].datasets[results[0]["outputs"][0]].df()["value"]) == [2, 4, 6]
    # The platform is told which tasks started them.
    begun = [request.origin for request in ikigai_local.control.journal("run-pipeline")]
    assert [(origin["orchestrator"], origin["dag"], origin["task"]) for origin in begun] == [
        ("airflow", ran.dag_run.dag_id, name) for name in ("worker", "deferrable")
    ]
    assert {origin["run"] for origin in begun} == {ran.dag_run.run_id}


def test_a_failed_run_fails_the_task_with_facet_and_message_and_without_retries(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], airflow_database: Path
) -> None:
    flow = make_flow("raise ValueError('the numbers are all wrong')")
    ran = run_dag(both_running(app, retries=3))
    assert kept_phases(airflow_database, f"run_{app.split()[1]}") == ["taken", "taken"]
    assert ran.states == {"worker": "failed", "deferrable": "failed"}
    assert set(ran.tries.values()) == {1}
    assert ran.log.count("AirflowFailException: Flow 'Scripted' ended FAILED at facet 'work on them': ") == 2
    assert "the numbers are all wrong" in ran.log
    assert len(flow.run_logs(10)) == 2
    assert set(ran.results.values()) == {None}


@both_ways
def test_a_retry_picks_up_the_run_of_the_try_before(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=900)
    finish_once(monkeypatch, ikigai_local, flow, lambda run: run.picked_up)
    ran = run_dag(running(app, deferrable=deferrable, retries=9, execution_timeout=timedelta(seconds=6)))
    assert ran.state == "success", ran.log
    assert ran.tries["run"] > 1
    assert "AirflowTaskTimeout" in ran.log
    by_trigger, by_airflow = "did not end within the task's execution_timeout of 6 s", "is still running: the platform"
    assert (by_trigger if deferrable else by_airflow) in ran.log
    assert "Picked up a run of flow 'Scripted'" in ran.log
    assert [log.log_id for log in flow.run_logs(10)] == [ran.results["run"]["run_log"]["log_id"]]


@both_ways
def test_a_timeout_fails_the_task_and_the_run_goes_on(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    deferrable: bool,
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=900)
    ran = run_dag(running(app, deferrable=deferrable, timeout=timedelta(seconds=1), retries=3))
    assert (ran.states, ran.tries) == ({"run": "failed"}, {"run": 1})
    assert "Flow 'Scripted' did not end within the task's timeout of 1 s: it was last seen" in ran.log
    assert "The run continues" in ran.log
    assert not flow.status().is_idle


def test_what_waits_gives_up_as_late_as_sensors_do_unless_told_otherwise() -> None:
    run = IkigaiRunFlowOperator(task_id="run", app="An app", flow="A flow")
    assert run.timeout == IkigaiFlowIdleSensor(task_id="idle", app="An app", flow="A flow").timeout == 7 * 86400
    assert IkigaiRunFlowOperator(task_id="for_ever", app="An app", flow="A flow", timeout=None).timeout is None


def test_a_busy_flow_is_left_alone_attached_to_or_waited_for(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=900, times=1)
    ikigai_local.control.outcome(flow.flow_id, duration=1)
    finish_once(monkeypatch, ikigai_local, flow, lambda run: run.attached)
    others = flow.start()
    refused = run_dag(running(app, on_busy="fail", retries=1))
    assert (refused.states, refused.tries) == ({"run": "failed"}, {"run": 2})
    assert "Flow 'Scripted' is running already" in refused.log
    attached = run_dag(running(app, on_busy="attach", deferrable=True))
    assert attached.results["run"]["run_log"]["log_id"] == others.wait().log_id
    others = flow.start()
    waited = run_dag(running(app))
    assert waited.results["run"]["run_log"]["log_id"] != others.wait().log_id
    assert len(flow.run_logs(10)) == 3


@pytest.mark.parametrize("event", [None, {"about": {}}, {"about": {}, "log": {"status": "FAILED"}}])
def test_an_event_that_does_not_say_how_the_run_ended_is_no_success(event: Any) -> None:
    operator = IkigaiRunFlowOperator(task_id="run", app="An app", flow="A flow")
    with pytest.raises(AirflowFailException, match="no report of a flow run|does not say how the flow run ended"):
        operator.execute_complete({}, event)


# -- the whole job -----------------------------------------------------------------------------------------------------


def test_the_example_fetches_the_late_flights(
    run_dag: Callable[..., Any], ikigai_client: Ikigai, tmp_path: Path
) -> None:
    bag = DagBag(dag_folder=EXAMPLES / "airflow_late_flights.py")
    assert bag.import_errors == {}
    dag = bag.dags["late_flights"]
    run_flow = dag.get_task("run_flow")
    assert isinstance(run_flow, IkigaiRunFlowOperator)
    # The demo runs it in the triggerer.
    run_flow.deferrable = False
    ran = run_dag(dag, run_conf={"dataset": "late now", "output": str(tmp_path / "late.csv")})
    assert ran.state == "success", ran.log
    late = pd.read_csv(tmp_path / "late.csv")
    flights = pd.read_csv(EXAMPLES / "data" / "flights.csv")
    assert len(late) == (flights["dep_delay"] >= 60).sum() > 0
    assert late["minutes_late"].is_monotonic_decreasing
    assert str(late["minutes_late"].iloc[0]) in ran.log


# -- credentials -------------------------------------------------------------------------------------------------------


def test_a_wrong_key_is_one_clear_error_without_the_key(
    run_dag: Callable[..., Any], app: str, connect: Callable[..., None], ikigai_local: LocalAccount
) -> None:
    connect(password="quite-another-key-123")
    ran = run_dag(running(app, retries=3, deferrable=True))
    assert (ran.states, ran.tries) == ({"run": "failed"}, {"run": 1})
    (line,) = [line for line in ran.log.splitlines() if "AirflowFailException: " in line]
    assert ikigai_local.url in line
    assert ikigai_local.user_email in line
    assert "quite-another-key-123" not in ran.log


def test_the_key_is_nowhere_to_be_read(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    airflow_database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=0.5, times=1)
    ikigai_local.control.outcome(flow.flow_id, status="FAILED", duration=900, times=1)
    awaited = IkigaiFlowRunTrigger.awaited

    async def finished(trigger: IkigaiFlowRunTrigger) -> Any:
        await asyncio.to_thread(ikigai_local.control.finish, flow.flow_id)
        return await awaited(trigger)

    monkeypatch.setattr(IkigaiFlowRunTrigger, "awaited", finished)
    logs = run_dag(both_running(app)).log
    with sqlite3.connect(airflow_database) as database:
        kept = "\n".join(database.iterdump())
    assert "IkigaiFlowRunTrigger" in logs
    assert "ikigai_default" in kept
    assert ikigai_local.api_key not in logs
    assert ikigai_local.api_key not in kept
