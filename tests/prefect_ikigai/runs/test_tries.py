"""Another try follows the run that an earlier one started; nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import flow

from ikigai_core import FlowStatus, RunLog
from ikigai_core.local.control import LocalControl
from ikigai_core.runs import copies
from prefect_ikigai import IkigaiCredentials, report_left_runs, run_flow, start_flow
from prefect_ikigai.naming import artifact_key
from tests.prefect_ikigai.servers import eventually, meanwhile


def test_a_retried_task_follows_the_run_that_it_started(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy = make_flow(lasts=3600)

    def end_the_run(*_: Any) -> bool:
        copy.finish()
        return True

    @flow
    def run() -> RunLog:
        # The first try gives up long before the run's end, and the next one goes on.
        stubborn = run_flow.with_options(retries=5, retry_delay_seconds=0, retry_condition_fn=end_the_run)
        return stubborn(credentials, app, copy.name, timeout=0.5)

    state = run(return_state=True)
    assert state.is_completed(), state.message
    assert [log.status for log in copy.runs()] == [FlowStatus.SUCCESS]
    assert "the run of an earlier attempt" in prefect_server.logs(
        state.state_details.flow_run_id, until="ended: SUCCESS"
    )
    (note,) = prefect_server.notes(state.state_details.flow_run_id)
    assert note["phase"] == "taken" and "of task run" in note["taken_by"]


def test_a_flow_run_that_is_tried_again_after_a_failure_starts_a_new_run(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    # Longer than any event of Prefect's may be.
    copy = make_flow(fails=f"not today{'!' * 2_000_000}")

    @flow(retries=1)
    def run() -> None:
        run_flow(credentials, app, copy.name)

    state = run(return_state=True)
    assert state.is_failed() and "RunFailedError" in str(state.message)
    assert len(copy.runs()) == 2


def test_tasks_of_one_flow_run_have_runs_of_their_own(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    copy = make_flow(lasts=2.0)

    @flow
    def run() -> list[RunLog]:
        first = run_flow.submit(credentials, app, copy.name)
        copy.wait_for(FlowStatus.RUNNING)
        second = run_flow.submit(credentials, app, copy.name)
        return [first.result(), second.result()]

    first, second = run()
    assert {first.log_id, second.log_id} == {log.log_id for log in copy.runs()}
    assert first.log_id != second.log_id


def test_what_has_succeeded_is_not_run_again_and_what_has_failed_is(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    good, bad = make_flow("Good"), make_flow("Bad", fails="not today")

    @flow(retries=1)
    def run() -> list[RunLog]:
        first = run_flow(credentials, app, good.name, {"output": "one"})
        alike = [run_flow(credentials, app, good.name, {"output": "two"}) for _ in range(2)]
        try:
            return [first, *alike, run_flow(credentials, app, bad.name)]
        finally:
            bad.lasts(0)

    state = run(return_state=True)
    logs = state.result()
    assert sorted(log.log_id for log in logs[:3]) == sorted(log.log_id for log in good.runs())
    assert [log.status for log in bad.runs()] == [FlowStatus.SUCCESS, FlowStatus.FAILED]
    assert "of an earlier attempt, which has ended" in prefect_server.logs(
        state.state_details.flow_run_id, until="which has ended"
    )
    assert {run["phase"] for run in prefect_server.notes(state.state_details.flow_run_id)} == {"taken"}


def test_a_subflow_and_what_it_calls_return_what_they_had_when_their_caller_is_tried_again(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    copy = make_flow()
    tries = []

    @flow
    def inner(output: str) -> RunLog:
        return run_flow(credentials, app, copy.name, {"output": output})

    @flow(retries=1)
    def middle() -> list[RunLog]:
        logs = [inner("one"), inner("two")]
        tries.append(logs)
        if len(tries) == 1:
            raise RuntimeError("something else goes wrong")
        return logs

    @flow(retries=1)
    def outer() -> list[RunLog]:
        logs = [*middle(), run_flow(credentials, app, copy.name, {"output": "three"})]
        tries.append(logs)
        if len(tries) == 3:
            raise RuntimeError("something else goes wrong")
        return logs

    logs = outer()
    assert tries == [logs[:2], logs[:2], logs, logs[:2], logs]
    assert logs == copy.runs()[::-1]


def test_a_new_flow_run_runs_anew(credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]) -> None:
    copy = make_flow()

    @flow
    def run() -> RunLog:
        return run_flow(credentials, app, copy.name, {"output": "the same"})

    assert [run(), run()] == copy.runs()[::-1]


def test_a_new_flow_run_runs_anew_beside_one_that_failed_after_its_run_was_over(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    copy = make_flow()

    @flow
    def run(fails: bool) -> RunLog:
        log = run_flow(credentials, app, copy.name)
        if fails:
            raise RuntimeError("something else goes wrong")
        return log

    assert run(True, return_state=True).is_failed()
    assert run(False) == copy.runs()[0]
    assert len(copy.runs()) == 2


def test_a_run_that_is_over_is_not_reported_as_left(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy, going = make_flow(), make_flow("Going", lasts=600)

    @flow(on_failure=[report_left_runs])
    def run() -> None:
        run_flow(credentials, app, copy.name)
        start_flow(credentials, app, going.name)
        raise RuntimeError("something else goes wrong")

    state = run(return_state=True)
    reports = prefect_server.artifacts(state.state_details.flow_run_id, "markdown")
    assert [shown.key for shown in reports if shown.key.endswith("-left")] == [artifact_key(app, "Going", "left")]
    going.finish()


def test_a_flow_run_that_lost_sight_of_its_run_is_told_what_to_do_and_starts_anew_when_it_is_retried(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], control: LocalControl, prefect_server: Any
) -> None:
    copying = make_flow()
    # For the private copy, too.
    control.outcome(duration=3600)

    def delete_the_copy() -> None:
        with credentials.get_client() as ikigai:
            flows = ikigai.apps[app].flows
            is_there = eventually(
                lambda: [name for name in flows() if copies.original_of(name)], lambda: "no copy was made"
            )
            eventually(lambda: not flows[is_there[0]].status().is_idle, lambda: "the copy never ran")
            control.outcome(duration=0)
            flows[is_there[0]].delete()

    @flow(retries=1)
    def run() -> RunLog:
        return run_flow(credentials, app, copying.name, isolation="copy")

    with meanwhile(delete_the_copy):
        state = run(return_state=True)
    assert state.is_completed(), state.message
    told = prefect_server.logs(state.state_details.flow_run_id, until="ended: SUCCESS")
    assert "it is not known how its run ended" in told
    assert "to run it again, retry this flow run" in told
