"""What a task keeps of its run for its next try, in Airflow's own store, behind the API that tasks talk to."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow import settings
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.execution_time.context import TaskStateStoreAccessor
from airflow.sdk.execution_time.supervisor import (
    InProcessSupervisorComms,
    InProcessTestSupervisor,
    set_supervisor_comms,
)
from airflow.state import TaskScope

from airflow_provider_ikigai.run_store import TaskRunStore
from ikigai_core.orchestration import SupersededError
from ikigai_core.orchestration.testing import RunStoreContract
from ikigai_core.runs.state import RunState

RUN = RunState("a", "f1", "A flow", "before", variables={"output": "mine"}).to_dict()
LOG = {"log_id": "l1", "status": "SUCCESS"}


class Work:
    """One task instance of a real DAG run, whose tries Airflow begins."""

    def __init__(self, dag_run: DagRun, comms: Any) -> None:
        self._dag_run = dag_run
        self.instance: TaskInstance = dag_run.get_task_instance("run")  # type: ignore[assignment]
        self.max_tries = 2
        self._begun: dict[int, uuid.UUID] = {}
        comms.supervisor.id = self.instance.id

    def a_try(self, number: int) -> TaskRunStore:
        """The store of a try; a later one than the latest is begun as Airflow begins it, with an id of its own."""
        session = settings.Session()
        while number > len(self._begun):
            instance = session.merge(self.instance)
            if self._begun:
                instance.prepare_db_for_next_try(session)
            instance.try_number = len(self._begun) + 1
            session.commit()
            self.instance = instance
            self._begun[instance.try_number] = instance.id
        scope = TaskScope(dag_id=self._dag_run.dag_id, run_id=self._dag_run.run_id, task_id="run")
        accessor = TaskStateStoreAccessor(ti_id=self._begun[number], scope=scope)
        return store_of(accessor, number, self.max_tries)


def store_of(accessor: Any, number: int = 1, max_tries: int = 2) -> TaskRunStore:
    context: Any = {"ti": SimpleNamespace(max_tries=max_tries, try_number=number)}
    if accessor is not None:
        context["task_state_store"] = accessor
    return TaskRunStore(context, logging.getLogger("airflow.task"))  # type: ignore[arg-type]


@pytest.fixture
def works(run_dag: Callable[..., Any]) -> Iterator[Callable[[str], Work]]:
    """Task instances by name, of DAG runs in Airflow's database, and the API that tasks talk to, in this process."""
    with DAG(f"stored_{uuid.uuid4().hex[:8]}", schedule=None) as dag:
        BaseOperator(task_id="run")
    made: dict[str, Work] = {}
    process: Any = SimpleNamespace(pid=1)
    supervisor = InProcessTestSupervisor(
        id=uuid.uuid4(),
        pid=1,
        process=process,
        process_log=logging.getLogger(),
        client=InProcessTestSupervisor._api_client(),
    )
    supervisor.comms = InProcessSupervisorComms(supervisor=supervisor)

    def work(name: str) -> Work:
        if name not in made:
            made[name] = Work(run_dag(dag).dag_run, supervisor.comms)
        return made[name]

    with set_supervisor_comms(supervisor.comms):
        yield work


