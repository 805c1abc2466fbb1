"""Whose run it is: lost and late answers, contention, private copies, on a real instance with no pool configured."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import (
    FlowSettings,
    IkigaiAppState,
    IkigaiFlow,
    IkigaiFlowComponent,
    IkigaiWorkspace,
    RunIkigaiFlowConfig,
    build_ikigai_flow_assets,
    ikigai_assets,
    run_ikigai_flow_op,
)
from ikigai_core import Ikigai
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control.client import BegunRun
from ikigai_core.orchestration import StartOptions
from ikigai_core.runs import copies, lost_start
from tests.chaos.proxy import FaultingProxy
from tests.dagster_ikigai.instances import COMPUTE_LOGS, values

DAYS = dg.StaticPartitionsDefinition(["Mon", "Tue", "Wed"])
RESOURCES = {"ikigai": IkigaiWorkspace()}
Materialize = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def persistent(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance as it is by default: on SQLite, with no pool and no limit."""
    with dg.DagsterInstance.local_temp(str(tmp_path), {"compute_logs": COMPUTE_LOGS}) as made:
        yield made


@pytest.fixture
def flow(
    scripted: Callable[..., IkigaiFlow], ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IkigaiFlow]:
    """A flow that is there, whose runs take no time and write; looks are short."""
    monkeypatch.setattr(lost_start, "LOOK_FOR", 2.0)
    monkeypatch.setattr(copies, "_ARMED_LOOK", 1.0)
    monkeypatch.setattr(copies, "_FENCED_LOOK", 1.0)
    ikigai_local.control.outcome(duration=0.1, writes=True)
    made = scripted()
    with IkigaiWorkspace().get_client() as ikigai:
        made.remote(ikigai)
    yield made
    ikigai_local.control.reset()


@pytest.fixture
def began(ikigai_local: LocalAccount) -> Callable[[], list[tuple[str, str]]]:
    """The runs that the platform began: the output of each, and how it ended."""

    def told(run: BegunRun) -> tuple[str, str]:
        return str(run.variables.get("output")), run.status

    return lambda: sorted(told(run) for run in ikigai_local.control.runs(ikigai_local.user_email))


def materialize(assets: Any, instance: dg.DagsterInstance, day: str | None = None) -> dg.ExecuteInProcessResult:
    return dg.materialize([assets], resources=RESOURCES, instance=instance, partition_key=day, raise_on_error=False)


