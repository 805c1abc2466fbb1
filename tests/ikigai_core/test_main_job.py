"""Upload, build, run, follow, fetch: the main job, on both faces, through a real platform."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, FlowRun, FlowStatus, Ikigai, errors
from ikigai_core.components import ensuring
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

LATE = ["UA 1", 'the "red" eye', "Zürich, by night"]


def test_the_main_job(app: App, flights: pd.DataFrame, document: dict[str, Any], tmp_path: Path) -> None:
    assert app.dataset.new("flights").df(flights).ensure().changes == ("created",)
    flow = app.flow.new("Late flights").definition(document).ensure()
    seen: list[str] = []
    run = flow.start(min_delay="60")
    log = run.wait(on_update=lambda report: seen.append(report.status.value))
    assert (log.status, log.erroneous_facet_id, log.data) == (FlowStatus.SUCCESS, None, "")
    assert seen[-1] == "IDLE"
    assert flow.run_logs() == [log]
    assert flow.status().status is FlowStatus.IDLE
    late = app.datasets["late"]
    assert late.df()["flight"].tolist() == LATE
    assert late.to_csv(tmp_path / "late.csv").read_text().startswith("flight,delay,carrier\n")
    assert [path.name for path in tmp_path.iterdir()] == ["late.csv"]


def test_the_main_job_is_the_same_when_awaited(
    app: App, ikigai_local: LocalAccount, flights: pd.DataFrame, document: dict[str, Any], tmp_path: Path
) -> None:
    async def job() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            same = await ikigai.apps[app.name]
            assert (await same.dataset.new("flights").df(flights).ensure()).changes == ("created",)
            flow = await same.flow.new("Late flights").definition(document).ensure()
            kept: list[str] = []

            async def keep(run: dict[str, Any]) -> None:
                kept.append(run["phase"])

            run = await flow.launch({"min_delay": "60"}, keep=keep)
            log = await run.result()
            assert log.status is FlowStatus.SUCCESS
            assert kept == ["prepared", "started", "ended"]
            assert await flow.run_logs() == [log]
            late = await same.datasets["late"]
            assert (await late.df())["flight"].tolist() == LATE
            await late.to_csv(tmp_path / "late.csv")
            assert list((await same.datasets()).values()) != []
            assert (await ikigai.facet_types).MID.COUNT.facet_uid == "M_003"

    asyncio.run(job())


def test_a_definition_is_read_from_a_file(
    app: App, flights: pd.DataFrame, document: dict[str, Any], tmp_path: Path
) -> None:
    app.dataset.new("flights").df(flights).build()
    path = tmp_path / "late.json"
    path.write_text(json.dumps(document))
    assert app.flow.new("Late flights").definition(path).ensure().changes == ("created",)
    assert app.flow.new("Late flights").definition(str(path)).ensure().changes == ()
    with pytest.raises(errors.InvalidInputError, match=r"early\.json"):
        app.flow.new("Early flights").definition(tmp_path / "early.json").ensure()


def test_doing_it_again_changes_nothing_and_says_so(app: App, flights: pd.DataFrame, document: dict[str, Any]) -> None:
    for changes in (("created",), ()):
        assert app.dataset.new("flights").df(flights).ensure().changes == changes
        assert app.flow.new("Late flights").definition(document).ensure().changes == changes
    assert len(app.datasets()) == len(app.flows()) == 1


def test_what_differs_is_brought_up_to_date_in_place(app: App, flights: pd.DataFrame, document: dict[str, Any]) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("Late flights").definition(document).build()
    flights.loc[0, "delay"] = 6  # the same number of bytes
    document["facets"]["late"]["arguments"]["value"] = "30"
    same_dataset = app.dataset.new("flights").df(flights).ensure()
    same_flow = app.flow.new("Late flights").definition(document).ensure()
    assert (same_dataset.dataset_id, same_dataset.changes) == (dataset.dataset_id, ("data",))
    assert (same_flow.flow_id, same_flow.changes) == (flow.flow_id, ("definition",))
    assert dataset.df()["delay"].tolist() == [6, 61, 240, 90]
    assert flow.definition().facets[1].arguments["value"] == "30"


def test_namesakes_are_not_guessed_between(
    app: App, flights: pd.DataFrame, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensuring, "PATIENCE", 0.5)
    for _ in range(2):
        app.dataset.new("flights").df(flights).build()
        app.flow.new("Late flights").definition(app.flow.new("Empty").build()).build()
    with pytest.raises(errors.AmbiguousError, match="2 datasets"):
        app.dataset.new("flights").df(flights).ensure()
    with pytest.raises(errors.AmbiguousError, match="2 datasets"):
        app.flow.new("Another").definition(document).ensure()
    with pytest.raises(errors.AmbiguousError, match="2 flows"):
        app.flow.new("Late flights").ensure()
    with pytest.raises(KeyError, match="get_id"):
        app.datasets()["flights"]


def test_run_variables_replace_arguments_for_that_run_only(
    app: App, flights: pd.DataFrame, document: dict[str, Any]
) -> None:
    app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("Late flights").definition(document).build()
    assert flow.run(min_delay="200", output="very late").status is FlowStatus.SUCCESS
    assert flow.run().status is FlowStatus.SUCCESS
    assert app.datasets["very late"].df()["flight"].tolist() == ['the "red" eye']
    assert app.datasets["late"].df()["flight"].tolist() == LATE


def test_a_failed_run_names_the_facet_and_what_the_platform_said(
    app: App, flights: pd.DataFrame, document: dict[str, Any], fail: Callable[..., dict[str, Any]]
) -> None:
    app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("Broken").definition(fail(document, "raise ValueError('no such luck')")).build()
    log = flow.run()
    assert (log.status, log.erroneous_facet_id) == (FlowStatus.FAILED, "1")
    with pytest.raises(errors.RunFailedError, match="'Broken' ended FAILED at facet 'late'.*no such luck") as caught:
        flow.start().result()
    assert (caught.value.facet_id, caught.value.facet_name, caught.value.transient) == ("1", "late", False)


def test_a_run_is_picked_up_in_another_process(app: App, flights: pd.DataFrame, document: dict[str, Any]) -> None:
    app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("Late flights").definition(document).build()
    kept = json.dumps(flow.start().to_dict())
    with Ikigai(app._client.user_email, app._client._config.api_key, app._client.base_url) as another:
        run = another.flow_run(json.loads(kept))
        assert isinstance(run, FlowRun)
        assert run.result().status is FlowStatus.SUCCESS


def test_a_retry_attaches_to_the_run_and_starts_no_second_one(app: App, ikigai_local: LocalAccount) -> None:
    flow = app.flow.new("Slow").build()
    ikigai_local.control.outcome("Slow", duration=1.0)
    kept: list[dict[str, Any]] = []
    flow.launch(keep=kept.append)
    again = flow.launch(previous=kept[-1])
    assert (again.picked_up, again.attached) == (True, False)
    assert again.result().status is FlowStatus.SUCCESS
    assert flow.launch(previous=kept[0], on_doubt="accept").result() == again.result()
    assert len(flow.run_logs(max_count=10)) == 1


def test_a_busy_flow_is_refused_attached_to_or_waited_for(app: App, ikigai_local: LocalAccount) -> None:
    flow = app.flow.new("Slow").build()
    ikigai_local.control.outcome("Slow", duration=3600)
    first = flow.start()
    with pytest.raises(errors.FlowBusyError, match="'Slow'"):
        flow.start()
    attached = flow.launch(on_busy="attach")
    assert attached.attached
    ikigai_local.control.outcome("Slow")
    opening = threading.Timer(0.5, ikigai_local.control.finish, ["Slow"])
    opening.start()
    waited = flow.launch(on_busy="wait")
    opening.join()
    assert attached.wait() == first.wait()
    assert waited.wait() != first.wait()
    assert len(flow.run_logs(max_count=10)) == 2


def test_a_wait_survives_the_platforms_restart(
    own_platform: LocalPlatform, flights: pd.DataFrame, document: dict[str, Any], fail: Callable[..., dict[str, Any]]
) -> None:
    with Ikigai(own_platform.user_email, own_platform.api_key, own_platform.url) as ikigai:
        app = ikigai.app.new("Survivor").build()
        app.dataset.new("flights").df(flights).build()
        slow = fail(document, "import time\ntime.sleep(1.0)\nresult = data")
        flow = app.flow.new("Slow").definition(slow).build()
        run = flow.start()
        own_platform.kill()
        own_platform.restart()
        log = run.wait(timeout=60)
        assert log == flow.run_logs()[0]
        assert len(flow.run_logs(max_count=10)) == 1
        assert app.datasets["flights"].df().shape == flights.shape
