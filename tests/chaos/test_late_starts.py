"""A start that the network delivers long after its sender gave up leads to one run, or to none that is reported."""

from __future__ import annotations

from typing import Any

import pytest

from ikigai_core import Flow, Ikigai
from ikigai_core.errors import StartUnknownError
from ikigai_core.runs import copies, lost_start

from .flows import TASK, ChaosFlows, variables_of
from .proxy import FaultingProxy

# As much later as 100 s are later than looks of 30 s.
LATE = 7.0


@pytest.fixture
def flow(chaos: ChaosFlows, proxy: FaultingProxy, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(lost_start, "LOOK_FOR", 2.0)
    monkeypatch.setattr(copies, "_ARMED_LOOK", 1.0)
    monkeypatch.setattr(copies, "_FENCED_LOOK", 1.0)
    platform = chaos.platform
    with Ikigai(platform.user_email, platform.api_key, proxy.url) as ikigai:
        yield ikigai.apps[chaos.app].flows["Flow 0"]


def tasks_that_ran(chaos: ChaosFlows) -> list[tuple[Any, str]]:
    return [(run.variables[TASK], run.status) for run in chaos.runs()]


def test_on_the_shared_flow_nothing_is_started_beside_it(flow: Flow, chaos: ChaosFlows, proxy: FaultingProxy) -> None:
    notes: list[dict[str, Any]] = []
    proxy.hold(seconds=LATE)
    with pytest.raises(StartUnknownError):
        flow.launch(variables_of("one"), keep=notes.append)
    with pytest.raises(StartUnknownError, match="may still arrive"):
        flow.launch(variables_of("one"), keep=notes.append, previous=notes[-1])
    proxy.await_delivery(1)
    assert [task for task, _ in tasks_that_ran(chaos)] == ["one"]
    assert notes[-1]["phase"] == "unknown"


def test_on_a_private_copy_it_finds_nothing_to_run(flow: Flow, chaos: ChaosFlows, proxy: FaultingProxy) -> None:
    proxy.hold(seconds=LATE)
    run = flow.launch(variables_of("one"), isolation="copy")
    assert (run.result(timeout=60).status, run.doubt) == ("SUCCESS", "")
    assert [late.status for late in proxy.await_delivery(1)] == [404]
    assert tasks_that_ran(chaos) == [("one", "SUCCESS")]


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [100.0, 600.0])
def test_minutes_later_too_with_looks_as_long_as_they_are(
    chaos: ChaosFlows, proxy: FaultingProxy, seconds: float
) -> None:
    platform = chaos.platform
    with Ikigai(platform.user_email, platform.api_key, proxy.url) as ikigai:
        flow = ikigai.apps[chaos.app].flows["Flow 0"]
        proxy.hold(seconds=seconds, times=2)
        with pytest.raises(StartUnknownError):
            flow.launch(variables_of("shared"))
        assert flow.launch(variables_of("copy"), isolation="copy").result(timeout=120).status == "SUCCESS"
        proxy.await_delivery(2, seconds=seconds + 60)
    assert sorted(task for task, _ in tasks_that_ran(chaos)) == ["copy", "shared"]
