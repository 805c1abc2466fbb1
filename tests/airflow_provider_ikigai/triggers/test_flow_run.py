"""The trigger follows a run, across restarts of the triggerer too."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_ikigai.triggers.flow_run import IkigaiFlowRunTrigger
from ikigai_core import Flow, FlowRun
from ikigai_core.local.account import LocalAccount

ABOUT = {"outputs": ["worked on"], "inputs": []}


@pytest.fixture
def slow_flow(make_flow: Callable[..., Flow], ikigai_local: LocalAccount) -> Flow:
    """A flow that runs for two seconds."""
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=2)
    return flow


def trigger_of(run: FlowRun, **arguments: Any) -> IkigaiFlowRunTrigger:
    return IkigaiFlowRunTrigger(flow_run=run.to_dict(), ikigai_conn_id="ikigai_default", about=ABOUT, **arguments)


def in_another_triggerer(trigger: IkigaiFlowRunTrigger) -> IkigaiFlowRunTrigger:
    path, arguments = json.loads(json.dumps(trigger.serialize()))
    module, _, name = path.rpartition(".")
    copy = getattr(importlib.import_module(module), name)(**arguments)
    assert isinstance(copy, IkigaiFlowRunTrigger)
    return copy


async def events(trigger: IkigaiFlowRunTrigger) -> list[dict[str, Any]]:
    return [event.payload async for event in trigger.run()]


def test_it_fires_once_with_the_runs_log(slow_flow: Flow) -> None:
    flow = slow_flow
    (event,) = asyncio.run(events(trigger_of(flow.start())))
    assert event["about"] == ABOUT
    assert (event["error"], event["log"]["log_id"]) == ("", flow.run_logs()[0].log_id)
    assert json.loads(json.dumps(event)) == event


def test_another_triggerer_follows_the_same_run(slow_flow: Flow) -> None:
    flow = slow_flow
    trigger = trigger_of(flow.start(), deadline=time.time() + 60)

    async def cut_off() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(events(trigger), 0.5)

    asyncio.run(cut_off())
    successor = in_another_triggerer(trigger)
    assert successor.serialize() == trigger.serialize()
    (event,) = asyncio.run(events(successor))
    assert [log.log_id for log in flow.run_logs(10)] == [event["log"]["log_id"]]


def test_a_failed_run_is_told_with_its_facet_and_log(make_flow: Callable[..., Flow]) -> None:
    (event,) = asyncio.run(events(trigger_of(make_flow("raise ValueError('wrong')").start())))
    assert (event["error"], event["transient"], event["log"]["status"]) == ("RunFailedError", False, "FAILED")
    assert "at facet 'work on them'" in event["message"]


def test_the_deadline_holds_across_restarts(slow_flow: Flow) -> None:
    run = slow_flow.start()
    late = in_another_triggerer(trigger_of(run, deadline=time.time() - 1))
    (event,) = asyncio.run(events(late))
    assert (event["error"], event["log"]) == ("RunTimeoutError", None)
    run.wait()
    (event,) = asyncio.run(events(late))
    assert event["log"]["status"] == "SUCCESS"


def test_many_runs_are_followed_side_by_side(
    make_flow: Callable[..., Flow], ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=900)
    run = flow.start()
    begun = itertools.count(1)
    report = IkigaiFlowRunTrigger._report

    async def counted(trigger: IkigaiFlowRunTrigger) -> Any:
        # The run ends when all are there, and not before.
        if next(begun) == 20:
            await asyncio.to_thread(ikigai_local.control.finish, flow.flow_id)
        return await report(trigger)

    async def follow_all() -> list[list[dict[str, Any]]]:
        return await asyncio.gather(*(events(trigger_of(run)) for _ in range(20)))

    monkeypatch.setattr(IkigaiFlowRunTrigger, "_report", counted)
    followed = asyncio.run(follow_all())
    assert {event["log"]["log_id"] for (event,) in followed} == {run.wait().log_id}


def test_a_key_that_is_rotated_reaches_a_run_that_is_followed(
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    connect: Callable[..., None],
    requests_sent: Callable[[], dict[str, int]],
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id, duration=900)
    trigger = trigger_of(flow.start())

    def rotate() -> None:
        while not requests_sent():
            time.sleep(0.05)
        connect(password=ikigai_local.control.rotate_key(ikigai_local.user_email))
        ikigai_local.control.finish(flow.flow_id)

    async def followed() -> list[dict[str, Any]]:
        told, _ = await asyncio.gather(events(trigger), asyncio.to_thread(rotate))
        return told

    (event,) = asyncio.run(followed())
    assert event["error"] == ""


def test_its_form_holds_no_key(slow_flow: Flow, ikigai_local: LocalAccount) -> None:
    trigger = trigger_of(slow_flow.start())
    asyncio.run(events(trigger))
    assert ikigai_local.api_key not in repr(trigger)
    assert ikigai_local.api_key not in json.dumps(trigger.serialize())
