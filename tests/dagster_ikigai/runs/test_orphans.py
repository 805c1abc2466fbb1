"""A step whose Dagster run no longer waits for it. That its worker was killed is tried on the deployment."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, build_ikigai_flow_assets, ikigai_assets
from ikigai_core import RunLog

JOB = """
import dagster as dg

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, build_ikigai_flow_assets


def job():
    assets = build_ikigai_flow_assets(IkigaiFlow({app!r}, "Scripted", {definition!r}), workspace=IkigaiWorkspace())
    return dg.Definitions(assets=[assets], jobs=[dg.define_asset_job("job")]).resolve_job_def("job")


if __name__ == "__main__":
    dg.execute_job(dg.reconstructable(job), dg.DagsterInstance.get())
"""


@pytest.mark.parametrize(("when", "runs"), [("Flow 'Scripted': created", 0), ("Flow 'Scripted' ended: SUCCESS", 1)])
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


@pytest.mark.soak
@pytest.mark.usefixtures("dagster_home")
def test_a_step_that_lost_its_worker_reports_nothing_also_where_nobody_else_noticed(
    scripted: Callable[..., IkigaiFlow], platform_runs: Callable[[], list[RunLog]], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    flow = scripted(f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)\nresult = data")
    (tmp_path / "job.py").write_text(JOB.format(app=flow.app, definition=flow.definition.to_dict()))

    def said(text: str) -> dg.DagsterRun:
        for _ in range(900):
            for run in instance.get_runs():
                if any(text in str(entry) for entry in instance.all_logs(run.run_id)):
                    return run
            time.sleep(0.1)
        raise AssertionError(text)

    with dg.DagsterInstance.get() as instance:
        worker = subprocess.Popen([sys.executable, str(tmp_path / "job.py")], start_new_session=True)
        try:
            said("RUNNING")
            worker.kill()
            worker.wait()
            gate.touch()
            run = said("Dagster run has lost its worker and no longer waits for it")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
        assert run.status is dg.DagsterRunStatus.STARTED
        [key] = build_ikigai_flow_assets(flow).keys
        assert instance.get_latest_materialization_event(key) is None
    assert [log.status.value for log in platform_runs()] == ["SUCCESS"]
