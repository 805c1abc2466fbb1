"""The examples of deployments: served from a process, and run by a worker."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from prefect_ikigai import IkigaiCredentials

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.timeout(600)


def run_deployment(name: str, **parameters: Any) -> UUID:
    """Ask for a flow run, as soon as there is such a deployment."""
    deadline = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        while True:
            try:
                deployment = client.read_deployment_by_name(name)
                return client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id
            except ObjectNotFound:
                assert time.monotonic() < deadline, f"there is no deployment {name!r}"
                time.sleep(0.3)


@pytest.fixture
def served(credentials: IkigaiCredentials, prefect_server: Any, tmp_path: Path) -> Iterator[None]:
    """The example that serves, as its user runs it."""
    with (tmp_path / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / "prefect_serve.py")],
            env={**prefect_server.environ, "PREFECT_RUNNER_POLL_FREQUENCY": "1"},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
        # Nobody would run what it goes on asking for.
        with get_client(sync_client=True) as client:
            deployment = client.read_deployment_by_name("announce/after-each-run")
            client.request("DELETE", f"/automations/owned-by/prefect.deployment.{deployment.id}")
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_a_served_flow_runs_and_its_event_sets_another_one_off(
    served: None, credentials: IkigaiCredentials, prefect_server: Any, tmp_path: Path
) -> None:
    output = tmp_path / "late.csv"
    flow_run_id = run_deployment("late-flights/nightly", min_delay=90, output=str(output))
    prefect_server.await_state(flow_run_id, "Completed")
    assert pd.read_csv(output)["minutes_late"].min() >= 90
    with credentials.get_client() as ikigai:
        (log,) = ikigai.apps["Late flights with Prefect"].flows["Late flights"].run_logs()

    announcement = prefect_server.await_flow_run_with(parameters={"log_id": log.log_id})
    prefect_server.await_state(announcement.id, "Completed")
    told = f"Flow Late flights of app Late flights with Prefect has written its data: run log {log.log_id}"
    prefect_server.logs(announcement.id, until=told)


def test_a_worker_runs_what_prefect_yaml_deploys(
    work_pool: str, credentials: IkigaiCredentials, prefect_server: Any, tmp_path: Path
) -> None:
    prefect_server.cli("deploy", "--all", cwd=EXAMPLES)
    output = tmp_path / "late.csv"
    flow_run_id = run_deployment("late-flights/worker", output=str(output))
    prefect_server.await_state(flow_run_id, "Completed")
    assert pd.read_csv(output)["minutes_late"].min() >= 90
