"""A run on a private copy of its flow stands alone: beside others, and without a trace when it is over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ikigai_core import App, AsyncIkigai, Flow, Ikigai
from ikigai_core.errors import BadRequestError, InvalidInputError, RunFailedError, RunLostError
from ikigai_core.local.account import LocalAccount
from ikigai_core.runs import copies
from ikigai_core.runs.copies import copy_name, original_of, with_age
from ikigai_core.runs.state import RunState


@pytest.fixture(autouse=True)
def _flights(app: App, flights: Any) -> None:
    app.dataset.new("flights").df(flights).build(on_progress=False)


@pytest.fixture
def flow(app: App, document: dict[str, Any], _flights: None) -> Flow:
    return app.flow.new("Late").definition(document).build()


def test_copies_of_one_flow_run_side_by_side_and_each_writes_its_own(app: App, flow: Flow) -> None:
    limits = (10, 100, 200)
    runs = [flow.start(isolation="copy", min_delay=str(limit), output=f"over {limit}") for limit in limits]
    assert len({run.copy_id for run in runs}) == len(limits)
    for run in runs:
        assert (run.result(timeout=60).status, run.flow_id, run.doubt) == ("SUCCESS", flow.flow_id, "")
    assert [len(app.datasets[f"over {limit}"].df()) for limit in limits] == [3, 1, 1]
    assert list(app.flows()) == ["Late"]
    assert flow.run_logs() == []


def test_a_copy_runs_beside_a_flow_that_is_busy(app: App, flow: Flow, ikigai_local: LocalAccount) -> None:
    ikigai_local.control.busy(flow.flow_id, duration=60.0)
    assert flow.run(isolation="copy").status == "SUCCESS"


def test_copies_work_on_the_async_face(app: App, flow: Flow, async_ikigai_client: AsyncIkigai) -> None:
    async def run() -> Any:
        home = await async_ikigai_client.apps[app.name]
        started = await (await home.flows[flow.name]).start(isolation="copy", output="async")
        return await started.result(timeout=60)

    assert asyncio.run(run()).status == "SUCCESS"
    assert list(app.flows()) == ["Late"]


def test_a_failed_run_names_the_facet_though_its_copy_is_gone(app: App, document: Any, fail: Any) -> None:
    flow = app.flow.new("Broken").definition(fail(document, "raise ValueError('no luck')")).build()
    with pytest.raises(RunFailedError, match=r"(?s)'Broken' ended FAILED at facet 'late'.*no luck"):
        flow.start(isolation="copy").result(timeout=60)
    assert "Broken" in app.flows()
    assert len(app.flows()) == 1


def test_a_copy_stays_if_that_is_wanted_and_has_neither_schedule_nor_the_originals_log(app: App, flow: Flow) -> None:
    flow.update_schedule("0 3 * * *")
    run = flow.launch(isolation="copy", keep_copies=True)
    log = run.result(timeout=60)
    kept = app.flows[run.copy_name]
    assert (kept.run_logs(), kept.schedule, original_of(kept.name)) == ([log], None, "Late")
    assert kept.definition().same_as(flow.definition())
    assert app.sweep_copies("Late", older_than=timedelta(0)) == [kept.name]


def test_the_end_of_a_run_sweeps_what_was_abandoned_but_not_what_was_to_stay(
    app: App, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_SWEEPS", "]")
    monkeypatch.setattr(copies.sweep, "__defaults__", (None, timedelta(0)))
    kept = flow.launch(isolation="copy", keep_copies=True)
    kept.result(timeout=60)
    app.flow.new(copy_name("Late")).build()
    flow.launch(isolation="copy").result(timeout=60)
    assert set(app.flows()) == {"Late", kept.copy_name}


def test_a_start_that_is_refused_leaves_no_copy(app: App, flow: Flow) -> None:
    kept: list[str] = []
    with pytest.raises(BadRequestError):
        flow.launch({"nonsense": 1}, isolation="copy", keep=lambda run: kept.append(run["phase"]))
    assert kept == ["prepared", "copied", "refused"]
    assert list(app.flows()) == ["Late"]


def test_a_result_is_returned_to_whoever_comes_back_for_it_without_another_run(
    flow: Flow, ikigai_client: Ikigai, ikigai_local: LocalAccount
) -> None:
    notes: list[dict[str, Any]] = []
    log = flow.launch(isolation="copy", keep=notes.append).result(timeout=60)
    assert [note["phase"] for note in notes] == ["prepared", "copied", "started", "ended"]
    before = len(ikigai_local.control.journal())
    run = flow.launch(isolation="copy", previous=notes[-1])
    assert (run.picked_up, run.run_log) == (True, log)
    assert len(ikigai_local.control.journal()) == before
    assert run.result() == log
    with pytest.raises(RunLostError, match="is gone"):
        ikigai_client.flow_run(notes[-2]).result(timeout=60)


def test_a_follower_leaves_the_copy_until_it_is_told_that_the_result_is_safe(
    app: App, flow: Flow, ikigai_client: Ikigai
) -> None:
    follower = ikigai_client.flow_run(flow.start(isolation="copy").to_dict())
    follower.result(timeout=60)
    assert follower.copy_name in app.flows()
    follower.remove_copy()
    follower.remove_copy()
    assert list(app.flows()) == ["Late"]


def test_a_copy_is_kept_while_its_result_could_not_be_noted(app: App, flow: Flow) -> None:
    def keep(run: dict[str, Any]) -> None:
        if run["phase"] == "ended":
            raise OSError("the store is away")

    run = flow.launch(isolation="copy", keep=keep)
    assert run.result(timeout=60).status == "SUCCESS"
    assert run.copy_name in app.flows()


def test_copies_that_nobody_came_back_for_are_swept_by_name_and_age(
    app: App, flow: Flow, ikigai_local: LocalAccount
) -> None:
    left = app.flow.new(copy_name("Late")).build()
    others = app.flow.new(copy_name("Other")).build()
    running = app.flow.new(copy_name("Late")).build()
    app.flow.new("[ikigai-run mine]").build()
    ikigai_local.control.busy(running.flow_id, duration=60.0)
    assert app.sweep_copies() == []
    assert app.sweep_copies("Late", older_than=timedelta(0)) == [left.name]
    assert app.sweep_copies(older_than=timedelta(0)) == [others.name]
    assert set(app.flows()) == {"Late", running.name, "[ikigai-run mine]"}


def test_a_copy_has_nothing_to_attach_to(flow: Flow) -> None:
    with pytest.raises(InvalidInputError, match="attach"):
        flow.launch(isolation="copy", on_busy="attach")


@pytest.mark.parametrize("name", ["isolation", "on_doubt"])
def test_an_unknown_way_is_refused_before_anything_is_sent(flow: Flow, ikigai_local: LocalAccount, name: str) -> None:
    before = len(ikigai_local.control.journal())
    with pytest.raises(InvalidInputError, match=f"{name} is 'guess'"):
        flow.launch(**{name: "guess"})  # type: ignore[arg-type]
    assert len(ikigai_local.control.journal()) == before


@pytest.mark.parametrize("answer", [{}, {"created_at": None}, {"created_at": "soon"}, {"created_at": "9" * 30}])
def test_a_copy_whose_age_cannot_be_read_is_started_all_the_same(answer: dict[str, Any]) -> None:
    run = RunState("app", "flow", "Late", None, copy_name=copy_name("Late"), copy_id="copy")
    asked = with_age(run)
    next(asked)
    with pytest.raises(StopIteration) as end:
        asked.send(answer)
    assert end.value.value == run