class TestTaskRunStore(RunStoreContract):
    @pytest.fixture(autouse=True)
    def _use(self, works: Callable[[str], Work]) -> None:
        self._works = works

    def a_try(self, work: str, number: int) -> TaskRunStore:
        return self._works(work).a_try(number)

    def test_a_try_that_airflow_has_given_up_can_note_nothing_even_where_no_later_one_did(self) -> None:
        late = self.a_try("given up", 1)
        self.a_try("given up", 2)
        with pytest.raises(SupersededError, match="Airflow has replaced try 1 of this task"):
            late.note(RUN)

    def test_a_claim_keeps_earlier_tries_from_noting(self) -> None:
        late = self.a_try("claimed", 1)
        late.note({**RUN, "phase": "started"})
        # Where the scheduler takes a task that is queued for one that failed, the next try has the same id.
        later = store_of(late._store, number=2)
        assert later.find() == {**RUN, "phase": "started"}
        assert not late.keep_end({**RUN, "phase": "ended", "log": LOG})
        found = later.find()
        assert found is not None
        assert found["phase"] == "started"

    def test_a_clearing_is_seen_until_something_is_noted(self) -> None:
        work = self._works("cleared")
        work.a_try(1).note(RUN)
        assert not retried(work.a_try(2)).was_cleared
        work.max_tries = 4
        cleared = retried(work.a_try(3))
        assert cleared.was_cleared
        assert retried(work.a_try(4)).was_cleared
        work.a_try(4).note(RUN)
        assert not retried(work.a_try(5)).was_cleared

    def test_what_a_run_writes_is_kept_as_it_was_when_the_run_was_started(self) -> None:
        work = self._works("described")
        first = work.a_try(1)
        first.describe = lambda run: {"outputs": [run["variables"]["output"]]}
        first.note(RUN)
        later = retried(work.a_try(2))
        later.describe = lambda run: {"outputs": ["as the definition is now"]}
        assert later.about({**RUN, "phase": "started"}) == {"outputs": ["mine"]}
        assert later.about({**RUN, "baseline": "another start"}) == {"outputs": ["as the definition is now"]}
        later.note({**RUN, "phase": "refused"})
        assert later.about(RUN) == {"outputs": ["as the definition is now"]}

    def test_a_run_that_nobody_can_tell_the_end_of_is_told_apart(self) -> None:
        work = self._works("lost")
        work.a_try(1).keep_end({**RUN, "phase": "started"}, is_lost=True)
        assert retried(work.a_try(2)).is_lost
        work.a_try(2).note(RUN)
        assert not retried(work.a_try(2)).is_lost


def retried(store: TaskRunStore) -> TaskRunStore:
    """A store that has looked what there is."""
    assert store.find() is not None
    return store


class Dictionary:
    """What is kept, without Airflow."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.get, self.set = kept.get, kept.__setitem__


def test_an_earlier_try_that_claims_late_keeps_the_later_one_from_starting() -> None:
    kept: dict[str, Any] = {}
    third = store_of(Dictionary(kept), number=3)

    def set_late(key: str, value: Any) -> None:
        assert third.find() is None
        kept[key] = value

    paused = Dictionary(kept)
    paused.set = set_late
    assert store_of(paused, number=2).find() is None
    with pytest.raises(SupersededError, match="Try 2 of this task is still at work"):
        third.note(RUN)


class Away:
    """A store that does not answer."""

    def get(self, key: str) -> Any:
        raise ConnectionError("the API server is away")

    set = delete = get


def test_a_store_that_is_away_stops_a_start_and_no_end(caplog: pytest.LogCaptureFixture) -> None:
    store = store_of(Away())
    with pytest.raises(ConnectionError):
        store.note(RUN)
    with pytest.raises(ConnectionError):
        store.find()
    with caplog.at_level(logging.WARNING):
        assert not store.keep_end({**RUN, "phase": "ended"})
        store.take(RUN)
        store.forget()
    assert caplog.text.count("the API server is away") == 3


def test_an_airflow_without_task_states_keeps_nothing() -> None:
    store = store_of(None)
    store.note(RUN)
    assert store.keep_end({**RUN, "phase": "ended", "log": LOG})
    assert store.find() is None
    assert not store.was_cleared
    store.forget()


def test_a_note_of_the_first_release_is_read() -> None:
    kept = {"version": 1, "flow_id": "f1", "flow_name": "A flow", "phase": "started", "max_tries": 2}
    store = store_of(Dictionary({TaskRunStore.key: kept}), number=2)
    assert store.find() == {"version": 1, "flow_id": "f1", "flow_name": "A flow", "phase": "started"}
    assert not store.was_cleared
