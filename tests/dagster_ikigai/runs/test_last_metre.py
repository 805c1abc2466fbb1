"""A process that dies between the end of the platform's run and the record of the step's success costs no run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, build_ikigai_flow_assets, run_ikigai_flow_op
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control.client import BegunRun

OVER = "STEP_SUCCESS"
asked: list[IkigaiFlow] = []
"""The flow of the jobs. Dagster makes a job once in a process."""


def asset_job(isolation: Any) -> dg.JobDefinition:
    [flow] = asked
    made = build_ikigai_flow_assets(flow, isolation=isolation, workspace=IkigaiWorkspace(), name="step")
    job = dg.define_asset_job("job")
    return dg.Definitions(assets=[made], jobs=[job], executor=dg.in_process_executor).resolve_job_def("job")


def shared_flow() -> dg.JobDefinition:
    return asset_job("shared")


def private_copies() -> dg.JobDefinition:
    return asset_job("copy")


@dg.job(resource_defs={"ikigai": IkigaiWorkspace()}, executor_def=dg.in_process_executor)
def op() -> None:
    run_ikigai_flow_op.alias("step")()


def configured(flow: IkigaiFlow, made: Any, output: str) -> dict[str, Any]:
    config: dict[str, Any] = {"variables": {"output": output}}
    if made is op:
        config |= {"app": flow.app, "flow": flow.name}
    return {"ops": {"step": {"config": config}}}


class Dying:
    """Kills its process right before an event is recorded: the so-manieth from the note on that the run has ended."""

    def __init__(self, instance: dg.DagsterInstance, number: int, told: Path) -> None:
        self._record = instance.handle_new_event
        self._left: int | None = None
        self._number, self._told = number, told
        instance.handle_new_event = self.handle  # type: ignore[method-assign]

    def handle(self, entry: dg.EventLogEntry, **options: Any) -> Any:
        event = entry.dagster_event
        if event is not None and self._left is None and self._is_end(event):
            self._left = self._number
        if event is not None and self._left is not None:
            if not self._left:
                self._told.write_text(event.event_type_value)
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1
        return self._record(entry, **options)

    @staticmethod
    def _is_end(event: dg.DagsterEvent) -> bool:
        note = event.engine_event_data.metadata.get("ikigai/run") if event.is_engine_event else None
        return note is not None and note.value.get("run", {}).get("log") is not None  # type: ignore[union-attr]


@pytest.fixture
def flow(scripted: Callable[..., IkigaiFlow], ikigai_local: LocalAccount) -> Iterator[IkigaiFlow]:
    ikigai_local.control.outcome(duration=0.05, writes=True)
    asked[:] = [scripted()]
    with IkigaiWorkspace().get_client() as ikigai:
        asked[0].remote(ikigai)
    yield asked[0]
    asked.clear()
    ikigai_local.control.reset()


@pytest.mark.usefixtures("dagster_home")
@pytest.mark.parametrize("made", [shared_flow, private_copies, op], ids=["shared", "copy", "op"])
def test_whenever_it_dies(made: Any, flow: IkigaiFlow, ikigai_local: LocalAccount, tmp_path: Path) -> None:
    told = tmp_path / "told"
    points: list[str] = []
    while OVER not in points:
        output = f"out {len(points)}"
        config = configured(flow, made, output)
        if not os.fork():
            with dg.DagsterInstance.get() as instance:
                Dying(instance, len(points), told)
                dg.execute_job(dg.reconstructable(made), instance, run_config=config)
            os._exit(0)
        os.wait()
        points.append(told.read_text())
        with dg.DagsterInstance.get() as instance:
            [died] = instance.get_runs(limit=1)
            assert not died.is_finished
            instance.report_run_failed(died)
            again = dg.ReexecutionOptions(parent_run_id=died.run_id)
            with dg.execute_job(
                dg.reconstructable(made), instance, run_config=config, reexecution_options=again
            ) as result:
                assert result.success
                assert log_id(instance, result.run_id) == own_run(ikigai_local, output).run_id
    # Before the run's end is noted, before its result is taken, and before each of the records of the step.
    assert points[:2] == ["ENGINE_EVENT", "ENGINE_EVENT"]
    assert len(points) >= 4


def own_run(account: LocalAccount, output: str) -> BegunRun:
    """The one run that the platform made for an output."""
    [run] = [run for run in account.control.runs(account.user_email) if run.variables.get("output") == output]
    return run


def log_id(instance: dg.DagsterInstance, run_id: str) -> str:
    """The run that a step told of."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    metadata = [entry.dagster_event.engine_event_data.metadata for entry in entries if entry.dagster_event]
    notes: list[Any] = [found["ikigai/run"].value for found in metadata if "ikigai/run" in found]
    run: dict[str, Any] = notes[-1]["run"]
    assert run["phase"] == "taken"
    return str(run["log_id"])
