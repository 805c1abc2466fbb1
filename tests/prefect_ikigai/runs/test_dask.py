"""Runs that Dask's processes start and follow: each task has its own, and no key travels with a task."""

from __future__ import annotations

import uuid
from pathlib import Path

import pandas as pd
import pytest
from prefect import flow, unmapped

from ikigai_core import FlowStatus
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control import LocalControl
from prefect_ikigai import IkigaiCredentials, output_name, run_flow
from tests.prefect_ikigai.conftest import COPYING

prefect_dask = pytest.importorskip("prefect_dask", reason="prefect-dask is not installed")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]


@pytest.mark.parametrize("isolation", ["shared", "copy"])
def test_mapped_runs_in_processes_of_dask(
    isolation: str,
    credentials: IkigaiCredentials,
    app: str,
    control: LocalControl,
    ikigai_local: LocalAccount,
    tmp_path: Path,
) -> None:
    with credentials.get_client() as ikigai:
        home = ikigai.apps[app]
        home.dataset.new("numbers").df(pd.DataFrame({"value": [1]})).build()
        home.flow.new("Copying").definition(COPYING).build()
    name = f"dask-{uuid.uuid4().hex[:8]}"
    credentials.save(name)
    saved = IkigaiCredentials.load(name)
    options = {"n_workers": 2, "threads_per_worker": 2, "local_directory": str(tmp_path), "dashboard_address": None}

    @flow(task_runner=prefect_dask.DaskTaskRunner(cluster_kwargs=options))
    def run_all() -> list[tuple[FlowStatus, str]]:
        variables = [{"output": output_name("out", str(number))} for number in range(6)]
        task = run_flow.with_options(persist_result=True)
        logs = task.map(
            unmapped(saved), unmapped(app), "Copying", variables, isolation=isolation, on_busy="wait"
        ).result()
        return [(log.status, log.log_id) for log in logs]

    ended = run_all()
    begun = [run for run in control.runs() if run.app_id == home.app_id]
    assert [status for status, _ in ended] == [FlowStatus.SUCCESS] * 6
    assert {log_id for _, log_id in ended} == {run.run_id for run in begun}
    assert len(begun) == len({run.variables["output"] for run in begun}) == 6
    secret = ikigai_local.api_key.encode()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and secret in path.read_bytes()]
