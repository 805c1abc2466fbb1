"""A start that the network delivers minutes after its sender was hung up on: one run, and never a second one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from ikigai_core import Flow
from ikigai_core.local.account import LocalAccount
from ikigai_core.runs import copies, lost_start
from tests.chaos.proxy import FaultingProxy

# The looks, and the lateness with them, pass sixty times as fast.
FASTER = 60.0


@pytest.fixture
def proxy(
    ikigai_local: LocalAccount, connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultingProxy]:
    """What the tasks' connection leads through."""
    for module, name in ((lost_start, "LOOK_FOR"), (copies, "_ARMED_LOOK"), (copies, "_FENCED_LOOK")):
        monkeypatch.setattr(module, name, getattr(module, name) / FASTER)
    with FaultingProxy(ikigai_local.url) as proxy:
        connect(host=proxy.url)
        yield proxy


# On a busy machine the looks take longer, and the lateness does not.
@pytest.mark.parametrize("seconds", [300, 600])
def test_a_start_that_arrives_late_is_one_run(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    proxy: FaultingProxy,
    seconds: float,
) -> None:
    make_flow("result = data", "shared")
    app_id = make_flow("result = data", "copy").app_id
    ikigai_local.control.outcome(duration=0, writes=True)
    # The first start of each: the task with copies makes another one.
    proxy.hold("run-pipeline", seconds=seconds / FASTER, times=2)
    with DAG(f"late_{app.split()[1]}", schedule=None) as dag:
        shared, copy = (
            IkigaiRunFlowOperator(
                task_id=isolation,
                app=app,
                flow=isolation,
                variables={"output": isolation},
                isolation=isolation,
                retries=3,
                retry_delay=timedelta(0),
                trigger_rule="all_done",
            )
            for isolation in ("shared", "copy")
        )
        shared >> copy
    ran = run_dag(dag)
    proxy.await_delivery(2)
    runs = [run for run in ikigai_local.control.runs() if run.app_id == app_id and run.status == "SUCCESS"]
    assert sorted(run.variables["output"] for run in runs) == ["copy", "shared"]
    # Whatever came too late found a copy that can run nothing, or none.
    done = next(run.run_id for run in runs if run.variables["output"] == "copy")
    assert ran.results["copy"]["run_log"]["log_id"] == done, ran.log
    assert (ran.states["shared"], ran.tries["shared"]) == ("failed", 1)
    assert "It was not sent again" in ran.log
