"""One task, one run: whatever a try dies of, the next one takes the same run; who clears a task gets another."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Container
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import unquote

import pytest
from airflow.sdk import DAG, AssetAlias, chain, task

from airflow_provider_ikigai import announcing
from airflow_provider_ikigai.assets import dataset_asset
from airflow_provider_ikigai.operators import flow_run
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.run_store import TaskRunStore
from airflow_provider_ikigai.triggers.base import earliest_event
from airflow_provider_ikigai.triggers.flow_run import IkigaiFlowRunTrigger
from ikigai_core import Flow, FlowRun, Ikigai
from ikigai_core.errors import FlowBusyError
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control.client import ControlError
from ikigai_core.runs import copies, lost_start

MODES = ("shared", "copy")
both_modes = pytest.mark.parametrize("isolation", MODES)


class Died(BaseException):
    """What no part of the provider catches: as if the process had ended here."""


def running(app: str, **arguments: Any) -> DAG:
    """A DAG with one task, ``run``, that runs the flow ``Scripted``."""
    with DAG(f"run_{app.split()[1]}", schedule=None) as dag:
        given = {"retry_delay": timedelta(0), "retries": 1, "variables": {"output": "mine"}, **arguments}
        IkigaiRunFlowOperator(task_id="run", app=app, flow="Scripted", **given)
    return dag


def both_running(app: str, **arguments: Any) -> DAG:
    """A DAG that runs the flow ``Scripted`` in two tasks, ``worker`` and ``deferrable``, one after the other."""
    with DAG(f"run_{app.split()[1]}", schedule=None) as dag:
        given = {"retry_delay": timedelta(0), "retries": 1, "trigger_rule": "all_done", **arguments}
        chain(
            *(
                IkigaiRunFlowOperator(
                    task_id=name,
                    app=app,
                    flow="Scripted",
                    deferrable=name == "deferrable",
                    variables={"output": name},
                    **given,
                )
                for name in ("worker", "deferrable")
            )
        )
    return dag


@pytest.fixture
def flow(make_flow: Callable[..., Flow], ikigai_local: LocalAccount) -> Flow:
    """A flow whose runs write, and are over soon."""
    flow = make_flow("result = data")
    ikigai_local.control.outcome(duration=0.3, writes=True)
    return flow


@pytest.fixture
def held(flow: Flow, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run of the flow goes on until a task takes it up that did not start it."""
    launch = flow_run.launch

    def launched(*args: Any, **kwargs: Any) -> FlowRun:
        run = launch(*args, **kwargs)
        if run.picked_up or run.attached:
            ikigai_local.control.finish(flow.flow_id)
        return run

    ikigai_local.control.outcome(flow.flow_id, duration=900, writes=True, times=1)
    monkeypatch.setattr(flow_run, "launch", launched)


