"""The recorded app among the examples, replayed for a flow of Prefect."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from ikigai_core.local.account import LocalAccount
from prefect_ikigai import IkigaiCredentials, run_flow

RECORDING = Path(__file__).parents[2] / "examples" / "recordings" / "late_flights"


def test_a_flow_runs_a_recorded_flow(credentials: IkigaiCredentials, ikigai_local: LocalAccount) -> None:
    app = ikigai_local.replay(RECORDING, only=True)

    @flow
    def recorded() -> str:
        return run_flow(credentials, app.name, "Late flights", {"output": "late today"}).data

    assert "recorded late_flights" in recorded()
    assert app.datasets["late today"].df()["minutes_late"].min() >= 60
