"""Many tasks of flow runs in several processes start few flows through a line that fails: each has a run of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.process import LocalPlatform
from tests.chaos.flows import TASK, ChaosFlows
from tests.chaos.judge import Told, Verdict, judge
from tests.chaos.killer import Killer
from tests.chaos.proxy import FaultingProxy

from . import flows_for_chaos
from .chaos_crew import ChaosCrew, batches_of
from .flow_processes import FlowProcesses
from .servers import PrefectServer

TASKS = int(os.environ.get("CHAOS_TASKS", "1000"))
FLOWS = Path(flows_for_chaos.__file__)
QUICK = {"retry_delay_seconds": [1, 3]}


@pytest.mark.timeout(400)
def test_few_items_on_two_flows(tmp_path: Path, prefect_server: PrefectServer) -> None:
    with (
        LocalPlatform.start(data_dir=tmp_path / "platform") as platform,
        FaultingProxy(platform.url) as proxy,
        FlowProcesses(prefect_server, FLOWS, tmp_path / "log", look_for=3.0) as processes,
    ):
        chaos = ChaosFlows.make(platform)
        proxy.faults(0.1, late=0.1, late_seconds=(1.0, 6.0))
        crew = ChaosCrew(chaos, proxy.url, tmp_path, processes, slots=3, delays=QUICK, failures=1)
        batches = {"shared": batches_of("shared", 4, 4), "copy": batches_of("copy", 4, 4)}
        with Killer().kills(crew.some_pids(2), every=(2, 5)):
            told = crew.perform(batches, seconds=300)
        proxy.await_delivery()
        for mode, verdict in judged(told, chaos).items():
            print(verdict.table(f"Prefect, {mode}: {dict(crew.ends)}, {proxy.counts()}"))  # noqa: T201
            verdict.check(doubt=mode == "shared")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_items_on_few_flows(
    tmp_path: Path, prefect_server: PrefectServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        LocalPlatform.start(data_dir=tmp_path / "platform") as platform,
        FaultingProxy(platform.url) as proxy,
        FlowProcesses(prefect_server, FLOWS, tmp_path / "log", look_for=30.0) as processes,
    ):
        chaos = ChaosFlows.make(platform, 8)
        proxy.faults(late=0.01, late_seconds=(5.0, 100.0))
        crew = ChaosCrew(chaos, proxy.url, tmp_path, processes, slots=10, failures=1)
        batches = {mode: batches_of(mode, TASKS // 2, 20) for mode in ("shared", "copy")}
        killer = Killer().kills(crew.some_pids(TASKS // 12), every=(10, 30))
        killer.freezes(processes.pids, every=(10, 40))
        killer.does(chaos.restart, every=(60, 120), name="restart").does(chaos.fail_next, every=(10, 40), name="fail")
        killer.does(crew.cancelling(TASKS // 40), every=(20, 90), name="cancellation")
        killer.does(prefect_server.restart, every=(100, 200), name="server restart")
        with killer:
            told = crew.perform(batches, seconds=3000)
        proxy.await_delivery(seconds=120)
        verdicts, harm = judged(told, chaos), {**killer.done, **crew.ends, **proxy.counts()}
    with capsys.disabled():
        for mode, verdict in verdicts.items():
            print("\n" + verdict.table(f"Prefect, {mode}: {harm}"))  # noqa: T201
    for mode, verdict in verdicts.items():
        verdict.check(doubt=mode == "shared")


def judged(told: Mapping[str, list[Told]], chaos: ChaosFlows) -> dict[str, Verdict]:
    """The verdict on each mode."""
    runs: list[Any] = chaos.runs()
    return {
        mode: judge(of_mode, [run for run in runs if str(run.variables[TASK]).startswith(mode)])
        for mode, of_mode in told.items()
    }
