"""What a step notes of its run of a flow is found by its next try, and by the Dagster run that re-executes it.

That the worker is killed for real, and by whom it is replaced, is tried on the deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import (
    IkigaiFlow,
    IkigaiWorkspace,
    build_ikigai_flow_assets,
    build_ikigai_run_sensor,
    ikigai_assets,
)
from dagster_ikigai.run_store import EventRunStore
from dagster_ikigai.sensors.cursor import Cursor
from ikigai_core import FlowStatus, RunLog
from ikigai_core.orchestration import RunStore, SupersededError
from ikigai_core.orchestration.testing import RunStoreContract

from .instances import StepContext, a_run

KEY = dg.AssetKey("noted")


class TestContractForReexecutions(RunStoreContract):
    @pytest.fixture(autouse=True)
    def _of_an_instance(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.tries: dict[str, list[dg.DagsterRun]] = {}

    def a_try(self, work: str, number: int) -> RunStore:
        tries = self.tries.setdefault(work, [])
        while len(tries) < number:
            tries.append(a_run(self.instance, tries[-1] if tries else None))
        return EventRunStore(StepContext(self.instance, tries[number - 1], "step"), KEY, work)


class TestContractForRetriesOfSteps(RunStoreContract):
    @pytest.fixture(autouse=True)
    def _of_a_run(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.run = instance, a_run(instance)

    def a_try(self, work: str, number: int) -> RunStore:
        return EventRunStore(StepContext(self.instance, self.run, f"step {work}", number - 1), KEY, work)


def stores(instance: dg.DagsterInstance, *, step: str = "step", work: str = "work") -> list[EventRunStore]:
    """Those of a Dagster run, of its re-execution, and of that one's."""
    first = a_run(instance)
    second = a_run(instance, first)
    runs = [first, second, a_run(instance, second)]
    return [EventRunStore(StepContext(instance, run, step), KEY, work) for run in runs]


def noted(phase: str, **changes: object) -> dict[str, object]:
    return {"phase": phase, "flow_id": "flow", **changes}


ENDED = noted("ended", log={"log_id": "log", "status": "SUCCESS"})


def test_a_result_is_returned_by_re_executions_until_the_steps_success_is_recorded(
    instance: dg.DagsterInstance,
) -> None:
    first, second, third = stores(instance)
    first.note(ENDED)
    first.take(ENDED)
    assert (second.find() or {})["phase"] == "taken"
    second._context.succeed()
    assert third.find() is None


def test_a_run_that_failed_is_not_returned(instance: dg.DagsterInstance) -> None:
    first, second, _ = stores(instance)
    first.note(noted("ended", log={"log_id": "log", "status": "FAILED"}))
    assert second.find() is None


def test_a_re_execution_that_noted_nothing_is_looked_through(instance: dg.DagsterInstance) -> None:
    first, _, third = stores(instance)
    first.note(noted("started"))
    assert third.find() == noted("started")


def test_other_work_in_a_re_execution_takes_over_nothing(instance: dg.DagsterInstance) -> None:
    first, second, _ = stores(instance)
    second._work = "other work"
    first.note(noted("prepared"))
    assert second.find() is None
    second.note(noted("prepared"))
    first.note(noted("started"))


