"""Event triggers tell what happened on the platform once, also what happened while nobody looked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pandas as pd
import pytest

from airflow_provider_ikigai.triggers import events
from airflow_provider_ikigai.triggers.events import IkigaiDatasetChangedTrigger, IkigaiFlowRunFinishedTrigger
from ikigai_core import Flow, Ikigai
from ikigai_core.local.account import LocalAccount


class Store(dict[str, Any]):
    """An asset's state as Airflow lends it to a trigger."""

    async def aget(self, key: str) -> Any:
        return self.get(key)

    async def aset(self, key: str, value: Any) -> None:
        self[key] = value


def watched(trigger: Any, store: Store) -> Any:
    trigger.asset_state_store = store
    trigger.poll_interval = 0.1
    return trigger


async def seen_while(trigger: Any, happens: Callable[[], Any], count: int) -> list[Any]:
    """What a trigger tells from its first look on, while something happens."""
    coming: AsyncIterator[Any] = trigger.run()
    first = asyncio.ensure_future(anext(coming))
    while trigger.watermark_key not in trigger.asset_state_store:
        await asyncio.sleep(0.05)
    await asyncio.to_thread(happens)
    told = [(await asyncio.wait_for(first, 30)).payload]
    while len(told) < count:
        told.append((await asyncio.wait_for(anext(coming), 30)).payload)
    # The watermark moves with the next look.
    before = dict(trigger.asset_state_store)
    last = asyncio.ensure_future(anext(coming))
    while trigger.asset_state_store == before:
        await asyncio.sleep(0.05)
    last.cancel()
    return told


def test_each_run_that_ends_is_told_once_also_after_a_time_without_a_triggerer(
    app: str, make_flow: Callable[..., Flow], ikigai_local: LocalAccount
) -> None:
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id)
    flow.run()
    store = Store()
    trigger = watched(IkigaiFlowRunFinishedTrigger(app=app, flow="Scripted"), store)
    (told,) = asyncio.run(seen_while(trigger, flow.run, 1))
    log = flow.run_logs()[0]
    assert (told["flow"], told["flow_id"], told["run_log"]["log_id"]) == ("Scripted", flow.flow_id, log.log_id)
    ikigai_local.control.outcome(flow.flow_id, status="FAILED", times=1)
    flow.run()
    flow.run()
    trigger = watched(IkigaiFlowRunFinishedTrigger(app=app, flow="Scripted", statuses=["FAILED", "SUCCESS"]), store)
    told_later = asyncio.run(seen_while(trigger, flow.run, 3))
    newest_first = [one.log_id for one in flow.run_logs(3)]
    assert [one["run_log"]["log_id"] for one in told_later] == newest_first[::-1]
    assert [one["run_log"]["status"] for one in told_later] == ["FAILED", "SUCCESS", "SUCCESS"]


def test_an_event_that_was_taken_and_not_recorded_is_told_again() -> None:
    seen = {"about": {}, "run_logs": [{"log_id": "second", "status": "SUCCESS"}, {"log_id": "first"}]}
    store = Store(ikigai_newest_run_log="first")

    async def told() -> list[Any]:
        """What is told by a triggerer that is killed after it has taken an event, and by the one after it."""
        events = []
        for _ in range(2):
            looks: asyncio.Queue[Any] = asyncio.Queue()
            coming = watched(IkigaiFlowRunFinishedTrigger(app="An app", flow="A flow"), store).filter_shared_stream(
                _from(looks)
            )
            await looks.put(seen)
            events.append((await anext(coming)).payload["run_log"]["log_id"])
            waiting = asyncio.ensure_future(anext(coming))
            await asyncio.sleep(0)
            assert store == {"ikigai_newest_run_log": "first"}
        await looks.put(seen)
        while store != {"ikigai_newest_run_log": "second"}:
            await asyncio.sleep(0)
        waiting.cancel()
        return events

    assert asyncio.run(told()) == ["second", "second"]


