"""Many tasks on one flow, answers that get lost, starts that arrive late: each task has one run, or says why not."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
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
from tests.chaos.judge import Told, Verdict, judge
from tests.chaos.proxy import FaultingProxy
from tests.prefect_ikigai.servers import eventually

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("short_looks")]

FLOW = "Flow 0"
modes = pytest.mark.parametrize("isolation", ["shared", "copy"])


@pytest.fixture(scope="module")
def platform() -> Iterator[LocalPlatform]:
    with LocalPlatform.start() as platform:
        yield platform


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_start, "LOOK_FOR", 3.0)
    monkeypatch.setattr(copies, "_ARMED_LOOK", 1.0)
    monkeypatch.setattr(copies, "_FENCED_LOOK", 2.0)


@dataclass(frozen=True)
class Contended:
    """A flow in an app of its own, and the proxy through which tasks start it."""

    chaos: ChaosFlows
    proxy: FaultingProxy

    @property
    def app(self) -> str:
        return self.chaos.app

    @property
    def credentials(self) -> IkigaiCredentials:
        platform = self.chaos.platform
        key = SecretStr(platform.api_key)
        return IkigaiCredentials(user_email=platform.user_email, api_key=key, base_url=self.proxy.url)

    def run(self, count: int, isolation: Isolation) -> Verdict:
        """Run the flow for so many tasks, four at once; judge what Prefect says of them."""
        tasks = [f"task {number}" for number in range(count)]

        @flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
        def run_all() -> list[Told]:
            variables = [variables_of(task) for task in tasks]
            how = {"on_busy": "wait", "isolation": isolation}
            once = run_flow.with_options(retries=0)
            each = once.map(unmapped(self.credentials), self.app, FLOW, variables, **how)
            return [told_of(task, future) for task, future in zip(tasks, each, strict=True)]

        return judge(run_all(), self.chaos.runs())

    def settled(self) -> list[Any]:
        """All runs that ever began, once none goes on."""
        eventually(lambda: all(run.ended for run in self.chaos.runs()), lambda: "runs go on")
        return self.chaos.runs()

    def flow_names(self) -> list[str]:
        platform = self.chaos.platform
        with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
            return [found.name for found in ikigai.apps[self.app].flows().values()]


@contextmanager
def contended(platform: LocalPlatform) -> Iterator[Contended]:
    with FaultingProxy(platform.url) as proxy:
        yield Contended(ChaosFlows.make(platform, count=1, app=f"Contention {uuid.uuid4().hex}"), proxy)


@pytest.fixture
def one(platform: LocalPlatform) -> Iterator[Contended]:
    with contended(platform) as one:
        yield one


def told_of(task: str, future: Any) -> Told:
    future.wait()
    if future.state.is_completed():
        return Told(task, "success", log_id=future.result().log_id)
    return Told(task, "failed", str(future.state.message))


@modes
def test_tasks_on_one_flow_have_a_run_each(one: Contended, isolation: Isolation) -> None:
    one.run(6, isolation).check(doubt=False)


def test_private_copies_run_side_by_side_and_go(one: Contended) -> None:
    control = one.chaos.platform.control
    control.outcome(duration=3600.0)
    with ThreadPoolExecutor(1) as pool:
        verdict = pool.submit(one.run, 4, "copy")
        eventually(lambda: len(one.chaos.runs()) == 4, lambda: f"only these run: {one.chaos.runs()}")
        for run in one.chaos.runs():
            control.finish(run.flow_id)
        verdict.result().check(doubt=False)
    assert len({run.flow_id for run in one.chaos.runs()}) == 4
    assert one.flow_names() == [FLOW]


@modes
def test_of_tasks_whose_answers_got_lost_none_succeeds_without_a_run_of_its_own(
    platform: LocalPlatform, isolation: Isolation
) -> None:
    def lose(kind: str) -> Verdict:
        with contended(platform) as one:
            one.proxy.faults(0.7, kinds=[kind], operations=["run-pipeline"])
            verdict = one.run(4, isolation)
            assert one.proxy.counts()[kind] > 0
        return verdict

    # Side by side, as most of the time they look for what got lost.
    with ThreadPoolExecutor(3) as pool:
        for verdict in pool.map(lose, ["lost", "reset", "unavailable"]):
            verdict.check(doubt=isolation == "shared")


def test_the_lease_proves_that_a_run_is_the_own_one_if_its_answer_got_lost(one: Contended) -> None:
    one.chaos.platform.control.outcome(duration=1.0, writes=True)
    one.proxy.faults(1.0, kinds=["lost"], operations=["run-pipeline"])

    @flow
    def run() -> str:
        return run_flow.with_options(retries=0)(one.credentials, one.app, FLOW, variables_of("proven")).log_id

    log_id = run()
    assert [(begun.run_id, begun.status) for begun in one.chaos.runs()] == [(log_id, "SUCCESS")]


@modes
def test_a_start_that_arrives_late_makes_one_run(one: Contended, isolation: Isolation) -> None:
    one.proxy.hold(seconds=3600.0)
    tries = []

    @flow(retries=2, retry_delay_seconds=0)
    def run() -> str:
        tries.append(isolation)
        variables = variables_of("late")
        try:
            log = run_flow(one.credentials, one.app, FLOW, variables, on_busy="wait", isolation=isolation)
        except StartUnknownError:
            if len(tries) == 2:
                one.proxy.deliver()
            raise
        return log.log_id

    state = run(return_state=True)
    assert len(one.proxy.deliver()) == 1
    (begun,) = one.settled()
    assert begun.variables[TASK] == "late"
    if isolation == "copy":
        assert state.result() == begun.run_id
    else:
        with pytest.raises(StartUnknownError):
            state.result()
        assert len(tries) == 3


def test_a_guess_is_made_only_where_it_is_wanted_and_shows(one: Contended, prefect_server: Any) -> None:
    # An earlier start of the flow may still arrive, so that nothing is proven.
    one.proxy.hold(seconds=3600.0)

    @flow
    def lose() -> None:
        once = run_flow.with_options(retries=0)
        once(one.credentials, one.app, FLOW, variables_of("first"), on_busy="wait")

    with pytest.raises(StartUnknownError):
        lose()
    # Delivered while it is looked for.
    one.proxy.hold(seconds=1.0)

    logs: list[Any] = []

    @flow
    async def guess() -> None:
        once = arun_flow.with_options(retries=0)
        variables = variables_of("second")
        logs.append(await once(one.credentials, one.app, FLOW, variables, on_busy="wait", on_doubt="accept"))

    state = asyncio.run(guess(return_state=True))
    (log,) = logs
    assert "answer to its start was lost" in log.doubt
    flow_run_id = state.state_details.flow_run_id
    (table,) = prefect_server.artifacts(flow_run_id, "table")
    assert "Doubt" in table.data
    prefect_server.logs(flow_run_id, until="may be another run's. The answer to its start was lost")
