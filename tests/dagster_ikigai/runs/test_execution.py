"""A step's run of a flow: its failures in Dagster's words, its retries, and that it never runs twice."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, build_ikigai_flow_assets, ikigai_assets
from ikigai_core import FlowStatus, Ikigai, RunLog
from ikigai_core.catalog import creating
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform
from tests.dagster_ikigai.instances import values

PATIENT = dg.RetryPolicy(max_retries=2)


def materialize(made: dg.AssetsDefinition, instance: dg.DagsterInstance, **options: Any) -> dg.ExecuteInProcessResult:
    resources = {"ikigai": IkigaiWorkspace()}
    return dg.materialize([made], resources=resources, instance=instance, raise_on_error=False, **options)


def said(result: dg.ExecuteInProcessResult) -> tuple[str, dict[str, Any]]:
    """What the only step that failed said, and the metadata of its failure."""
    [event] = result.filter_events(lambda event: event.is_step_failure)
    data = event.step_failure_data.user_failure_data
    metadata = data.metadata if data else {}
    return event.step_failure_data.error_display_string, {key: entry.value for key, entry in metadata.items()}


def waiting_for(gate: Path) -> str:
    """A script that ends when a file is there."""
    return f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)\nresult = data"


class When(logging.Handler):
    """Does something when the step first says something."""

    def __init__(self, says: str, act: Callable[[], object]) -> None:
        super().__init__()
        self.says, self.acts = says, [act]

    def emit(self, record: logging.LogRecord) -> None:
        if self.says in record.getMessage() and self.acts:
            self.acts.pop()()


def retries(result: dg.ExecuteInProcessResult) -> int:
    return len(result.filter_events(lambda event: event.is_step_up_for_retry))


def test_a_failed_facet_fails_the_step_for_good(
    scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance, platform_runs: Callable[[], list[RunLog]]
) -> None:
    flow = scripted("raise ValueError('there is no Tuesday')")
    result = materialize(build_ikigai_flow_assets(flow, retry_policy=PATIENT), instance)
    description, metadata = said(result)
    assert metadata["ikigai/error"] == "RunFailedError"
    assert "'work on them'" in description
    assert "there is no Tuesday" in description
    assert metadata["ikigai/facet"] == "work on them"
    assert "there is no Tuesday" in metadata["ikigai/message"]
    [log] = platform_runs()
    assert (metadata["ikigai/run_log_id"], metadata["ikigai/run_status"]) == (log.log_id, "FAILED")
    assert retries(result) == 0
    run = instance.get_run_by_id(result.run_id)
    assert run is not None and run.tags["dagster/retry_on_asset_or_op_failure"] == "false"


def test_connections_that_are_reset_before_the_start_are_worth_a_retry(
    scripted: Callable[..., IkigaiFlow],
    ikigai_local: LocalAccount,
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(creating, "LOOK_FOR", 1.0)
    ikigai_local.control.fault("create-pipeline", cut=True, user=ikigai_local.user_email, times=1)
    result = materialize(build_ikigai_flow_assets(scripted(), retry_policy=PATIENT), instance)
    assert result.success
    run = instance.get_run_by_id(result.run_id)
    assert run is not None and "dagster/retry_on_asset_or_op_failure" not in run.tags
    assert len(platform_runs()) == 1


def test_a_retried_step_takes_up_the_run_that_it_started(
    scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance, platform_runs: Callable[[], list[RunLog]]
) -> None:
    flow = scripted()

    @ikigai_assets(flow=flow, retry_policy=PATIENT)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        results = list(ikigai.run_flow(context, flow, variables={"output": f"try {context.retry_number}"}))
        if context.retry_number < 2:
            raise ConnectionResetError("the worker was lost")
        yield from results

    result = materialize(worked_on, instance)
    assert result.success
    assert retries(result) == 2
    [log] = platform_runs()
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["ikigai/run_log_id"].value == log.log_id
    # The run that was picked up wrote under the name that it was started with.
    assert event.materialization.metadata["ikigai/run_variables"].value == {"output": "try 0"}


def test_a_busy_flow_is_worth_a_retry_and_nothing_is_started(
    scripted: Callable[..., IkigaiFlow],
    ikigai_client: Ikigai,
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    flow = scripted(waiting_for(gate))
    app = ikigai_client.apps[flow.app]
    other = app.flow.new(flow.name).definition(flow.definition).ensure().start()
    result = materialize(build_ikigai_flow_assets(flow, on_busy="fail", retry_policy=PATIENT), instance)
    gate.touch()
    assert "is running already" in said(result)[0]
    assert retries(result) == 2
    log = other.wait()
    assert platform_runs() == [log]


def test_a_busy_flow_can_be_attached_to(
    scripted: Callable[..., IkigaiFlow],
    ikigai_client: Ikigai,
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    flow = scripted(waiting_for(gate))
    app = ikigai_client.apps[flow.app]
    app.flow.new(flow.name).definition(flow.definition).ensure().start()

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        context.log.addHandler(When("following somebody else's run", gate.touch))
        yield from ikigai.run_flow(context, flow, on_busy="attach")

    result = materialize(worked_on, instance)
    assert result.success
    [log] = platform_runs()
    [event] = result.get_asset_materialization_events()
    told = values(event.materialization.metadata)
    assert (told["ikigai/attached"], told["ikigai/run_log_id"]) == (True, log.log_id)
    # What it was started with, and what it wrote, nobody here knows.
    unknown = ("ikigai/run_variables", "dagster/row_count", "ikigai/dataset_id", "ikigai/preview")
    assert not [name for name in unknown if name in told]


def test_following_ends_in_time_and_says_that_the_run_goes_on(
    scripted: Callable[..., IkigaiFlow],
    instance: dg.DagsterInstance,
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    flow = scripted(waiting_for(gate))
    result = materialize(build_ikigai_flow_assets(flow, timeout=1.0, retry_policy=PATIENT), instance)
    assert "did not end within" in said(result)[0]
    assert "The run continues" in said(result)[0]
    assert retries(result) == 0
    gate.touch()


def test_the_wait_for_a_busy_flow_and_the_run_share_one_deadline(
    scripted: Callable[..., IkigaiFlow],
    ikigai_client: Ikigai,
    ikigai_local: LocalAccount,
    instance: dg.DagsterInstance,
) -> None:
    flow = scripted()
    remote = ikigai_client.apps[flow.app].flow.new(flow.name).definition(flow.definition).ensure()
    ikigai_local.control.outcome(duration=600)
    ikigai_local.control.outcome(duration=4, times=1)

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        remote.launch()
        yield from ikigai.run_flow(context, flow, timeout=8.0)

    found = re.search(r"did not end within (\S+) s", said(materialize(worked_on, instance))[0])
    assert found is not None
    assert float(found[1]) < 7


def test_a_restart_of_the_platform_ends_in_the_platforms_own_words(
    scripted: Callable[..., IkigaiFlow],
    ikigai_local_server: LocalPlatform,
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    tmp_path: Path,
) -> None:
    flow = scripted(waiting_for(tmp_path / "gate"))

    def restart() -> None:
        ikigai_local_server.kill()
        threading.Timer(1, ikigai_local_server.restart).start()

    @ikigai_assets(flow=flow, retry_policy=PATIENT)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        context.log.addHandler(When("RUNNING", restart))
        yield from ikigai.run_flow(context, flow)

    result = materialize(worked_on, instance)
    assert "The platform was stopped while this run was under way" in said(result)[0]
    assert retries(result) == 0
    assert [log.status for log in platform_runs()] == [FlowStatus.FAILED]


def test_a_wrong_key_is_one_clear_error(
    scripted: Callable[..., IkigaiFlow],
    ikigai_local: LocalAccount,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IKIGAI_API_KEY", "a-key-that-nobody-may-see")
    result = materialize(build_ikigai_flow_assets(scripted(), retry_policy=PATIENT), instance)
    description, _ = said(result)
    assert ikigai_local.url in description
    assert ikigai_local.user_email in description
    assert retries(result) == 0
    recorded = " ".join(str(entry) for entry in instance.all_logs(result.run_id))
    assert "a-key-that-nobody-may-see" not in recorded


def test_a_dataset_that_is_not_there_fails_for_good_and_starts_nothing(
    app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai
) -> None:
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "nubmers"},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "numbers",
            "arguments": {"dataset_name": "out", "file_type": "csv"},
        },
    }
    made = build_ikigai_flow_assets(IkigaiFlow(app, "Scripted", {"facets": facets}), retry_policy=PATIENT)
    result = materialize(made, instance)
    assert "Did you mean 'numbers'" in said(result)[0]
    assert retries(result) == 0
    assert len(ikigai_client.apps[app].flows()) == 0


def test_a_variable_that_the_flow_lacks_fails_before_anything_is_sent(
    scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance, requests_sent: Callable[[], int]
) -> None:
    flow = scripted()

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        yield from ikigai.run_flow(context, flow, variables={"ouput": "elsewhere"})

    before = requests_sent()
    assert "no run variable 'ouput', but: 'output'" in said(materialize(worked_on, instance))[0]
    assert requests_sent() == before


def test_a_step_of_another_flow_is_refused_before_anything_is_sent(
    scripted: Callable[..., IkigaiFlow], app: str, instance: dg.DagsterInstance, requests_sent: Callable[[], int]
) -> None:
    flow = scripted()
    other = IkigaiFlow(app, "Another", flow.definition.to_dict())

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        yield from ikigai.run_flow(context, other)

    before = requests_sent()
    result = materialize(worked_on, instance)
    [event] = result.filter_events(lambda event: event.is_step_failure)
    assert "has no asset for facet 'out' of IkigaiFlow" in str(event.step_failure_data.error_display_string)
    assert requests_sent() == before
