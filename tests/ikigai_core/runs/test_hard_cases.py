"""Every hard case of a run's life through real requests: all at once, on both faces, on one platform.

What the procedures do second by second is tested on a simulated clock; here it is whether it all holds together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ikigai_core import App, AsyncIkigai, Flow, FlowStatus, errors
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control import LocalControl
from ikigai_core.runs import lost_start

MESSY = ["SCHEDULED", "RUNNING", "UNKNOWN", "SCHEDULED", "STOPPING", "IDLE", "RUNNING"]
FOLLOWED: dict[str, dict[str, Any]] = {
    "idle after the start": {"sequence": [("IDLE", 1.0), ("RUNNING", 0.3)]},
    "other states in mid-run": {"sequence": [(status, 0.2) for status in MESSY]},
    "a log that lags": {"duration": 0.3, "log_delay": 1.0},
    "over before the first look": {},
    "over before the first look, with a log that lags": {"log_delay": 0.8},
    "idle after the start, then over, with a log that lags": {"sequence": [("IDLE", 0.6)], "log_delay": 0.6},
    "failed": {"duration": 0.3, "status": "FAILED", "message": "no luck"},
    "stopped": {"duration": 0.3, "status": "STOPPED"},
    "an outage in mid-run": {"duration": 1.0, "fault": {"cut": True, "lasting": 1.5, "skip": 2}},
    "a gateway's outage in mid-run": {
        "duration": 1.0,
        "fault": {"status": 502, "body": "<html>Bad gateway</html>", "lasting": 1.5, "skip": 2},
    },
    "half answers now and then": {
        "duration": 1.0,
        "fault": {"truncate": True, "probability": 0.4, "seed": 1, "lasting": 2.0},
    },
}
LOST: dict[str, dict[str, Any]] = {
    "found by its status": {"duration": 1.0, "fault": {"cut": True}},
    "found in the log": {"fault": {"truncate": True}},
    "found though idle at first": {"sequence": [("IDLE", 0.6), ("RUNNING", 0.5)], "fault": {"status": 503}},
    "found though its log lags": {"log_delay": 0.8, "fault": {"status": 504, "body": "<html>Timeout</html>"}},
}
FACES = ("sync", "async")


@pytest.fixture
def control(ikigai_local: LocalAccount) -> LocalControl:
    return ikigai_local.control


@pytest.fixture
def make(app: App, control: LocalControl) -> Callable[..., dict[str, Flow]]:
    """Makes a flow for each case and face whose runs go as the case says."""

    def make_all(cases: dict[str, dict[str, Any]], fault_on: str) -> dict[str, Flow]:
        flows = {}
        for name, case in ((f"{face}: {name}", case) for face in FACES for name, case in cases.items()):
            flows[name] = app.flow.new(name).definition({"facets": {}}).build()
            control.outcome(flows[name].flow_id, **{key: value for key, value in case.items() if key != "fault"})
            if "fault" in case:
                when = "before" if fault_on == "is-pipeline-running" else "after"
                about = {"pipeline_id": flows[name].flow_id}
                control.fault(fault_on, where=about, **{"when": when, **case["fault"]})
        return flows

    return make_all


@pytest.fixture
def on_both_faces(app: App, async_ikigai_client: AsyncIkigai) -> Callable[..., dict[str, Any]]:
    """Does something with each flow, all at once: in a thread, or on an event loop, by its name."""

    def do(flows: dict[str, Flow], work: Callable[[Flow], Any], same: Callable[[Any], Awaitable[Any]]) -> Any:
        async def all_at_once() -> Any:
            home = await async_ikigai_client.apps[app.name]

            async def awaited(name: str) -> Any:
                return await same(await home.flows[name])

            names = list(flows)
            found = (
                asyncio.to_thread(work, flows[name]) if name.startswith("sync") else awaited(name) for name in names
            )
            return dict(zip(names, await asyncio.gather(*found, return_exceptions=True), strict=True))

        return asyncio.run(all_at_once())

    return do


def test_each_run_is_followed_to_its_own_end(make: Any, on_both_faces: Any) -> None:
    flows = make(FOLLOWED, "is-pipeline-running")

    async def follow(flow: Any) -> Any:
        return await (await flow.start()).wait(timeout=60)

    ended = on_both_faces(flows, lambda flow: flow.start().wait(timeout=60), follow)
    for name, log in ended.items():
        assert not isinstance(log, BaseException), (name, log)
        case = FOLLOWED[name.partition(": ")[2]]
        assert (name, log.status, log.data) == (
            name,
            FlowStatus[case.get("status", "SUCCESS")],
            case.get("message", ""),
        )
        assert flows[name].run_logs(max_count=9) == [log]


def test_a_start_whose_answer_is_lost_is_never_sent_again_and_its_run_taken_only_as_a_guess(
    make: Any, on_both_faces: Any, control: LocalControl
) -> None:
    flows = make(LOST, "run-pipeline")

    async def follow(flow: Any) -> Any:
        return await (await flow.launch(on_doubt="accept")).result(timeout=60)

    ended = on_both_faces(flows, lambda flow: flow.launch(on_doubt="accept").result(timeout=60), follow)
    for name, log in ended.items():
        assert not isinstance(log, BaseException), (name, log)
        assert flows[name].run_logs(max_count=9) == [log]
    starts = [request.body["pipeline"]["pipeline_id"] for request in control.journal("run-pipeline")]
    assert sorted(starts) == sorted(flow.flow_id for flow in flows.values())


def test_a_start_of_which_nothing_is_seen_is_said_to_be_unknown(
    make: Any, on_both_faces: Any, control: LocalControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_start, "LOOK_FOR", 1.0)
    flows = make({"lost": {"fault": {"cut": True, "when": "before"}}}, "run-pipeline")
    failed = on_both_faces(flows, lambda flow: flow.start(), lambda flow: flow.start())
    for error in failed.values():
        assert isinstance(error, errors.StartUnknownError)
    assert len(control.journal("run-pipeline")) == len(FACES)
    assert [flow.run_logs() for flow in flows.values()] == [[], []]


def test_somebody_elses_run_is_waited_for_attached_to_or_refused(
    make: Any, on_both_faces: Any, control: LocalControl
) -> None:
    flows = make({way: {} for way in ("wait", "attach", "fail")}, "run-pipeline")
    for flow in flows.values():
        control.busy(flow.flow_id, duration=1.0)

    def work(flow: Flow) -> Any:
        return flow.launch(on_busy=flow.name.partition(": ")[2]).result(timeout=60).user  # type: ignore[arg-type]

    async def same(flow: Any) -> Any:
        return (await (await flow.launch(on_busy=flow.name.partition(": ")[2])).result(timeout=60)).user

    users = on_both_faces(flows, work, same)
    for face in FACES:
        assert users[f"{face}: wait"].startswith("test-")
        assert users[f"{face}: attach"] == "colleague@example.com"
        assert isinstance(users[f"{face}: fail"], errors.FlowBusyError)
        assert len(flows[f"{face}: wait"].run_logs(max_count=9)) == 2


def test_an_outage_that_is_too_long_ends_the_wait_with_what_is_known(
    make: Any, on_both_faces: Any, control: LocalControl
) -> None:
    away = {"duration": 600, "fault": {"cut": True, "skip": 2, "times": 1000}}
    flows = make({"away": away}, "is-pipeline-running")

    async def follow(flow: Any) -> Any:
        return await (await flow.start()).wait(outage=1.0)

    for error in on_both_faces(flows, lambda flow: flow.start().wait(outage=1.0), follow).values():
        assert isinstance(error, errors.PlatformAwayError)
        assert "RUNNING" in str(error)
