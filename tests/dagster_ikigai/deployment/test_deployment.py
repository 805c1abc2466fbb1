"""On a deployment of real servers: launched by GraphQL, ticked by the daemon, killed, interrupted, restarted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ikigai_core import App
from ikigai_core.local.process import LocalPlatform


def test_runs_by_others_are_reported_once_each(servers: Any, app: App, key: Callable[[str], dg.AssetKey]) -> None:
    out = key("quick_out")
    read = {"file_type": "csv", "header": True}
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": read},
        "out": {"type": "OUTPUT.Exported", "after": "numbers", "arguments": {"dataset_name": "Quick out", **read}},
    }
    flow = app.flow.new("Quick").definition({"facets": facets}).build()
    servers.await_in_cursor(f"{app.name}/{flow.name}")
    logs = [flow.run() for _ in range(2)]
    servers.await_in_cursor(logs[1].log_id)
    reported = [event.metadata["ikigai/run_log_id"].value for event in servers.materializations(out)]
    assert reported == [log.log_id for log in reversed(logs)]


@pytest.mark.parametrize(
    ("killed", "ends_before_the_retry"),
    [
        pytest.param("worker", True),
        pytest.param("worker", False, marks=pytest.mark.soak),
        pytest.param("worker and step", False, marks=pytest.mark.soak),
    ],
)
def test_a_killed_worker_is_replaced_and_the_platform_runs_the_flow_once(
    servers: Any,
    app: App,
    key: Callable[[str], dg.AssetKey],
    gate: Path,
    ikigai_local_server: LocalPlatform,
    killed: str,
    ends_before_the_retry: bool,
) -> None:
    out = key("gated_out")
    run_id = servers.launch(out, "multiprocess")
    servers.await_message(run_id, "RUNNING")
    reported, logged = len(servers.materializations(out)), len(app.flows["Gated"].run_logs(100))
    worker, step = servers.process_ids(run_id)
    for pid in [worker] if killed == "worker" else [worker, step]:
        os.kill(pid, signal.SIGKILL)
    if ends_before_the_retry:
        gate.touch()
    retried = servers.await_retry(run_id)
    servers.await_message(retried.run_id, "following a run that was started before")
    gate.touch()
    assert servers.finished(retried.run_id).is_success
    assert servers.finished(run_id).status is dg.DagsterRunStatus.FAILURE
    if killed == "worker":
        assert "no longer waits for it" in servers.step_failure(run_id)
    log, *others = app.flows["Gated"].run_logs(100)
    servers.await_in_cursor(log.log_id)
    event, *other_events = servers.materializations(out)
    assert (log.status.value, log.log_id) == ("SUCCESS", event.metadata["ikigai/run_log_id"].value)
    assert (len(others), len(other_events)) == (logged, reported)
    gate.unlink()
    secret = ikigai_local_server.api_key.encode()
    assert not [path for path in servers.home.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_a_run_whose_flow_failed_is_not_retried_by_the_daemon(
    servers: Any, app: App, key: Callable[[str], dg.AssetKey], ikigai_local_server: LocalPlatform
) -> None:
    run_id = servers.launch(key("failing_out"))
    assert servers.finished(run_id).tags["dagster/retry_on_asset_or_op_failure"] == "false"
    servers.await_verdict(run_id, "Not retrying run since it failed due to an asset or op failure")
    assert servers.instance.get_runs(dg.RunsFilter(tags={"dagster/parent_run_id": run_id})) == []
    assert len(app.flows["Failing"].run_logs(10)) == 1
    # From the platform, the run leads back to this one on Dagster's webserver.
    [start] = [one for one in ikigai_local_server.control.journal("run-pipeline") if one.origin.get("run") == run_id]
    assert start.origin["url"] == f"{servers.url}/runs/{run_id}"


def test_a_terminated_run_says_what_goes_on(
    servers: Any, app: App, key: Callable[[str], dg.AssetKey], gate: Path
) -> None:
    run_id = servers.launch(key("gated_out"), "multiprocess")
    servers.await_message(run_id, "RUNNING")
    servers.terminate(run_id)
    said = servers.await_message(run_id, "is still running")
    assert "The run of flow 'Gated' is still running" in said
    flow = app.flows["Gated"]
    assert flow.flow_id in said
    assert servers.finished(run_id).status is dg.DagsterRunStatus.CANCELED
    assert not flow.status().is_idle
    gate.touch()
    servers.until(lambda: flow.status().is_idle, "end of the platform's run")
    gate.unlink()


@pytest.mark.soak  # the daemon looks after backfills every half minute only
def test_a_backfill_writes_a_dataset_for_each_partition(
    servers: Any, app: App, key: Callable[[str], dg.AssetKey]
) -> None:
    out = key("daily_out")
    servers.backfill(out, ["Mon", "Tue", "Wed"])
    servers.until(lambda: len(servers.materializations(out)) == 3, "end of the backfill", patience=200)
    assert {name for name in app.datasets() if name.startswith("Daily")} == {
        f"Daily out {day}" for day in ("Mon", "Tue", "Wed")
    }
    assert {event.partition for event in servers.materializations(out)} == {"Mon", "Tue", "Wed"}
    assert len(app.flows["Daily"].run_logs(10)) == 3
