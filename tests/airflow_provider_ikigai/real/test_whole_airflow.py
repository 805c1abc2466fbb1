"""Runs are followed once on a whole Airflow, whatever dies; the tour of all parts runs on it to the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.airflow_provider_ikigai.real import documented

pytestmark = pytest.mark.timeout(1800)

HELD = 900.0
"""Seconds that a run takes which a test ends before its time."""


@pytest.fixture(scope="module")
def started(deployment: Any) -> dict[str, str]:
    """DAG runs of all that can go side by side, by DAG; the tests below look at one after the other."""
    control = deployment.platform.control
    for flow in ("on_worker", "deferred", "cleared"):
        control.outcome(flow, duration=HELD)
    control.outcome("failing", status="FAILED", facet="work", message="the numbers are all wrong", duration=1)
    control.outcome("pooled", duration=2, engine=True)
    for flow in ("copied", "retold"):
        control.outcome(flow, duration=0.5, writes=True)
    for flow in ("last_metre_worker", "last_metre_deferred"):
        # Their runs go on while the platform's answer to the start arrives, also on a busy machine: no doubt arises.
        control.outcome(flow, duration=2, writes=True)
    control.busy("busy", duration=HELD)
    dags = (
        "on_worker",
        "deferred",
        "cleared",
        "busy",
        "failing",
        "pooled",
        "copied",
        "last_metre",
        "retold",
        "indiscreet",
    )
    return {dag_id: deployment.api.trigger(dag_id, {}) for dag_id in dags}


def test_a_killed_task_process_costs_no_second_run(deployment: Any, started: dict[str, str]) -> None:
    run_id = started["on_worker"]
    deployment.kill_once_followed("on_worker", run_id)
    deployment.await_log("Picked up a run of flow 'on_worker'", "on_worker", run_id, number=2)
    deployment.platform.control.finish("on_worker")
    deployment.await_success("on_worker", run_id)
    assert deployment.instance("on_worker", run_id)["try_number"] == 2
    assert deployment.run_ids("on_worker") == [deployment.result("on_worker", run_id)]


def test_deferred_runs_outlive_their_triggerer(
    deployment: Any, started: dict[str, str], follow_many: Callable[[Any, int], Callable[..., None]]
) -> None:
    run_id = started["deferred"]
    end = follow_many(deployment, 4)
    deployment.await_log("Flow 'deferred' is RUNNING", "deferred", run_id)
    links = deployment.links("deferred", run_id)
    assert links["Ikigai run"].startswith(f"{deployment.platform.url}/console/apps/{deployment.app.app_id}/flows/")
    end(deployment.restart_triggerer)
    deployment.platform.control.finish("deferred")
    deployment.await_success("deferred", run_id)
    log_id = deployment.result("deferred", run_id)
    assert deployment.run_ids("deferred") == [log_id]
    assert deployment.links("deferred", run_id)["Ikigai run"].endswith(f"/runs/{log_id}")


def test_what_a_user_clears_follows_the_run_that_goes_on_and_runs_anew_once_it_is_over(
    deployment: Any, started: dict[str, str]
) -> None:
    control, run_id = deployment.platform.control, started["cleared"]
    deployment.await_log("Flow 'cleared' is RUNNING", "cleared", run_id)
    deployment.clear("cleared", run_id)
    deployment.await_log("is still running: the platform cannot stop runs", "cleared", run_id)
    deployment.await_log("Picked up a run of flow 'cleared'", "cleared", run_id, number=2)
    control.finish("cleared")
    deployment.await_success("cleared", run_id)
    first = deployment.result("cleared", run_id)
    assert deployment.run_ids("cleared") == [first]
    # A colleague's run is not the task's own: that is over.
    control.busy("cleared", duration=HELD)
    control.outcome("cleared", duration=0)
    deployment.clear("cleared", run_id)
    deployment.await_log("waiting for the end of that run", "cleared", run_id, number=3)
    control.finish("cleared")
    deployment.await_success("cleared", run_id)
    ours, _, before = deployment.run_ids("cleared")
    assert (ours, before) == (deployment.result("cleared", run_id), first)


def test_a_failed_run_fails_its_task_and_leaves_its_links(deployment: Any, started: dict[str, str]) -> None:
    run_id = started["failing"]
    task = deployment.await_state("failing", run_id, "failed")
    log = deployment.log("failing", run_id, number=task["try_number"])
    assert "Flow 'failing' ended FAILED at facet 'work': the numbers are all wrong" in log
    (log_id,) = deployment.run_ids("failing")
    links = deployment.links("failing", run_id)
    assert set(links) == {"Ikigai app", "Ikigai flow", "Ikigai run"}
    assert links["Ikigai run"].endswith(f"/runs/{log_id}")


def test_a_busy_flow_is_waited_for_in_the_triggerer(deployment: Any, started: dict[str, str]) -> None:
    run_id = started["busy"]
    deployment.await_log("waiting for the end of that run", "busy", run_id)
    deployment.await_state("busy", run_id, "deferred")
    deployment.platform.control.finish("busy")
    deployment.await_success("busy", run_id)
    ours, _ = deployment.run_ids("busy")
    assert ours == deployment.result("busy", run_id)


def test_mapped_tasks_with_a_pool_run_one_after_the_other_each_with_its_output(
    deployment: Any, started: dict[str, str]
) -> None:
    deployment.await_success("pooled", started["pooled"])
    assert len(deployment.run_ids("pooled")) == 2
    assert {f"part {number}" for number in range(2)} <= set(deployment.app.datasets())


def test_mapped_tasks_run_private_copies_of_one_flow_side_by_side(deployment: Any, started: dict[str, str]) -> None:
    deployment.await_success("copied", started["copied"])
    tasks = deployment.instances("copied", started["copied"])
    told = {
        one["map_index"]: deployment.mapped_result("copied", started["copied"], "run", one["map_index"])
        for one in tasks
    }
    begun = deployment.begun("copied [")
    runs = {run.variables["output"]: run for run in begun}
    assert {index: (result["outputs"], result["run_log"]["log_id"]) for index, result in told.items()} == {
        number: ([f"copied {number}"], runs[f"copied {number}"].run_id) for number in range(len(tasks))
    }
    assert len(begun) == len(tasks)
    assert deployment.run_ids("copied") == []


def test_a_kill_between_the_end_of_the_run_and_the_recorded_success_costs_no_second_run(
    deployment: Any, started: dict[str, str]
) -> None:
    run_id = started["last_metre"]
    deployment.await_success("last_metre", run_id, seconds=600)
    deployment.check_last_metre("last_metre", run_id, tasks=10)


def test_what_a_retry_would_have_written_starts_no_dag(
    deployment: Any, started: dict[str, str], eventually: Callable[..., Any]
) -> None:
    deployment.await_success("retold", started["retold"])
    assert deployment.api.xcom("retold", started["retold"], "run")["outputs"] == ["written by try 1"]
    first, second = (f"/dags/heard_{number}/dagRuns" for number in (1, 2))
    eventually(lambda: deployment.api.get(first)["total_entries"] == 1, "nobody was told of what was written")
    assert deployment.api.get(second)["total_entries"] == 0


def test_the_key_is_masked_even_where_user_code_prints_it(deployment: Any, started: dict[str, str]) -> None:
    deployment.await_success("indiscreet", started["indiscreet"])
    log = deployment.log("indiscreet", started["indiscreet"], "tell")
    assert "the connection is" in log
    assert "***" in log
    logs = [path.read_text(errors="replace") for path in (deployment.airflow.home / "logs").rglob("*.log")]
    assert logs
    assert not [text for text in logs if deployment.platform.api_key in text]


def test_the_tour_of_all_parts_runs_and_the_platform_starts_dags(
    deployment: Any, eventually: Callable[..., Any]
) -> None:
    # Watchers tell nothing of what happens while the triggerer is restarted, as another test has it.
    deployment.await_success("ikigai_tour", deployment.api.trigger("ikigai_tour", {}))
    for dag_id, told in (("ikigai_delays_were_learned", "run_log"), ("ikigai_copy_changed", "modified_at")):
        runs = eventually(lambda dag_id=dag_id: deployment.api.get(f"/dags/{dag_id}/dagRuns")["dag_runs"], dag_id)
        deployment.await_success(dag_id, runs[0]["dag_run_id"])
        path = f"/dags/{dag_id}/dagRuns/{runs[0]['dag_run_id']}/taskInstances/look/xcomEntries/return_value"
        (event, *_) = deployment.api.get(path, deserialize="true")["value"]
        assert event["from_trigger"]
        assert told in event["payload"]
    events = deployment.api.get("/assets/events", limit="100")["asset_events"]
    (written,) = (one for one in events if one["source_task_id"] == "run_late")
    assert {"run_log_id", "size_bytes", "dataset_id", "row_count"} <= set(written["extra"])
    assert "/datasets/late_flights_" in written["uri"]


def test_the_documented_dag_runs_by_schedule_by_rest_without_a_logical_date_and_by_an_asset(
    deployment: Any, eventually: Callable[..., Any]
) -> None:
    for run_type in documented.STARTS:
        dag_id = f"{documented.NAME}_{run_type}"
        if run_type == "asset_triggered":
            documented.happen(deployment.api)
        elif run_type == "manual":
            deployment.api.trigger(dag_id, {})
        run = eventually(lambda dag_id=dag_id: documented.run_of(deployment.api, dag_id), dag_id)
        assert (run["run_type"], run["logical_date"] is None) == (run_type, run_type != "scheduled")
        deployment.await_success(dag_id, run["dag_run_id"])


def test_the_demos_dag_brings_back_the_late_flights(deployment: Any, demo: Any, tmp_path: Path) -> None:
    result = demo.run_dag(deployment.api, tmp_path / "late_flights.csv")
    assert (result["who"], result["status"]) == ("Airflow", "SUCCESS")
    assert result["rows"] > 0


def test_a_restart_of_the_platform_in_mid_run_ends_the_task_with_what_became_of_the_run(deployment: Any) -> None:
    run_id = deployment.api.trigger("outage", {})
    deployment.await_log("Flow 'outage' is RUNNING", "outage", run_id)
    deployment.platform.kill()
    deployment.platform.restart()
    deployment.await_state("outage", run_id, "failed")
    assert len(deployment.run_ids("outage")) == 1
    assert "Flow 'outage' ended FAILED" in deployment.log("outage", run_id)


def test_no_step_of_a_trigger_held_up_the_event_loop(
    deployment: Any, long_iterations: Callable[[], list[dict[str, Any]]]
) -> None:
    # CPU time counts: on a machine that does other things besides, time passes without it. What is imported for the
    # first time may have to be compiled, and processors that share a core take twice as long.
    steps = [(whose, step) for one in long_iterations() for whose, step in one["steps"].items()]
    assert not [(whose, step) for whose, step in steps if "Ikigai" in whose and step[2] > 200]