async def _from(looks: asyncio.Queue[Any]) -> AsyncIterator[Any]:
    while True:
        yield await looks.get()


@pytest.mark.parametrize("is_empty", [False, True], ids=["after a run", "from the first run on"])
def test_more_runs_than_one_look_shows_are_told_to_the_last(
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    monkeypatch: pytest.MonkeyPatch,
    is_empty: bool,
) -> None:
    monkeypatch.setattr(events, "RECENT_RUNS", 2)
    flow = make_flow("result = data")
    ikigai_local.control.outcome(flow.flow_id)
    if not is_empty:
        flow.run()
    store = Store(ikigai_newest_run_log="" if is_empty else flow.run_logs()[0].log_id)
    for _ in range(4):
        flow.run()
    told = asyncio.run(
        seen_while(watched(IkigaiFlowRunFinishedTrigger(app=app, flow="Scripted"), store), lambda: None, 4)
    )
    assert [one["run_log"]["log_id"] for one in told] == [log.log_id for log in flow.run_logs(4)][::-1]


def test_each_change_of_a_dataset_is_told_and_its_appearance(app: str, ikigai_client: Ikigai) -> None:
    home = ikigai_client.apps[app]
    store = Store()

    def trigger() -> Any:
        return watched(IkigaiDatasetChangedTrigger(app=app, dataset="numbers"), store)

    def put(value: int) -> Callable[[], Any]:
        return home.dataset.new("numbers").df(pd.DataFrame({"value": [value] * value})).ensure

    (appeared,) = asyncio.run(seen_while(trigger(), put(1), 1))
    put(2)()
    (changed,) = asyncio.run(seen_while(trigger(), lambda: None, 1))
    dataset = home.datasets["numbers"]
    assert appeared["dataset_id"] == changed["dataset_id"] == dataset.dataset_id
    assert (changed["size"], changed["modified_at"]) == (dataset.size, dataset.modified_at.isoformat())
    assert changed["uri"] == f"ikigai://{app.replace(' ', '%20')}/datasets/numbers"


def test_siblings_share_one_look_and_others_do_not() -> None:
    flights = IkigaiDatasetChangedTrigger(app="An app", dataset="flights")
    weather = IkigaiDatasetChangedTrigger(app="An app", dataset="weather")
    elsewhere = IkigaiDatasetChangedTrigger(app="An app", dataset="flights", ikigai_conn_id="other")
    assert flights.shared_stream_key() == weather.shared_stream_key() != elsewhere.shared_stream_key()
    good = IkigaiFlowRunFinishedTrigger(app="An app", flow="A flow")
    bad = IkigaiFlowRunFinishedTrigger(app="An app", flow="A flow", statuses=["FAILED"])
    other = IkigaiFlowRunFinishedTrigger(app="An app", flow="Another")
    assert good.shared_stream_key() == bad.shared_stream_key() != other.shared_stream_key()
    assert good.shared_stream_key() != flights.shared_stream_key()


def test_a_watcher_outlasts_every_failure_and_tells_each_once(
    app: str, ikigai_client: Ikigai, capfd: pytest.CaptureFixture[str]
) -> None:
    home = ikigai_client.apps[app]
    trigger = IkigaiFlowRunFinishedTrigger(app=app, flow="Later", poll_interval=0.1)

    def appear() -> None:
        home.flow.new("Later").build()

    async def look_on() -> list[Any]:
        shown = trigger.open_shared_stream(trigger.serialize()[1])
        seen = [await anext(shown), await anext(shown)]
        await asyncio.to_thread(appear)
        while "about" not in seen[-1]:
            seen.append(await asyncio.wait_for(anext(shown), 30))
        return seen

    *nothing, flow = asyncio.run(look_on())
    assert {str(seen) for seen in nothing} == {"{'run_logs': []}"}
    assert (flow["about"]["flow"], flow["run_logs"]) == ("Later", [])
    assert "".join(capfd.readouterr()).count("Still watching after this failure: [404]") == 1
