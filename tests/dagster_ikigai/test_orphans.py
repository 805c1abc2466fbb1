"""A step whose Dagster run no longer waits for it. That its worker was killed is tried on the deployment."""

from __future__ import annotations

import logging
from collections.abc import Callable

import dagster as dg
import pytest

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, ikigai_assets
from ikigai_core import RunLog


@pytest.mark.parametrize(("when", "runs"), [("Flow 'Scripted': created", 0), ("Flow 'Scripted': SUCCESS, run log", 1)])
def test_a_step_whose_run_has_ended_starts_no_flow_and_reports_nothing(
    scripted: Callable[..., IkigaiFlow],
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    when: str,
    runs: int,
) -> None:
    flow = scripted()

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        class Ending(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if when in record.getMessage():
                    instance.report_run_canceled(context.run)

        context.log.addHandler(Ending())
        yield from ikigai.run_flow(context, flow)

    result = dg.materialize(
        [worked_on], resources={"ikigai": IkigaiWorkspace()}, instance=instance, raise_on_error=False
    )
    [event] = result.filter_events(lambda event: event.is_step_failure)
    assert "Dagster run has ended (CANCELED) and no longer waits for it" in event.step_failure_data.error_display_string
    assert not result.get_asset_materialization_events()
    assert len(platform_runs()) == runs
