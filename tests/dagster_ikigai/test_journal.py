"""What a step notes of its run of a flow is found by the Dagster run that re-executes it, where it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, ikigai_assets
from ikigai_core import FlowStatus, RunLog

JOB = Path(__file__).with_name("scripted_job.py")
FAST = "result = data"
DEADLINE = 80.0


@contextmanager
def job_process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The job in a process group of its own, as a run worker has it."""
    process = subprocess.Popen(
        [sys.executable, str(JOB), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(DEADLINE, end, [process])
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        end(process)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def newest_run() -> str:
    with dg.DagsterInstance.get() as instance:
        return instance.get_runs(limit=1)[0].run_id


def await_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} did not appear in:\n{''.join(printed)}")


@pytest.mark.usefixtures("dagster_home")
def test_the_run_of_a_killed_worker_is_followed_by_the_re_execution(
    app: str, platform_runs: Callable[[], list[RunLog]], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    script = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)\nresult = data"
    with job_process(app, script) as worker:
        await_line(worker, "Flow 'Scripted': RUNNING")
        end(worker)
    parent = newest_run()
    with job_process(app, script, parent) as worker:
        await_line(worker, "following a run that was started before")
        gate.touch()
        worker.communicate()
    assert worker.returncode == 0
    [log] = platform_runs()
    assert log.status is FlowStatus.SUCCESS
    with dg.DagsterInstance.get() as instance:
        [key] = instance.get_asset_keys()
        event = instance.get_latest_materialization_event(key)
    assert event is not None and event.asset_materialization is not None
    assert event.run_id != parent
    assert event.asset_materialization.metadata["ikigai/run_log_id"].value == log.log_id


@pytest.mark.usefixtures("dagster_home")
def test_work_that_is_over_is_done_anew_when_it_is_re_executed(
    app: str, platform_runs: Callable[[], list[RunLog]], tmp_path: Path
) -> None:
    tries = str(tmp_path / "tries")
    script = f"open({tries!r}, 'a').write('x')\nassert open({tries!r}).read() != 'x', 'it is off'\nresult = data"
    with job_process(app, script, "", "3") as worker:
        printed, _ = worker.communicate()
    assert "it is off" in printed
    assert worker.returncode == 0
    statuses = [log.status for log in platform_runs()]
    assert statuses == [FlowStatus.SUCCESS, FlowStatus.SUCCESS, FlowStatus.FAILED]


def test_notes_of_a_newer_release_stop_the_step(
    scripted: Callable[[str], IkigaiFlow], instance: dg.DagsterInstance, platform_runs: Callable[[], list[RunLog]]
) -> None:
    flow = scripted(FAST)

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        note = {"version": 2, "place": "elsewhere"}
        context.log_event(dg.AssetObservation(context.asset_key, metadata={"ikigai/run": note}))
        yield from ikigai.run_flow(context, flow)

    result = dg.materialize(
        [worked_on], resources={"ikigai": IkigaiWorkspace()}, instance=instance, raise_on_error=False
    )
    [event] = result.filter_events(lambda event: event.is_step_failure)
    assert "in form 2, and this release of dagster-ikigai reads form 1" in event.step_failure_data.error_display_string
    assert platform_runs() == []


def test_many_observations_of_others_do_not_hide_a_note(
    scripted: Callable[[str], IkigaiFlow], instance: dg.DagsterInstance, platform_runs: Callable[[], list[RunLog]]
) -> None:
    flow = scripted(FAST)

    @ikigai_assets(flow=flow, retry_policy=dg.RetryPolicy(max_retries=1))
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        results = list(ikigai.run_flow(context, flow))
        if context.retry_number == 0:
            for number in range(120):
                instance.report_runless_asset_event(dg.AssetObservation(context.asset_key, metadata={"number": number}))
            raise ConnectionResetError("the worker was lost")
        yield from results

    result = dg.materialize([worked_on], resources={"ikigai": IkigaiWorkspace()}, instance=instance)
    assert result.success
    assert len(platform_runs()) == 1
