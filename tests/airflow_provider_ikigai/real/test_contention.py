"""One task, one run, under contention: many tasks on few flows, 10 % of requests at fault, and kills of everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import runs
from tests.airflow_provider_ikigai.real.contention import DOUBTS, Contention, table
from tests.chaos.flows import ChaosFlows
from tests.chaos.killer import Killer

TASKS = int(os.environ.get("CHAOS_TASKS", "1000"))


def check(contention: Contention, killer: Killer, faults: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    """Print what was found, and see that nothing is wrong with it."""
    with capsys.disabled():
        print("\n" + table(contention, sorted(killer.done.items()), faults))  # noqa: T201
    for mode, verdict in contention.verdicts().items():
        verdict.check(doubt=mode == "shared")


@pytest.mark.parametrize(("error", "text"), [(error, text) for error, texts in DOUBTS.items() for text in texts])
def test_a_doubt_is_known_by_words_of_its_message(error: str, text: str) -> None:
    sources = [path.read_text() for path in Path(runs.__path__[0]).glob("*.py")]
    assert any(text in source.partition(f"raise {error}(")[2] for source in sources)


@pytest.mark.timeout(1800)
def test_tasks_of_two_flows_have_a_run_each_whatever_is_killed(
    deployment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    chaos = ChaosFlows.make(deployment.platform, 2, app="Few tasks")
    deployment.proxy.faults(late=0.02, late_seconds=(1.0, 10.0))
    contention = Contention(deployment, chaos, 3)
    # On a busy machine, which needs longer, no more goes wrong than on an idle one.
    killer = Killer().kills(contention.pids, every=(2, 5), most=4)
    killer.does(chaos.restart, every=(8, 12), name="restart", most=1)
    contention.await_end(1200, killer)
    deployment.proxy.await_delivery()
    faults = deployment.proxy.counts()
    deployment.proxy.heal()
    deployment.platform.control.reset()
    check(contention, killer, faults, capsys)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_tasks_on_few_flows(chaos_deployment: Any, capsys: pytest.CaptureFixture[str]) -> None:
    there = chaos_deployment
    chaos = ChaosFlows.make(there.platform, 3, app="Many tasks")
    there.proxy.faults(late=0.01, late_seconds=(5.0, 100.0))
    contention = Contention(there, chaos, TASKS // 2)
    killer = Killer().kills(contention.pids, every=(2, 8)).freezes(contention.pids, every=(10, 30))
    killer.does(contention.clear_one, every=(3, 12), name="clear").does(chaos.fail_next, every=(20, 60), name="fail")
    killer.does(chaos.restart, every=(60, 120), name="restart of the platform")
    killer.does(there.restart_triggerer, every=(60, 120), name="kill of the triggerer")
    killer.does(there.restart_scheduler, every=(150, 250), name="kill of the scheduler")
    contention.await_end(3300, killer)
    there.proxy.await_delivery(seconds=150)
    check(contention, killer, there.proxy.counts(), capsys)
