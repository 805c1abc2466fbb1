"""A process dies between the end of the platform's run and the moment when Prefect's server knows of the success."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ikigai_core.local.process import LocalPlatform
from tests.chaos.flows import ChaosFlows, output_of
from tests.prefect_ikigai import flows_to_kill
from tests.prefect_ikigai.flow_processes import FlowProcesses
from tests.prefect_ikigai.servers import PrefectServer

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def chaos() -> Iterator[ChaosFlows]:
    with LocalPlatform.start() as platform:
        yield ChaosFlows.make(platform, count=1, app="Last metre")


@pytest.fixture(scope="module")
def processes(
    tmp_path_factory: pytest.TempPathFactory, chaos: ChaosFlows, prefect_server: PrefectServer
) -> Iterator[FlowProcesses]:
    log = tmp_path_factory.mktemp("processes") / "log"
    with FlowProcesses(prefect_server, Path(flows_to_kill.__file__), log) as processes:
        try:
            yield processes
        except BaseException as failure:
            failure.add_note(log.read_text()[-5000:])
            raise


# Two of the four ways, each with some of the moments, before a request or after its answer; in the soak, all with each.
@pytest.mark.parametrize(
    ("isolation", "with_two", "first", "step"),
    [
        pytest.param("shared", True, 0, 8, id="start_flow and wait_for_run"),
        pytest.param("copy", False, 5, 8, id="run_flow, copy"),
        *(
            pytest.param(isolation, with_two, 0, 1, id=f"{isolation}, {with_two}", marks=pytest.mark.soak)
            for isolation in ("shared", "copy")
            for with_two in (False, True)
        ),
    ],
)
def test_the_next_try_returns_the_result_wherever_the_first_one_died(
    chaos: ChaosFlows, processes: FlowProcesses, isolation: str, with_two: bool, first: int, step: int
) -> None:
    moment, has_died = first, True
    while has_died:
        task = uuid.uuid4().hex
        flow_run_id = ask_for(chaos, processes, task, isolation, with_two)
        has_died = processes.run(flow_run_id, "following", at=moment).state_name == "Crashed"
        # One that had succeeded as far as the server knows may be tried again, too.
        again = processes.run(flow_run_id, "following")
        assert (again.state_name, again.run_count) == ("Completed", 2), moment
        assert [run.status for run in chaos.runs() if run.variables["task"] == task] == ["SUCCESS"], moment
        moment += step
    # The end is noted, shown in two artifacts, noted as taken, and the flow run completed: before and after each.
    assert moment >= 9


def ask_for(chaos: ChaosFlows, processes: FlowProcesses, task: str, isolation: str, with_two: bool) -> uuid.UUID:
    """A flow run that runs a flow of the platform."""
    platform = chaos.platform
    return processes.create(
        flows_to_kill.following,
        url=platform.url,
        user=platform.user_email,
        key=platform.api_key,
        app=chaos.app,
        name="Flow 0",
        isolation=isolation,
        task=task,
        output=output_of(task),
        with_two=with_two,
    )
