"""Many tasks on one flow, answers that get lost, starts that arrive late: each task has one run, or says why not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prefect import flow, unmapped
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import SecretStr

from ikigai_core import Ikigai
from ikigai_core.errors import StartUnknownError
from ikigai_core.local.process import LocalPlatform
from ikigai_core.orchestration import Isolation
from ikigai_core.runs import copies, lost_start
from prefect_ikigai import IkigaiCredentials, arun_flow, run_flow
from tests.chaos.flows import TASK, ChaosFlows, variables_of
from tests.chaos.judge import Told, judge
from tests.chaos.proxy import FaultingProxy

pytestmark = pytest.mark.timeout(300)

APP, FLOW = "Contention", "Flow 0"
modes = pytest.mark.parametrize("isolation", ["shared", "copy"])


@pytest.fixture(scope="module")
def chaos() -> Iterator[ChaosFlows]:
    with LocalPlatform.start() as platform:
        yield ChaosFlows.make(platform, count=1, app=APP)


@pytest.fixture
def proxy(chaos: ChaosFlows, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultingProxy]:
    monkeypatch.setattr(lost_start, "LOOK_FOR", 3.0)
    monkeypatch.setattr(copies, "_ARMED_LOOK", 1.0)
    monkeypatch.setattr(copies, "_FENCED_LOOK", 2.0)
    with FaultingProxy(chaos.platform.url) as proxy:
        yield proxy


@pytest.fixture
def through_proxy(chaos: ChaosFlows, proxy: FaultingProxy) -> IkigaiCredentials:
    platform = chaos.platform
    return IkigaiCredentials(user_email=platform.user_email, api_key=SecretStr(platform.api_key), base_url=proxy.url)


Mapped = Callable[[list[str], Isolation], list[Told]]


@pytest.fixture
def mapped(through_proxy: IkigaiCredentials) -> Mapped:
    """Runs the flow for each of some tasks, several at once, and says what Prefect says of them."""

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
    def run_all(tasks: list[str], isolation: Isolation) -> list[Told]:
        each = run_flow.with_options(retries=0).map(
            unmapped(through_proxy),
            APP,
            FLOW,
            [variables_of(task) for task in tasks],
            on_busy="wait",
            isolation=isolation,
        )
        return [told_of(task, future) for task, future in zip(tasks, each, strict=True)]

    return run_all


def told_of(task: str, future: Any) -> Told:
    future.wait()
    if future.state.is_completed():
        return Told(task, "success", log_id=future.result().log_id)
    return Told(task, "failed", str(future.state.message))


def judged(chaos: ChaosFlows, told: list[Told]) -> Any:
    tasks = {one.task for one in told}
    return judge(told, [run for run in chaos.runs() if run.variables[TASK] in tasks])


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{time.monotonic_ns()}-{number}" for number in range(count)]


@modes
def test_tasks_on_one_flow_have_a_run_each(mapped: Mapped, chaos: ChaosFlows, isolation: Isolation) -> None:
    told = mapped(names("each", 8), isolation)
    judged(chaos, told).check(doubt=False)


def test_private_copies_run_side_by_side_and_go(mapped: Mapped, chaos: ChaosFlows) -> None:
    before = len(chaos.runs())
    chaos.platform.control.outcome(duration=2.0)
    try:
        judged(chaos, mapped(names("beside", 4), "copy")).check(doubt=False)
    finally:
        chaos.pace()
    runs = chaos.runs()[before:]
    assert max(run.began for run in runs) < min(run.ended for run in runs)
    assert len({run.flow_id for run in runs}) == 4
    assert [name for name in flow_names(chaos) if "ikigai-run" in name] == []


def flow_names(chaos: ChaosFlows) -> list[str]:
    platform = chaos.platform
    with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
        return [found.name for found in ikigai.apps[APP].flows().values()]


@modes
@pytest.mark.parametrize("kind", ["lost", "reset", "unavailable"])
def test_of_tasks_whose_answers_got_lost_none_succeeds_without_a_run_of_its_own(
    mapped: Mapped, chaos: ChaosFlows, proxy: FaultingProxy, isolation: Isolation, kind: str
) -> None:
    proxy.faults(0.5, kinds=[kind], operations=["run-pipeline"])
    told = mapped(names(kind, 5), isolation)
    assert proxy.counts()[kind] > 0
    judged(chaos, told).check(doubt=isolation == "shared")


def test_the_lease_proves_that_a_run_is_the_own_one_if_its_answer_got_lost(
    mapped: Mapped, chaos: ChaosFlows, proxy: FaultingProxy
) -> None:
    # A flow of its own: what got lost before must not still be awaited here.
    with_lease = ChaosFlows.make(chaos.platform, count=1, app=f"Lease {time.monotonic_ns()}")
    platform = chaos.platform
    credentials = IkigaiCredentials(
        user_email=platform.user_email, api_key=SecretStr(platform.api_key), base_url=proxy.url
    )
    with_lease.platform.control.outcome(duration=1.0, writes=True)
    proxy.faults(1.0, kinds=["lost"], operations=["run-pipeline"])

    @flow
    def run() -> str:
        return run_flow.with_options(retries=0)(credentials, with_lease.app, FLOW, variables_of("proven")).log_id

    log_id = run()
    assert [(begun.run_id, begun.status) for begun in with_lease.runs()] == [(log_id, "SUCCESS")]


@modes
def test_a_start_that_arrives_late_makes_one_run(
    through_proxy: IkigaiCredentials, chaos: ChaosFlows, proxy: FaultingProxy, isolation: Isolation
) -> None:
    (task,) = names("late", 1)
    proxy.hold(seconds=7.0)
    tries = []

    @flow(retries=2, retry_delay_seconds=0)
    def run() -> str:
        tries.append(task)
        try:
            log = run_flow(through_proxy, APP, FLOW, variables_of(task), on_busy="wait", isolation=isolation)
        except StartUnknownError:
            if len(tries) == 2:
                proxy.await_delivery(1)
            raise
        return log.log_id

    state = run(return_state=True)
    proxy.await_delivery(1)
    (begun,) = [run for run in settled(chaos) if run.variables[TASK] == task]
    if isolation == "copy":
        assert state.result() == begun.run_id
    else:
        with pytest.raises(StartUnknownError):
            state.result()
        assert len(tries) == 3


def settled(chaos: ChaosFlows) -> list[Any]:
    while any(not run.ended for run in chaos.runs()):
        time.sleep(0.1)
    return chaos.runs()


def test_a_guess_is_made_only_where_it_is_wanted_and_shows(
    through_proxy: IkigaiCredentials, chaos: ChaosFlows, proxy: FaultingProxy, prefect_server: Any
) -> None:
    (task,) = names("guess", 1)
    # Delivered while it is looked for; but an earlier start of the flow may still arrive, so that nothing is proven.
    proxy.hold(seconds=60.0)

    @flow
    def lose() -> None:
        run_flow.with_options(retries=0)(through_proxy, APP, FLOW, variables_of(f"{task}-first"), on_busy="wait")

    with pytest.raises(StartUnknownError):
        lose()
    proxy.hold(seconds=1.0)

    logs: list[Any] = []

    @flow
    async def guess() -> None:
        once = arun_flow.with_options(retries=0)
        logs.append(await once(through_proxy, APP, FLOW, variables_of(task), on_busy="wait", on_doubt="accept"))

    state = asyncio.run(guess(return_state=True))
    (log,) = logs
    assert "answer to its start was lost" in log.doubt
    flow_run_id = state.state_details.flow_run_id
    (table,) = prefect_server.artifacts(flow_run_id, "table")
    assert "Doubt" in table.data
    prefect_server.logs(flow_run_id, until="may be another run's. The answer to its start was lost")
