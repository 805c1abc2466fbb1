"""A report tells another process how a run came out, and a malformed one never tells of a success."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, Flow, FlowStatus
from ikigai_core.errors import InvalidInputError, NotFoundError, RunAmbiguousError, RunFailedError, RunTimeoutError
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration import RunReport


@pytest.fixture
def flow(app: App, document: dict[str, Any], flights: pd.DataFrame) -> Flow:
    app.dataset.new("flights").df(flights).build()
    return app.flow.new("late").definition(document).build()


def told(report: RunReport) -> RunReport:
    """The report as another process reads it, which is of a later release."""
    return RunReport.from_dict(json.loads(json.dumps({**report.to_dict(), "of_a_later_release": 1})))


def test_a_success_is_told_with_all_that_is_known_of_the_run(flow: Flow, app: App) -> None:
    run = flow.launch({"min_delay": "30", "output": "mine"})
    log = run.result(60)
    report = told(RunReport.success(run, log, app_name=app.name, outputs=("mine",)))
    assert report.is_success and report.is_over and not report.is_lost
    assert (report.app_id, report.app_name) == (app.app_id, app.name)
    assert (report.flow_id, report.flow_name) == (flow.flow_id, "late")
    assert report.variables == {"min_delay": "30", "output": "mine"}
    assert (report.attached, report.picked_up, report.outputs) == (False, False, ["mine"])
    assert report.web_url == run.web_url
    assert (report.error, report.message, report.doubt) == ("", "", "")
    assert report.run_log == log
    assert report.run == run.to_dict()


def test_a_failure_is_told_with_its_log_and_whether_it_may_pass(flow: Flow, ikigai_local: LocalAccount) -> None:
    ikigai_local.control.outcome(status="FAILED", message="no column 'delay'")
    run = flow.launch({})
    with pytest.raises(RunFailedError) as caught:
        run.result(60)
    report = told(RunReport.failure(caught.value, run))
    assert (report.is_success, report.is_over, report.transient) == (False, True, False)
    assert (report.error, report.message) == ("RunFailedError", str(caught.value))
    assert report.run_log == caught.value.run_log
    assert report.run_log.status is FlowStatus.FAILED
    assert report.outputs is None


def test_a_run_that_goes_on_is_told_without_a_log(flow: Flow, ikigai_local: LocalAccount) -> None:
    ikigai_local.control.outcome(duration=20.0)
    run = flow.launch({})
    with pytest.raises(RunTimeoutError) as caught:
        run.result(0.2)
    report = told(RunReport.failure(caught.value, run))
    assert (report.log, report.is_over, report.error) == (None, False, "RunTimeoutError")
    attached = flow.launch({}, on_busy="attach")
    report = told(RunReport.failure(caught.value, attached))
    assert (report.attached, report.variables) == (True, None)


def test_the_run_of_a_report_is_followed_by_who_reads_it(flow: Flow, async_ikigai_client: AsyncIkigai) -> None:
    run = flow.launch({})
    run.result(60)
    report = told(RunReport.success(run, run.result(60)))
    assert report.run is not None
    assert async_ikigai_client.flow_run(report.run).log_id == run.log_id


def test_a_failure_before_there_is_a_run_is_told(app: App) -> None:
    with pytest.raises(NotFoundError) as caught:
        app.flows["missing"]
    report = told(RunReport.failure(caught.value, app_name=app.name, flow_name="missing"))
    assert (report.error, report.app_name, report.flow_name, report.run) == ("NotFoundError", app.name, "missing", None)


def test_a_run_of_which_nobody_can_tell_how_it_ended_is_lost() -> None:
    report = told(RunReport.failure(RunAmbiguousError("one of two")))
    assert (report.is_lost, report.is_over, report.is_success) == (True, False, False)


LOG = {"log_id": "1", "status": "SUCCESS", "user": "bob@example.com", "timestamp": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "data",
    [
        None,
        "SUCCESS",
        {},
        {"log": None},
        {"log": {}},
        {"log": {**LOG, "status": "FAILED"}},
        {"log": {**LOG, "status": "RUNNING"}},
        {"log": "SUCCESS"},
        {"log": LOG, "error": None},
        {"log": LOG, "error": 0},
        {"log": LOG, "outputs": "late"},
        {"log": LOG, "attached": "false"},
        {"log": LOG, "doubt": None},
    ],
)
def test_what_does_not_say_how_the_run_ended_is_refused(data: Any) -> None:
    with pytest.raises(InvalidInputError):
        RunReport.from_dict(data)


def test_the_least_that_says_success_or_failure_is_read() -> None:
    assert RunReport.from_dict({"log": LOG}).is_success
    failed = RunReport.from_dict({"error": "RunFailedError", "log": LOG})
    assert not failed.is_success
