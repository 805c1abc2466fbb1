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

# The looks, and the lateness with them, pass thirty times as fast.
FASTER = 30.0


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


@pytest.mark.parametrize("seconds", [100, 600])
@pytest.mark.parametrize("isolation", ["shared", "copy"])
def test_a_start_that_arrives_late_is_one_run(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    proxy: FaultingProxy,
    isolation: str,
    seconds: float,
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(duration=0, writes=True)
    proxy.hold("run-pipeline", seconds=seconds / FASTER)
    with DAG(f"late_{app.split()[1]}", schedule=None) as dag:
        IkigaiRunFlowOperator(
            task_id="run",
            app=app,
            flow="Scripted",
            isolation=isolation,  # type: ignore[arg-type]
            retries=3,
            retry_delay=timedelta(0),
        )
    ran = run_dag(dag)
    proxy.await_delivery()
    runs = [run for run in ikigai_local.control.runs() if run.app_id == flow.app_id]
    done = [run.run_id for run in runs if run.status == "SUCCESS"]
    assert len(done) == 1
    if isolation == "copy":
        # Whatever came too late found a flow that can run nothing, or none.
        assert ran.results["run"]["run_log"]["log_id"] == done[0], ran.log
    else:
        assert (ran.states, ran.tries) == ({"run": "failed"}, {"run": 1})
        assert "It was not sent again" in ran.log
