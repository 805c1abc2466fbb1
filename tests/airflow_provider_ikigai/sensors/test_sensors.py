"""Sensors see what they wait for, on a worker and in the triggerer alike, and give up in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_ikigai import sensors
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.sensors.base import IkigaiBaseSensor
from airflow_provider_ikigai.sensors.dataset import IkigaiDatasetUpdatedSensor
from airflow_provider_ikigai.sensors.flow import IkigaiFlowIdleSensor, IkigaiFlowRunSensor
from airflow_provider_ikigai.triggers import flow_ended
from ikigai_core import AsyncIkigai, Flow, Ikigai
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control.client import ControlError
from ikigai_core.runs import follow

PAST = datetime.now(UTC) - timedelta(hours=1)
FUTURE = datetime.now(UTC) + timedelta(hours=1)
both_ways = pytest.mark.parametrize("deferrable", [False, True], ids=["on a worker", "deferrable"])


@both_ways
def test_each_sensor_sees_what_it_waits_for(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=900, times=1)
    poke = IkigaiBaseSensor.poke

    def poked(sensor: IkigaiBaseSensor, context: Any) -> Any:
        seen = poke(sensor, context)
        if not seen:
            with suppress(ControlError):
                ikigai_local.control.finish(flow.flow_id)
        return seen

    monkeypatch.setattr(IkigaiBaseSensor, "poke", poked)
    waiting = {"app": app, "deferrable": deferrable, "poke_interval": 0.2, "timeout": 60}
    with DAG(f"sensors_{deferrable}", schedule=None, default_args=waiting) as dag:
        start = IkigaiRunFlowOperator(task_id="start", flow="Scripted", wait_for_termination=False)
        ended = IkigaiFlowRunSensor(task_id="ended", flow="Scripted", flow_run=start.output)
        idle = IkigaiFlowIdleSensor(task_id="idle", flow=flow.flow_id)
        anybodys = IkigaiFlowRunSensor(task_id="anybodys", flow="Scripted", since="{{ dag_run.run_after }}")
        updated = IkigaiDatasetUpdatedSensor(task_id="updated", dataset="numbers", since=PAST)
        start >> idle
        start >> ended >> anybodys >> updated
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    assert ("Pausing task as DEFERRED" in ran.log) is deferrable
    (log,) = flow.run_logs(10)
    assert ran.results["ended"]["run_log"]["log_id"] == ran.results["anybodys"]["run_log"]["log_id"] == log.log_id
    assert ran.results["idle"] == {"app_id": flow.app_id, "flow_id": flow.flow_id, "flow": "Scripted"}
    assert ran.results["updated"]["dataset"] == "numbers"
    assert ran.results["start"]["flow_run"]["flow_id"] == flow.flow_id


def test_the_first_run_is_found_however_many_have_followed(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    async_ikigai_client: AsyncIkigai,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (sensors.flow, flow_ended):
        monkeypatch.setattr(module, "RECENT_RUNS", 2)
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id)
    first, *_ = [flow.run().log_id for _ in range(3)]
    with DAG("first", schedule=None) as dag:
        IkigaiFlowRunSensor(task_id="first", app=app, flow="Scripted", since=PAST)
    assert run_dag(dag).results["first"]["run_log"]["log_id"] == first
    given = {"app": app, "flow": "Scripted", "ikigai_conn_id": "ikigai_default"}
    trigger = flow_ended.IkigaiFlowEndedTrigger(**given, since=PAST.isoformat())

    async def look() -> Any:
        return await trigger.look(await async_ikigai_client.apps.find(app))

    assert asyncio.run(look())["run_log"]["log_id"] == first


@both_ways
def test_a_failed_run_fails_the_sensor_with_the_platforms_message(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    deferrable: bool,
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, status="FAILED", message="all wrong", duration=1, times=1)
    run = flow.launch().to_dict()
    waiting = {"app": app, "flow": "Scripted", "deferrable": deferrable, "poke_interval": 0.3, "retries": 2}
    with DAG(f"failed_{deferrable}", schedule=None, default_args=waiting) as dag:
        IkigaiFlowRunSensor(task_id="that", flow_run=run)
        IkigaiFlowRunSensor(task_id="any", since=PAST)
        IkigaiFlowRunSensor(task_id="skipped", since=PAST, soft_fail=True)
    ran = run_dag(dag)
    assert ran.states == {"that": "failed", "any": "failed", "skipped": "skipped"}
    assert set(ran.tries.values()) == {1}
    assert ran.log.count("AirflowFailException: Flow 'Scripted' ended FAILED") >= 2


@both_ways
def test_what_does_not_come_ends_the_waiting_in_time(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_client: Ikigai,
    ikigai_local: LocalAccount,
    deferrable: bool,
) -> None:
    ikigai_client.apps[app].flow.new("Never").build()
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=900, times=1)
    waiting = {"app": app, "deferrable": deferrable, "poke_interval": 0.2, "timeout": 0.5}
    with DAG(f"never_{deferrable}", schedule=None, default_args=waiting) as dag:
        IkigaiDatasetUpdatedSensor(task_id="nothing", dataset="nothing", since=PAST)
        IkigaiFlowRunSensor(task_id="later", flow="Never", since=FUTURE)
        IkigaiFlowRunSensor(task_id="running", flow="Scripted", flow_run=flow.launch().to_dict())
        IkigaiFlowRunSensor(task_id="skipped", flow="Never", since=FUTURE, soft_fail=True)
        IkigaiFlowIdleSensor(task_id="no_flow", flow="Nowhere")
        IkigaiFlowRunSensor(task_id="unclear", flow="Never")
        IkigaiFlowRunSensor(task_id="no_time", flow="Never", since="soon")
    ran = run_dag(dag)
    states = dict.fromkeys(("nothing", "later", "running", "no_flow", "unclear", "no_time"), "failed")
    assert ran.states == {**states, "skipped": "skipped"}
    assert "AirflowSensorTimeout" in ran.log
    assert ("did not end within the task's timeout of 0.5 s: it was last seen" in ran.log) is deferrable
    assert "There is no flow 'Nowhere'" in ran.log
    assert "needs one of flow_run and since" in ran.log
    assert "since of task 'no_time' is 'soon': give a point of time" in ran.log


def test_a_run_that_the_platform_lost_fails_the_sensor_that_pokes_for_it(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "START_GRACE", 0.5)
    flow = make_flow("result = data")
    # A run that would have begun after the newest entry of the log, and left none.
    run = flow.launch()
    lost = {**run.to_dict(), "baseline": run.wait().log_id}
    with DAG("lost", schedule=None) as dag:
        IkigaiFlowRunSensor(task_id="lost", app=app, flow="Scripted", flow_run=lost, poke_interval=0.2, timeout=20)
    ran = run_dag(dag)
    assert ran.states == {"lost": "failed"}
    assert "the platform lost the run, or never began it" in ran.log