@pytest.fixture
def ends_soon(flow: Flow, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has a run of the flow, which goes on, end once a task has found it going, or may have."""
    launch = flow_run.launch

    def finish() -> None:
        with suppress(ControlError):
            ikigai_local.control.finish(flow.flow_id)

    def launched(*args: Any, **how: Any) -> FlowRun:
        waiting = Timer(0.5, finish)
        if how["isolation"] == "shared":
            waiting.start()
        try:
            return launch(*args, **how)
        except FlowBusyError:
            finish()
            raise

    return lambda: monkeypatch.setattr(flow_run, "launch", launched)


@pytest.fixture
def begun(ikigai_local: LocalAccount, flow: Flow) -> Callable[[], list[Any]]:
    """The runs that began in the flow's app, those of copies too, oldest first."""
    return lambda: [run for run in ikigai_local.control.runs() if run.app_id == flow.app_id]


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes each task, or some, die once, when a function is called, or when it has done its work."""

    def arrange(
        owner: Any,
        name: str,
        *,
        after: bool = False,
        when: Callable[..., bool] = lambda *_: True,
        tasks: Container[str] | None = None,
    ) -> None:
        function, dead = getattr(owner, name), set()

        def dying(*args: Any, **kwargs: Any) -> Any:
            task = os.environ.get("AIRFLOW_CTX_TASK_ID", "")
            dies_now = task not in dead and (tasks is None or task in tasks) and when(*args)
            if dies_now:
                dead.add(task)
            if dies_now and not after:
                raise Died
            result = function(*args, **kwargs)
            if dies_now:
                raise Died
            return result

        monkeypatch.setattr(owner, name, dying)

    return arrange


def in_phase(phase: str) -> Callable[..., bool]:
    return lambda _store, run, *_: run["phase"] == phase


POINTS: dict[str, Callable[[Callable[..., None]], None]] = {
    "the end is to be noted": lambda dies: dies(TaskRunStore, "_note", when=in_phase("ended")),
    "the end was noted": lambda dies: dies(TaskRunStore, "_note", when=in_phase("ended"), after=True),
    "the outputs are to be described": lambda dies: dies(flow_run, "announce"),
    "the outputs were described": lambda dies: dies(flow_run, "announce", after=True),
    "the result is to be taken": lambda dies: dies(TaskRunStore, "take"),
    "the result was taken": lambda dies: dies(TaskRunStore, "take", after=True),
    "the result is to be returned": lambda dies: dies(IkigaiRunFlowOperator, "_raise_failure", after=True),
    "success is to be reported": lambda dies: dies(_runner(), "_handle_current_task_success"),
    "success was refused": lambda dies: dies(_runner(), "_handle_current_task_success", after=True),
}


def _runner() -> Any:
    from airflow.sdk.execution_time import task_runner

    return task_runner


def test_a_try_that_dies_in_the_last_metre_costs_no_second_run(
    run_dag: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    dies: Callable[..., None],
    ikigai_client: Ikigai,
) -> None:
    with DAG(f"last_{app.split()[1]}", schedule=None) as dag:
        for number, (point, arrange) in enumerate(POINTS.items()):
            # On a whole Airflow the same point is met the other way, and in the other mode.
            name, deferrable = f"task_{number}", number % 4 in (0, 3)
            arrange(partial(dies, tasks=[name]))
            IkigaiRunFlowOperator(
                task_id=name,
                app=app,
                flow="Scripted",
                isolation=MODES[number % 2],
                deferrable=deferrable,
                variables={"output": point},
                retries=1,
                retry_delay=timedelta(0),
            )
    ran = run_dag(dag)
    assert ran.states == dict.fromkeys(dag.task_ids, "success"), ran.log
    assert ran.tries == dict.fromkeys(dag.task_ids, 2), ran.log
    own = {run.variables["output"]: run.run_id for run in begun()}
    assert len(own) == len(begun()) == len(dag.task_ids)
    told = {result["outputs"][0]: result["run_log"]["log_id"] for result in ran.results.values()}
    assert told == own
    assert {result["doubt"] for result in ran.results.values()} == {""}
    assert [name for name in ikigai_client.apps[app].flows() if copies.original_of(name)] == []


def test_a_run_that_failed_fails_the_next_try_too_without_another(
    run_dag: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    dies: Callable[..., None],
    ikigai_local: LocalAccount,
) -> None:
    ikigai_local.control.outcome(duration=0.2, status="FAILED", message="all wrong", times=2)
    dies(TaskRunStore, "take")
    ran = run_dag(both_running(app, isolation="copy", retries=5))
    assert ran.states == {"worker": "failed", "deferrable": "failed"}
    assert ran.tries == {"worker": 2, "deferrable": 2}
    assert ran.log.count("AirflowFailException: Flow 'Scripted' ended FAILED: all wrong") == 2
    assert len(begun()) == 2


def test_a_taken_result_is_returned_without_the_platform(
    run_dag: Callable[..., Any],
    app: str,
    flow: Flow,
    dies: Callable[..., None],
    requests_sent: Callable[[], dict[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flow_run, "announce", lambda *_, **__: announcing.Announced(["mine"]))
    sent: list[int] = []
    POINTS["the result was taken"](lambda *args, **kwargs: dies(*args, **kwargs))
    take = TaskRunStore.take

    def counted(store: TaskRunStore, run: Any) -> None:
        sent.append(sum(requests_sent().values()))
        take(store, run)

    monkeypatch.setattr(TaskRunStore, "take", counted)
    ran = run_dag(running(app))
    assert ran.tries == {"run": 2}, ran.log
    assert sent[0] == sent[1] > 0


def test_a_run_that_is_over_is_taken_in_the_worker(
    run_dag: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    dies: Callable[..., None],
    ikigai_local: LocalAccount,
) -> None:
    # The try dies once its run has started, and the next one comes when that is over.
    dies(TaskRunStore, "_note", when=in_phase("started"), after=True)
    ikigai_local.control.outcome(duration=0)
    ran = run_dag(both_running(app))
    assert (ran.state, set(ran.tries.values())) == ("success", {2}), ran.log
    assert "DEFERRED" not in ran.log
    assert len(begun()) == 2


# -- what is told of what was written ----------------------------------------------------------------------------------


def announced(database: Path, dag_id: str) -> list[str]:
    """Names of the datasets that Airflow has events of, by tasks of a DAG."""
    query = "SELECT asset.uri FROM asset_event JOIN asset ON asset.id = asset_id WHERE source_dag_id = ?"
    with closing(sqlite3.connect(database)) as connection:
        return [unquote(uri.rpartition("/")[2]) for (uri,) in connection.execute(query, [dag_id])]


def telling(app: str, *outlets: str, **arguments: Any) -> DAG:
    """A DAG whose task has outlets, and an alias among them, for what it writes besides."""
    alias = AssetAlias(f"anything of {app}")
    return running(app, outlets=[alias, *(dataset_asset(app, name) for name in outlets)], **arguments)


def test_a_retry_with_other_variables_tells_of_what_the_followed_run_wrote(
    run_dag: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    dies: Callable[..., None],
    airflow_database: Path,
) -> None:
    dies(TaskRunStore, "_note", when=in_phase("started"), after=True)
    dag = telling(app, "try 1", "try 2", variables={"output": "try {{ ti.try_number }}"})
    ran = run_dag(dag)
    assert ran.results["run"]["outputs"] == ["try 1"], ran.log
    assert "was started with other variables" in ran.log
    assert set(announced(airflow_database, dag.dag_id)) == {"try 1"}
    assert len(begun()) == 1


def test_of_an_attached_run_nothing_is_told(
    run_dag: Callable[..., Any], app: str, flow: Flow, held: None, airflow_database: Path
) -> None:
    theirs = flow.start(output="theirs")
    dag = telling(app, "mine", "theirs", on_busy="attach")
    ran = run_dag(dag)
    result = ran.results["run"]
    assert (result["run_log"]["log_id"], result["outputs"]) == (theirs.wait().log_id, None)
    assert "it is not known what it wrote" in ran.log
    assert announced(airflow_database, dag.dag_id) == []


@both_modes
def test_what_was_there_before_and_was_not_written_is_not_told(
    run_dag: Callable[..., Any],
    app: str,
    flow: Flow,
    ikigai_client: Ikigai,
    ikigai_local: LocalAccount,
    airflow_database: Path,
    isolation: str,
) -> None:
    dag = telling(app, "mine", isolation=isolation)
    assert run_dag(dag).results["run"]["outputs"] == ["mine"]
    ikigai_client.apps[app].datasets["mine"].delete()
    # An ordered run that writes nothing stands for one whose output somebody deleted, or never came about.
    ikigai_local.control.outcome(duration=0.2, times=1)
    ran = run_dag(dag)
    assert ran.results["run"]["outputs"] == []
    assert "The run did not write mine" in ran.log
    assert set(announced(airflow_database, dag.dag_id)) == {"mine"}
    assert len(announced(airflow_database, dag.dag_id)) == 2


def test_an_output_whose_name_only_the_run_knows_is_told_of_by_an_alias_and_is_no_outlet(
    run_dag: Callable[..., Any], app: str, flow: Flow, airflow_database: Path
) -> None:
    document = {
        "facets": {
            "out": {
                "type": "OUTPUT.Exported",
                "arguments": {"dataset_name": "the default's"},
                "variables": {"output": "dataset_name"},
            }
        }
    }
    with DAG(f"named_{app.split()[1]}", schedule=None) as dag:

        @task
        def variables() -> dict[str, str]:
            return {"output": "an XCom's"}

        @task.ikigai_flow(app=app, flow="Scripted", definition=document, outlets=[AssetAlias(f"what {app} wrote")])
        def decorated() -> dict[str, str]:
            return {"output": "a function's"}

        given = variables()
        (
            decorated()
            >> IkigaiRunFlowOperator(task_id="all", app=app, flow="Scripted", definition=document, variables=given)
            >> IkigaiRunFlowOperator(
                task_id="one", app=app, flow="Scripted", definition=document, variables={"output": given["output"]}
            )
        )
    assert [dag.get_task(name).outlets for name in ("all", "one")] == [[], []]
    ran = run_dag(dag)
    assert ran.results["all"]["outputs"] == ran.results["one"]["outputs"] == ["an XCom's"], ran.log
    assert announced(airflow_database, dag.dag_id) == ["a function's"]


# -- clearing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("isolation", "deferrable"), [("shared", True), ("copy", False)])
def test_a_cleared_task_runs_anew_whoever_else_uses_the_flow(
    run_dag: Callable[..., Any],
    clear_and_run: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    ikigai_local: LocalAccount,
    ends_soon: Callable[[], None],
    isolation: str,
    deferrable: bool,
) -> None:
    dag = running(app, isolation=isolation, deferrable=deferrable)
    first = run_dag(dag)
    ikigai_local.control.outcome(flow.flow_id, duration=900, writes=True, times=1)
    colleagues = flow.start(output="the colleague's")
    ends_soon()
    again = clear_and_run(dag, first)
    if isolation == "copy":
        ikigai_local.control.finish(flow.flow_id)
    assert again.state == "success", again.log
    assert "the flow runs again" in again.log
    ids = [run.run_id for run in begun() if run.variables["output"] == "mine"]
    assert ids == [ran.results["run"]["run_log"]["log_id"] for ran in (first, again)]
    assert colleagues.wait().log_id not in ids


def test_a_cleared_task_follows_its_own_run_that_goes_on(
    run_dag: Callable[..., Any],
    clear_and_run: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    held: None,
) -> None:
    dag = running(app, timeout=1)
    first = run_dag(dag)
    assert first.states == {"run": "failed"}
    dag.get_task("run").timeout = None  # type: ignore[union-attr]
    again = clear_and_run(dag, first)
    (run,) = begun()
    assert again.results["run"]["run_log"]["log_id"] == run.run_id, again.log


@both_modes
def test_a_clearing_is_the_word_to_start_anew_where_nobody_knows_of_the_first_start(
    run_dag: Callable[..., Any],
    clear_and_run: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    dies: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    isolation: str,
) -> None:
    for module, name in ((lost_start, "LOOK_FOR"), (copies, "_ARMED_LOOK"), (copies, "_FENCED_LOOK")):
        monkeypatch.setattr(module, name, 0.5)
    dies(TaskRunStore, "_note", when=in_phase("prepared" if isolation == "shared" else "copied"), after=True)
    dag = running(app, isolation=isolation, retries=0 if isolation == "copy" else 1)
    first = run_dag(dag)
    assert first.states == {"run": "failed"}
    assert isolation == "copy" or "was not sent again" in first.log
    assert begun() == []
    again = clear_and_run(dag, first)
    assert again.state == "success", again.log
    assert len(begun()) == 1


# -- doubt -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_doubt", ["fail", "accept"])
def test_a_guess_is_made_only_where_it_is_asked_for_and_shows(
    run_dag: Callable[..., Any],
    app: str,
    flow: Flow,
    begun: Callable[[], list[Any]],
    ikigai_local: LocalAccount,
    on_doubt: str,
) -> None:
    ikigai_local.control.outcome(flow.flow_id, duration=2, writes=True)
    ikigai_local.control.fault("run-pipeline", when="after", cut=True)
    ran = run_dag(running(app, on_doubt=on_doubt, retries=3))
    assert len(begun()) == 1
    assert ran.states == {"run": "success" if on_doubt == "accept" else "failed"}, ran.log
    if on_doubt == "accept":
        assert "a run that was seen afterwards is taken for this one" in ran.results["run"]["doubt"]
    else:
        assert ran.tries == {"run": 1}
        assert "may be another run" in ran.log


# -- an event that comes too early -------------------------------------------------------------------------------------


def test_an_event_waits_until_airflow_can_take_it(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    run = flow.start(output="mine")
    run.wait()
    monkeypatch.setenv("AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL", "1")
    monkeypatch.setenv("AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME", "0.1")
    assert earliest_event() == pytest.approx(1.3)
    trigger = IkigaiFlowRunTrigger(flow_run=run.to_dict(), ikigai_conn_id="ikigai_default", about={})

    async def event() -> Any:
        return (await anext(trigger.run())).payload

    began = time.monotonic()
    assert asyncio.run(event())["log"]["status"] == "SUCCESS"
    assert time.monotonic() - began >= 1.3