def side_by_side(*work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def error_of(result: dg.ExecuteInProcessResult) -> str:
    [event] = result.filter_events(lambda event: event.is_step_failure)
    return str(event.step_failure_data.user_failure_data.metadata["ikigai/error"].value)


def told(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    [event] = result.get_asset_materialization_events()
    return values(event.materialization.metadata)


def test_partitions_run_side_by_side_on_copies_that_go_with_them(
    flow: IkigaiFlow,
    persistent: dg.DagsterInstance,
    ikigai_local: LocalAccount,
    ikigai_client: Ikigai,
    began: Callable[[], list[tuple[str, str]]],
) -> None:
    ikigai_local.control.outcome(duration=3.0, writes=True)
    assets = build_ikigai_flow_assets(flow, isolation="copy", partitions_def=DAYS)
    results: dict[str, dg.ExecuteInProcessResult] = {}
    states: list[IkigaiAppState] = []

    def work(day: str) -> None:
        results[day] = materialize(assets, persistent, day)

    def look() -> None:
        while len(ikigai_client.apps[flow.app].flows()) < 4:
            time.sleep(0.05)
        states.append(IkigaiAppState.read(IkigaiWorkspace(), flow.app))

    side_by_side(look, *(lambda day=day: work(day) for day in ("Mon", "Tue", "Wed")))
    assert began() == [(f"worked on {day}", "SUCCESS") for day in ("Mon", "Tue", "Wed")]
    runs = ikigai_local.control.runs(ikigai_local.user_email)
    assert max(run.began for run in runs) < min(run.ended for run in runs)
    by_output = {run.variables["output"]: run.run_id for run in runs}
    assert {day: told(result)["ikigai/run_log_id"] for day, result in results.items()} == {
        day: by_output[f"worked on {day}"] for day in results
    }
    # Copies are no flows of the app, and do not outlive their runs.
    assert [found.name for found in states[0].flows] == ["Scripted"]
    assert list(ikigai_client.apps[flow.app].flows()) == ["Scripted"]
    assert ikigai_client.apps[flow.app].flows["Scripted"].run_logs(10) == []


def test_a_copy_can_be_kept(flow: IkigaiFlow, persistent: dg.DagsterInstance, ikigai_client: Ikigai) -> None:
    result = materialize(build_ikigai_flow_assets(flow, isolation="copy", keep_copies=True), persistent)
    name = told(result)["ikigai/copy_name"]
    assert copies.original_of(name) == "Scripted"
    assert name in ikigai_client.apps[flow.app].flows()


def test_a_lost_answer_is_proven_by_the_lease_and_no_doubt_is_told(
    flow: IkigaiFlow,
    persistent: dg.DagsterInstance,
    ikigai_local: LocalAccount,
    began: Callable[[], list[tuple[str, str]]],
) -> None:
    ikigai_local.control.fault("run-pipeline", when="after", cut=True, user=ikigai_local.user_email)
    metadata = told(materialize(build_ikigai_flow_assets(flow, variables={"output": "mine"}), persistent))
    assert began() == [("mine", "SUCCESS")]
    assert "ikigai/doubt" not in metadata


@pytest.mark.parametrize("kind", ["asset", pytest.param("op", marks=pytest.mark.soak)])
def test_under_contention_a_lost_answer_costs_nobody_else_their_run(
    flow: IkigaiFlow,
    persistent: dg.DagsterInstance,
    ikigai_local: LocalAccount,
    began: Callable[[], list[tuple[str, str]]],
    kind: str,
) -> None:
    ikigai_local.control.fault("run-pipeline", cut=True, user=ikigai_local.user_email, probability=0.4, seed=3)
    results: dict[str, bool] = {}

    @dg.job(resource_defs=RESOURCES)
    def op() -> None:
        run_ikigai_flow_op.alias("step")()

    def work(output: str) -> None:
        if kind == "asset":
            assets = build_ikigai_flow_assets(flow, variables={"output": output}, name=output)
            results[output] = materialize(assets, persistent).success
            return
        config = {"app": flow.app, "flow": flow.name, "variables": {"output": output}}
        run_config = {"ops": {"step": {"config": config}}}
        results[output] = op.execute_in_process(run_config, persistent, raise_on_error=False).success

    side_by_side(*(lambda output=f"out_{number}": work(output) for number in range(6)))
    # Who ended well has a run of its own, and who has not did not end well; there are both.
    assert began() == [(output, "SUCCESS") for output in sorted(results) if results[output]]
    assert set(results.values()) == {True, False}


def test_without_a_lease_a_lost_answer_fails_for_good_unless_a_guess_is_wanted(
    flow: IkigaiFlow, instance: dg.DagsterInstance, ikigai_local: LocalAccount, caplog: pytest.LogCaptureFixture
) -> None:
    from dagster_ikigai.runs import starting

    starting._warn_of_no_leases.cache_clear()
    for on_doubt in ("fail", "accept"):
        ikigai_local.control.fault("run-pipeline", when="after", cut=True, user=ikigai_local.user_email)
        assets = build_ikigai_flow_assets(flow, on_doubt=on_doubt, retry_policy=dg.RetryPolicy(max_retries=2))
        result = materialize(assets, instance)
        if on_doubt == "accept":
            assert "was lost" in told(result)["ikigai/doubt"]
        else:
            assert error_of(result) == "StartUnknownError"
            assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert [record.message for record in caplog.records if "no concurrency limits" in record.message]


def test_an_output_of_its_own_proves_a_run(
    flow: IkigaiFlow, instance: dg.DagsterInstance, ikigai_local: LocalAccount
) -> None:
    ikigai_local.control.fault("run-pipeline", when="after", cut=True, user=ikigai_local.user_email)
    assets = build_ikigai_flow_assets(flow, variables={"output": "only mine"}, unique_output="output")
    metadata = told(materialize(assets, instance))
    assert "ikigai/doubt" not in metadata
    assert metadata["ikigai/run_variables"] == {"output": "only mine"}


@pytest.mark.parametrize("isolation", ["shared", "copy"])
def test_a_start_that_arrives_late_makes_one_run(
    flow: IkigaiFlow,
    persistent: dg.DagsterInstance,
    ikigai_local: LocalAccount,
    began: Callable[[], list[tuple[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
    isolation: Any,
) -> None:
    with FaultingProxy(ikigai_local.url) as proxy:
        monkeypatch.setenv("IKIGAI_BASE_URL", proxy.url)
        proxy.hold(seconds=8.0)
        assets = build_ikigai_flow_assets(flow, isolation=isolation, variables={"output": "late"})
        result = materialize(assets, persistent)
        proxy.await_delivery(1)
        deadline = time.monotonic() + 30
        while "" in dict(began()).values() and time.monotonic() < deadline:
            time.sleep(0.1)
    assert began() == [("late", "SUCCESS")]
    assert result.success is (isolation == "copy")
    if isolation == "shared":
        assert error_of(result) == "StartUnknownError"


def test_a_run_that_is_being_canceled_starts_nothing(
    flow: IkigaiFlow, persistent: dg.DagsterInstance, began: Callable[[], list[tuple[str, str]]]
) -> None:
    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        persistent.report_run_canceling(context.run)
        yield from ikigai.run_flow(context, flow)

    result = materialize(worked_on, persistent)
    [event] = result.filter_events(lambda event: event.is_step_failure)
    assert "is being canceled" in event.step_failure_data.error_display_string
    assert began() == []


def test_what_the_run_did_not_write_is_not_described(
    flow: IkigaiFlow, persistent: dg.DagsterInstance, ikigai_local: LocalAccount
) -> None:
    assets = build_ikigai_flow_assets(flow)
    first = told(materialize(assets, persistent))
    ikigai_local.control.outcome(duration=3.0)
    # The first of these ends seconds after the dataset was written, the second has that as its baseline.
    second, third = (told(materialize(assets, persistent)) for _ in range(2))
    assert "dagster/row_count" in first
    assert "ikigai/written" not in {**first, **second}
    assert third["ikigai/written"] is False
    assert not [name for name in third if name.startswith("dagster/") or name == "ikigai/dataset_id"]


def test_an_output_that_is_not_there_is_told_and_no_failure(
    flow: IkigaiFlow, instance: dg.DagsterInstance, ikigai_local: LocalAccount
) -> None:
    ikigai_local.control.outcome(duration=0.1)
    assert told(materialize(build_ikigai_flow_assets(flow), instance))["ikigai/written"] is False


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"isolation": "copies"}, "isolation is 'copies': choose 'shared' or 'copy'"),
        ({"on_doubt": "guess"}, "on_doubt is 'guess'"),
        ({"isolation": "copy", "on_busy": "attach"}, "a private copy has none"),
        ({"unique_output": "script"}, "the run variables that name datasets which the flow writes are: 'output'"),
    ],
)
def test_settings_are_checked_when_definitions_load(
    scripted: Callable[..., IkigaiFlow], settings: dict[str, Any], fault: str
) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match=fault):
        build_ikigai_flow_assets(scripted("result = data"), **settings)


@pytest.mark.parametrize(
    "starts",
    [IkigaiWorkspace.run_flow, build_ikigai_flow_assets, RunIkigaiFlowConfig, FlowSettings, IkigaiFlowComponent],
)
def test_all_that_starts_flows_takes_the_same_options(starts: Any) -> None:
    is_model = hasattr(starts, "model_fields")
    taken = starts.model_fields if is_model else inspect.signature(starts).parameters
    for option in fields(StartOptions):
        assert (taken[option.name].default, option.name) == (option.default, option.name)
