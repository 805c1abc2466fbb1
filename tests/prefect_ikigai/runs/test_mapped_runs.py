"""Many flows run side by side: none is lost, and no more go at once than are to."""

from __future__ import annotations

import pandas as pd
import pytest
from prefect import flow, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from ikigai_core import FlowStatus, RunLog
from ikigai_core.local.control import BegunRun, LocalControl
from prefect_ikigai import IkigaiCredentials, output_name, run_flow
from tests.prefect_ikigai.conftest import COPYING
from tests.prefect_ikigai.servers import eventually, meanwhile


def most_at_once(runs: list[BegunRun]) -> int:
    """How many went on at once at most."""
    return max(sum(run.began <= moment.began < run.ended for run in runs) for moment in runs)


@pytest.mark.timeout(300)
def test_ten_mapped_runs(credentials: IkigaiCredentials, app: str, control: LocalControl) -> None:
    check_mapped_runs(credentials, app, control, count=10, limit=4, duration=0.2)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_five_hundred_mapped_runs(credentials: IkigaiCredentials, app: str, control: LocalControl) -> None:
    check_mapped_runs(credentials, app, control, count=500, limit=25, duration=5.0)


def check_mapped_runs(
    credentials: IkigaiCredentials, app: str, control: LocalControl, *, count: int, limit: int, duration: float
) -> None:
    names = [f"Flow {number}" for number in range(count)]
    with credentials.get_client() as ikigai:
        home = ikigai.apps[app]
        home.dataset.new("numbers").df(pd.DataFrame({"value": [1]})).build()
        definition = home.flow.new(names[0]).definition(COPYING).build().definition()
        for name in names[1:]:
            home.flow.new(name).definition(definition).build()

    def begun() -> list[BegunRun]:
        return [run for run in control.runs() if run.app_id == home.app_id]

    def let_go() -> None:
        try:
            eventually(lambda: len(begun()) == limit, lambda: f"{len(begun())} runs began, not {limit}")
        finally:
            control.outcome(duration=duration)
            for run in begun():
                control.finish(run.flow_id)

    # None ends before as many go on as may.
    control.outcome(duration=3600.0)

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=limit))
    def run_all() -> list[RunLog]:
        variables = [{"output": output_name("out", name)} for name in names]
        return run_flow.map(unmapped(credentials), unmapped(app), names, variables).result()

    with meanwhile(let_go):
        logs = run_all()
    assert [log.status for log in logs] == [FlowStatus.SUCCESS] * count
    assert {log.log_id for log in logs} == {run.run_id for run in begun()}
    assert len(begun()) == count
    assert most_at_once(begun()) == limit