def test_who_takes_over_says_so_before_it_looks(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = stores(instance)
    first.note(noted("prepared", copy_name="copy"))
    write = second._write

    def meanwhile(*arguments: object) -> None:
        # The earlier try goes on until the takeover is written down, and is stopped by its next note.
        monkeypatch.setattr(second, "_write", write)
        first.note(noted("copied", copy_name="copy"))
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(second, "_write", meanwhile)
    assert (second.find() or {})["phase"] == "copied"
    with pytest.raises(SupersededError):
        first.note(noted("started", copy_name="copy"))


def test_a_lookup_reads_nothing_of_other_dagster_runs(instance: dg.DagsterInstance) -> None:
    for _ in range(3):
        [store, *_] = stores(instance)
        store.note(noted("started"))
    read: list[str] = []
    get = instance.get_records_for_run
    instance.get_records_for_run = lambda run_id, **options: read.append(run_id) or get(run_id, **options)  # type: ignore[assignment,func-returns-value]
    first, second, _ = stores(instance)
    assert second.find() is None
    assert read == [second._run_id, first._run_id]


asked: list[IkigaiFlow] = []
"""The flow of the job that is executed. Dagster makes a job once in a process: each test has one of its own."""


looks: list[Callable[[], object]] = []
"""What is done when the platform's run is over and the step has not reported it yet."""


def job() -> dg.JobDefinition:
    [flow] = asked

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        results = list(ikigai.run_flow(context, flow))
        for look in looks:
            look()
        if "fails" in context.run.tags:
            raise ConnectionResetError("the worker was lost")
        yield from results
        if "dies" in context.run.tags:
            # Like a process that was killed: from here on nothing is written down.
            context.instance.handle_new_event = lambda *_, **__: None

    definitions = dg.Definitions(
        assets=[worked_on],
        jobs=[dg.define_asset_job("job")],
        resources={"ikigai": IkigaiWorkspace()},
        executor=dg.in_process_executor,
    )
    return definitions.resolve_job_def("job")


def another_job() -> dg.JobDefinition:
    return job()


def third_job() -> dg.JobDefinition:
    return job()


@pytest.fixture
def execute(instance: dg.DagsterInstance) -> Iterator[Callable[..., bool]]:
    """Runs the job, as a re-execution where there was a run before; tells whether it succeeded."""

    def run(made: Callable[[], dg.JobDefinition], flow: IkigaiFlow, **tags: str) -> bool:
        asked[:] = [flow]
        parents = instance.get_runs(limit=1)
        again = dg.ReexecutionOptions(parent_run_id=parents[0].run_id) if parents else None
        with dg.execute_job(dg.reconstructable(made), instance, tags=tags, reexecution_options=again) as result:
            return result.success

    yield run
    asked.clear()
    looks.clear()


def run_log_ids(instance: dg.DagsterInstance) -> list[str]:
    """What the materializations say that they come from, newest first."""
    [key] = instance.get_asset_keys()
    events = [record.asset_materialization for record in instance.fetch_materializations(key, limit=10).records]
    return [str(event.metadata["ikigai/run_log_id"].value) for event in events if event is not None]


def test_work_that_is_over_is_done_anew_when_it_is_re_executed(
    scripted: Callable[..., IkigaiFlow],
    execute: Callable[..., bool],
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    tmp_path: Path,
) -> None:
    tries = str(tmp_path / "tries")
    flow = scripted(
        f"open({tries!r}, 'a').write('x')\nassert open({tries!r}).read() != 'x', 'it is off'\nresult = data"
    )
    assert [execute(job, flow) for _ in range(3)] == [False, True, True]
    logs = platform_runs()
    assert [log.status for log in logs] == [FlowStatus.SUCCESS, FlowStatus.SUCCESS, FlowStatus.FAILED]
    assert run_log_ids(instance) == [log.log_id for log in logs[:2]]


def test_a_step_that_died_with_its_report_made_reports_the_same_run_again(
    scripted: Callable[..., IkigaiFlow],
    execute: Callable[..., bool],
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
) -> None:
    flow = scripted()
    execute(another_job, flow, dies="yes")
    del instance.handle_new_event
    assert execute(another_job, flow)
    [log] = platform_runs()
    assert run_log_ids(instance) == [log.log_id, log.log_id]


def test_a_run_that_was_taken_up_is_for_the_re_execution_to_report_and_not_for_a_sensor(
    scripted: Callable[..., IkigaiFlow],
    execute: Callable[..., bool],
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = scripted()
    assert not execute(third_job, flow, fails="yes")
    # The run that started it ended long ago: only that it was taken up keeps it from being reported.
    monkeypatch.setattr("dagster_ikigai.sensors.own_runs._SETTLED", -1.0)
    sensor = build_ikigai_run_sensor([build_ikigai_flow_assets(flow)], workspace=IkigaiWorkspace())
    cursor = Cursor({f"{flow.app}/{flow.name}": ""}).dump()
    seen: list[int] = []

    def tick() -> None:
        seen.append(len(sensor.evaluate_tick(dg.build_sensor_context(instance, cursor)).asset_events))

    # In the end, a Dagster run that does not report it counts as stuck.
    looks.extend([tick, lambda: monkeypatch.setattr("dagster_ikigai.sensors.own_runs._STUCK", -3600.0), tick])
    assert execute(third_job, flow)
    assert seen == [0, 1]
    assert run_log_ids(instance) == [log.log_id for log in platform_runs()]


@pytest.mark.parametrize("form", [0, 2])
def test_notes_of_another_form_stop_the_step(
    scripted: Callable[..., IkigaiFlow],
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    form: int,
) -> None:
    flow = scripted()

    @ikigai_assets(flow=flow, retry_policy=dg.RetryPolicy(max_retries=1))
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        if context.retry_number == 0:
            note = {"version": form, "place": "elsewhere"}
            context.log_event(dg.AssetObservation(context.asset_key, metadata={"ikigai/run": note}))
            raise ConnectionResetError("the worker was lost")
        yield from ikigai.run_flow(context, flow)

    result = dg.materialize(
        [worked_on], resources={"ikigai": IkigaiWorkspace()}, instance=instance, raise_on_error=False
    )
    [event] = result.filter_events(lambda event: event.is_step_failure)
    said = event.step_failure_data.error_display_string
    assert f"is of form {form}, and this release of dagster-ikigai reads form 1. Starting the flow now could" in said
    assert "use the release that wrote it, or materialize the asset in a new run" in said
    assert platform_runs() == []


def test_a_first_try_reads_no_notes_however_many_there_are(instance: dg.DagsterInstance) -> None:
    run = a_run(instance)
    for number in range(5):
        EventRunStore(StepContext(instance, run, f"step {number}"), KEY, "work").note(noted("started"))
    pages: list[int] = []
    get = instance.get_records_for_run

    def counted(*arguments: Any, **options: Any) -> Any:
        page = get(*arguments, **options)
        pages.append(len(page.records))
        return page

    instance.get_records_for_run = counted  # type: ignore[method-assign]
    store = EventRunStore(StepContext(instance, run, "step"), KEY, "work")
    assert store.find() is None
    store.note(noted("started"))
    # The newest event, to know where the others end, and what this try wrote itself.
    assert pages == [1, 2]


def test_an_assets_page_shows_one_line_for_a_step_and_no_json(
    scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance
) -> None:
    made = build_ikigai_flow_assets(scripted(), workspace=IkigaiWorkspace())
    result = dg.materialize([made], instance=instance)
    [key] = made.keys
    [record] = instance.fetch_observations(key, limit=10).records
    observation = record.asset_observation
    assert observation is not None
    assert observation.metadata == {"ikigai/step_run": dg.MetadataValue.dagster_run(result.run_id)}
    phases = [
        entry.dagster_event.message
        for entry in instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        if entry.dagster_event and "Ikigai flow" in (entry.dagster_event.message or "")
    ]
    assert phases == [f"Run of Ikigai flow: {phase}." for phase in ("prepared", "started", "ended", "taken")]


def test_many_observations_of_others_do_not_hide_a_note(
    scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance, platform_runs: Callable[[], list[RunLog]]
) -> None:
    flow = scripted()

    @ikigai_assets(flow=flow, retry_policy=dg.RetryPolicy(max_retries=1))
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        results = list(ikigai.run_flow(context, flow))
        if context.retry_number == 0:
            for number in range(120):
                instance.report_runless_asset_event(dg.AssetObservation(context.asset_key, metadata={"number": number}))
            raise ConnectionResetError("the worker was lost")
        yield from results

    result = dg.materialize([worked_on], resources={"ikigai": IkigaiWorkspace()}, instance=instance)
    assert result.success
    assert len(platform_runs()) == 1
