"""Runs that go as ordered: on plain HTTP, what statuses and logs say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.control import ControlError, LocalControl


@pytest.fixture
def control(api: Any) -> Iterator[LocalControl]:
    yield api.platform.control
    api.platform.control.reset()


@pytest.fixture
def flow_id(api: Any, app_id: str, definition: Callable[..., Any]) -> str:
    return api.flow(app_id, definition("no dataset"), name="Ordered")


def statuses(api: Any, app_id: str, flow_id: str, until: Any) -> list[str]:
    """What the status says, one after another, from now until there is a log."""
    seen: list[str] = []

    def look() -> bool:
        status = api.status(app_id, flow_id)["progress"]["status"]
        if seen[-1:] != [status]:
            seen.append(status)
        return bool(api.logs(app_id, flow_id))

    until(look)
    return seen


def test_a_sequence_is_what_the_status_says(
    api: Any, control: LocalControl, app_id: str, flow_id: str, until: Any
) -> None:
    sequence = ("IDLE", "SCHEDULED", "RUNNING", "UNKNOWN", "SCHEDULED", "RUNNING")
    # Long enough for a busy machine to see each.
    control.outcome("Ordered", sequence=[(status, 0.6) for status in sequence], log_delay=0.3)  # type: ignore[misc]
    assert api.start(app_id, flow_id).status_code == 200
    assert api.start(app_id, flow_id).status_code == 409
    began = time.monotonic()
    assert statuses(api, app_id, flow_id, until) == [*sequence, "IDLE"]
    assert time.monotonic() - began > 3.8
    assert api.logs(app_id, flow_id)[0]["status"] == "SUCCESS"


def test_outcomes_with_a_number_come_first_and_in_order(
    api: Any, control: LocalControl, app_id: str, flow_id: str
) -> None:
    control.outcome(status="STOPPED")
    control.outcome(flow_id, status="FAILED", facet="output", message="no luck", times=1)
    control.outcome("Ordered", times=1)
    control.outcome("another", status="FAILED")
    for _ in range(3):
        api.start(app_id, flow_id).raise_for_status()
    logs = [(log["status"], log["erroneous_facet_id"], log["message"]) for log in api.logs(app_id, flow_id)]
    assert logs == [("STOPPED", "", ""), ("SUCCESS", "", ""), ("FAILED", "id of output", "no luck")]


def test_hundreds_of_long_runs_take_no_worker_and_no_time(
    api: Any, control: LocalControl, app_id: str, definition: Callable[..., Any]
) -> None:
    flows = [api.flow(app_id, definition("no dataset"), name=f"Flow {number}") for number in range(60)]
    control.outcome(duration=600)
    for flow_id in flows:
        api.start(app_id, flow_id).raise_for_status()
    before = _processor_seconds(api.platform.pid)
    time.sleep(1)
    assert _processor_seconds(api.platform.pid) - before < 0.2
    assert api.status(app_id, flows[-1])["progress"]["status"] == "RUNNING"
    control.reset()
    log = api.logs(app_id, flows[0])[0]
    assert (log["status"], "reset" in log["message"]) == ("FAILED", True)


def test_the_engine_can_run_a_flow_at_the_ordered_pace(
    api: Any, control: LocalControl, app_id: str, definition: Callable[..., Any], until: Any
) -> None:
    flow_id = api.flow(app_id, definition(api.dataset(app_id)))
    control.outcome(flow_id, sequence=[("UNKNOWN", 1.5)], log_delay=0.2, engine=True)
    api.start(app_id, flow_id).raise_for_status()
    assert statuses(api, app_id, flow_id, until)[0] == "UNKNOWN"
    assert api.named(app_id, "out")["size"]


def test_somebody_else_keeps_a_flow_busy(
    api: Any, control: LocalControl, app_id: str, flow_id: str, until: Any
) -> None:
    control.outcome("Ordered", duration=3600)
    control.busy("Ordered", duration=0.4)
    assert api.start(app_id, flow_id).status_code == 409
    until(lambda: api.logs(app_id, flow_id))
    assert api.logs(app_id, flow_id)[0]["user"] == "colleague@example.com"
    control.busy(flow_id, duration=3600)
    control.finish("Ordered", status="FAILED", facet="output")
    assert api.logs(app_id, flow_id)[0]["erroneous_facet_id"] == "id of output"
    assert api.start(app_id, flow_id).status_code == 200
    with pytest.raises(ControlError, match="'no such flow'"):
        control.busy("no such flow", duration=1)
    control.reset()
    with pytest.raises(ControlError, match="no run under way that was ordered"):
        control.finish("Ordered")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"duration": 1, "sequence": [("RUNNING", 1)]}, "cannot be combined"),
        ({"engine": True, "status": "FAILED"}, "with engine, the flow itself"),
        ({"sequence": [("WALKING", 1)]}, "sequence.0.status"),
        ({"duration": -1}, "duration"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(control: LocalControl, wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ControlError, match=said):
        control.outcome(**wanted)


def _processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    with Path(f"/proc/{pid}/stat").open() as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
