"""Many Dagster runs on few flows, through a line that fails, with kills: each task one run, and its own result."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_ikigai.naming import identifier
from ikigai_core.local.process import LocalPlatform
from tests.chaos.flows import ChaosFlows
from tests.chaos.judge import Verdict, judge
from tests.chaos.killer import Killer
from tests.chaos.proxy import FaultingProxy

from .deployment import Deployment, servers_with
from .told import told_of
from .workers import RunWorkers, environ

TASKS = int(os.environ.get("CHAOS_TASKS", "500"))
DEPLOYED = int(os.environ.get("CHAOS_DEPLOYED", "20"))
DOUBTFUL = {"shared": True, "copy": False}

modes = pytest.mark.parametrize("isolation", ["shared", "copy"])
# Copies are private: contention is on shared flows.
mainly_shared = pytest.mark.parametrize("isolation", ["shared", pytest.param("copy", marks=pytest.mark.soak)])


@pytest.fixture
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalPlatform]:
    """The session's; for the soak one of the test's own, which is restarted many times."""
    if request.node.get_closest_marker("soak") is None:
        shared: LocalPlatform = request.getfixturevalue("ikigai_local_server")
        yield shared
        shared.control.reset()
        return
    with LocalPlatform.start(data_dir=tmp_path / "platform") as platform:
        yield platform


@pytest.fixture
def proxy(platform: LocalPlatform) -> Iterator[FaultingProxy]:
    with FaultingProxy(platform.url) as proxy:
        yield proxy


@pytest.fixture
def chaos(platform: LocalPlatform) -> ChaosFlows:
    return ChaosFlows.make(platform, 2, app=f"Chaos {uuid.uuid4().hex[:8]}")


def verdict_on(instance: dg.DagsterInstance, chaos: ChaosFlows, tasks: list[str]) -> Verdict:
    told = [one for task in tasks for one in told_of(instance, task)]
    return judge(told, chaos.runs())


@mainly_shared
def test_few_runs(
    isolation: str, platform: LocalPlatform, proxy: FaultingProxy, chaos: ChaosFlows, dagster_home: Path
) -> None:
    proxy.faults(late=0.05, late_seconds=(1.0, 10.0))
    environment = environ(chaos, proxy.environ(platform), dagster_home, isolation, look_for=2.0)
    workers = RunWorkers(chaos, environment, workers=3, losses=5)
    tasks = [f"task-{number}" for number in range(6)]
    with Killer().kills(workers.pids, every=(0.5, 2)):
        workers.perform(tasks, seconds=800)
    proxy.await_delivery()
    verdict_on(workers.instance, chaos, tasks).check(doubt=DOUBTFUL[isolation])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@modes
def test_many_runs(
    isolation: str,
    platform: LocalPlatform,
    proxy: FaultingProxy,
    chaos: ChaosFlows,
    dagster_home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    proxy.faults(late=0.01, late_seconds=(5.0, 100.0))
    environment = environ(chaos, proxy.environ(platform), dagster_home, isolation, look_for=30.0)
    workers = RunWorkers(chaos, environment, workers=6, retries=4, multiprocess=0.05)
    killer = Killer().kills(workers.pids, every=(5, 20)).freezes(workers.pids, every=(10, 40))
    killer.does(chaos.restart, every=(60, 120), name="restart").does(chaos.fail_next, every=(10, 30), name="fail")
    killer.does(workers.terminate, every=(15, 45), name="terminate")
    tasks = [f"task-{number}" for number in range(TASKS)]
    with killer:
        workers.perform(tasks, seconds=3000)
    proxy.await_delivery(seconds=120)
    verdict = verdict_on(workers.instance, chaos, tasks)
    with capsys.disabled():
        print("\n" + verdict.table(f"Dagster, {isolation}: {dict(killer.done)}, {proxy.counts()}"))  # noqa: T201
    verdict.check(doubt=DOUBTFUL[isolation])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@modes
def test_a_whole_deployment(
    isolation: str,
    platform: LocalPlatform,
    proxy: FaultingProxy,
    chaos: ChaosFlows,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    proxy.faults(late=0.02, late_seconds=(5.0, 100.0))
    home = tmp_path / "dagster"
    home.mkdir()
    environment = environ(chaos, proxy.environ(platform), home, isolation, look_for=30.0)
    with servers_with(home, environment) as servers:
        keys = [dg.AssetKey([identifier(chaos.app), "nobody_s", *suffix]) for suffix in ((), ("by", "flow_1"))]
        deployment = Deployment(servers, keys)
        killer = Killer().kills(deployment.pids, every=(15, 40)).does(chaos.restart, every=(60, 120), name="restart")
        killer.does(deployment.terminate, every=(20, 60), name="terminate")
        killer.does(servers.restart_daemon, every=(60, 120), name="daemon")
        tasks = [f"task-{number}" for number in range(DEPLOYED)]
        with killer:
            deployment.perform(tasks, seconds=1200)
        proxy.await_delivery(seconds=120)
        verdict = verdict_on(deployment.instance, chaos, tasks)
    with capsys.disabled():
        print("\n" + verdict.table(f"Dagster deployed, {isolation}: {dict(killer.done)}, {proxy.counts()}"))  # noqa: T201
    verdict.check(doubt=DOUBTFUL[isolation])
