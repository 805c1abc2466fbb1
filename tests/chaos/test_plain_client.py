"""Many tasks of several processes start few flows through a line that fails: each has one run, and its own result."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ikigai_core.local.process import LocalPlatform
from tests.ikigai_core.helper_processes import Helpers

from .flows import ChaosFlows
from .judge import judge
from .killer import Killer
from .plain import PlainWorkers
from .proxy import FaultingProxy

TASKS = int(os.environ.get("CHAOS_TASKS", "1000"))

modes = pytest.mark.parametrize("isolation", ["shared", "copy"])
# Copies are private: contention is on shared flows.
mainly_shared = pytest.mark.parametrize("isolation", ["shared", pytest.param("copy", marks=pytest.mark.soak)])


@pytest.mark.timeout(400)
@mainly_shared
def test_few_tasks_on_two_flows(
    isolation: str,
    platform: LocalPlatform,
    proxy: FaultingProxy,
    chaos: ChaosFlows,
    helpers: Helpers,
    tmp_path: Path,
) -> None:
    proxy.faults(late=0.02, late_seconds=(1.0, 10.0))
    workers = PlainWorkers(chaos, proxy.environ(platform), tmp_path, helpers, isolation=isolation)
    with Killer().kills(workers.pids, every=(2, 5)):
        told = workers.perform([f"task-{number}" for number in range(12)], seconds=300)
    proxy.await_delivery()
    judge(told, chaos.runs()).check(doubt=isolation == "shared")


@pytest.mark.soak
@pytest.mark.timeout(3600)
@modes
def test_a_thousand_tasks_on_few_flows(
    isolation: str, helpers: Helpers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    with LocalPlatform.start(data_dir=tmp_path / "platform") as platform, FaultingProxy(platform.url) as proxy:
        chaos = ChaosFlows.make(platform)
        proxy.faults(late=0.01, late_seconds=(5.0, 100.0))
        environment = proxy.environ(platform)
        tries = {"workers": 6, "retries": 4, "retry_delay": 5.0, "look_for": 30.0}
        workers = PlainWorkers(chaos, environment, notes, helpers, isolation=isolation, **tries)
        killer = Killer().kills(workers.pids, every=(3, 15)).freezes(workers.pids, every=(5, 20))
        killer.does(chaos.restart, every=(30, 60), name="restart").does(chaos.fail_next, every=(5, 20), name="fail")
        with killer:
            told = workers.perform([f"task-{number}" for number in range(TASKS)], seconds=3300)
        proxy.await_delivery(seconds=120)
        verdict, harm = judge(told, chaos.runs()), {**killer.done, **proxy.counts()}
    with capsys.disabled():
        print("\n" + verdict.table(f"Plain client, {isolation}: {harm}"))  # noqa: T201
    verdict.check(doubt=isolation == "shared")
