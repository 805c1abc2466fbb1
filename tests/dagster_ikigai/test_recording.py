"""The recorded app among the examples, replayed for a job of Dagster."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from dagster_ikigai import IkigaiWorkspace, run_ikigai_flow_op
from ikigai_core.local.account import LocalAccount

RECORDING = Path(__file__).parents[2] / "examples" / "recordings" / "late_flights"


def test_a_job_runs_a_recorded_flow(ikigai_local: LocalAccount, instance: dg.DagsterInstance) -> None:
    app = ikigai_local.replay(RECORDING, only=True)

    @dg.job(resource_defs={"ikigai": IkigaiWorkspace()})
    def recorded() -> None:
        run_ikigai_flow_op.alias("run")()

    config = {"app": app.name, "flow": "Late flights", "variables": {"output": "late today"}}
    result = recorded.execute_in_process(run_config={"ops": {"run": {"config": config}}}, instance=instance)
    assert result.success
    assert app.datasets["late today"].df()["minutes_late"].min() >= 60
    assert "recorded late_flights" in app.flows["Late flights"].run_logs()[0].data
