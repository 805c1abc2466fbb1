"""Notes about runs: who finds them, and who does not."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prefect import flow

from ikigai_core.orchestration import RunStore, SupersededError
from ikigai_core.orchestration.testing import RunStoreContract
from ikigai_core.runs.state import RunState
from prefect_ikigai.api import artifacts
from prefect_ikigai.api.client import prefect_client
from prefect_ikigai.api.limits import PREFIX, create_limit, delete_stale_limits, read_limit
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.naming import generated_part
from prefect_ikigai.notes import sweeping
from prefect_ikigai.notes.note import Note, create_note, delete_note, note_key, notes_under, take_over
from prefect_ikigai.run_store import PrefectRunStore

LOG = {
    "log_id": "log",
    "status": "SUCCESS",
    "user": "bob@example.com",
    "erroneous_facet_id": None,
    "data": "",
    "timestamp": "2026-01-01T00:00:00Z",
}


def run_of(**changes: Any) -> dict[str, Any]:
    state = RunState(app_id="app", flow_id="flow", flow_name="Flow", baseline="before")
    return {**state.to_dict(), **changes}


@pytest.fixture
def a_store() -> Callable[..., PrefectRunStore]:
    """Makes stores for one flow run: ``a_store(attempt=2, task="b")``."""
    flow_run_id, flow_id = uuid.uuid4(), uuid.uuid4().hex

    def make(
        *, flow_run: uuid.UUID | None = flow_run_id, attempt: int = 1, task: str = "a", **given: Any
    ) -> PrefectRunStore:
        task_run_id = given.pop("task_run_id", uuid.uuid4())
        owner = Owner(flow_run, task_run_id, attempt, task, given.pop("task_attempt", 1))
        return PrefectRunStore(owner, "App", flow_id, given.pop("variables", {}))

    return make


class TestContract(RunStoreContract):
    """What any store has to do; the work is a flow run, which is tried again."""

    flow_id = uuid.uuid4().hex

    def a_try(self, work: str, number: int) -> RunStore:
        owner = Owner(uuid.uuid5(uuid.NAMESPACE_OID, self.flow_id + work), uuid.uuid4(), number, "task", 1)
        return PrefectRunStore(owner, "App", self.flow_id, {})


def test_two_tasks_alike_find_one_note_each(a_store: Callable[..., PrefectRunStore]) -> None:
    for number in (1, 2):
        a_store().note(run_of(baseline=f"run {number}"))
    found = [a_store(attempt=2).find() for _ in range(3)]
    assert sorted(run["baseline"] for run in found if run) == ["run 1", "run 2"]
    assert found[2] is None


def test_a_task_of_the_same_kind_is_preferred(a_store: Callable[..., PrefectRunStore]) -> None:
    for task in ("a", "b", "c"):
        a_store(task=task).note(run_of(baseline=task))
    found = [a_store(attempt=2, task=task).find() for task in ("c", "b", "a")]
    assert [run["baseline"] for run in found if run] == ["c", "b", "a"]


def test_other_variables_make_other_work(a_store: Callable[..., PrefectRunStore]) -> None:
    a_store(variables={"n": 1}).note(run_of())
    assert a_store(attempt=2, variables={"n": 2}).find() is None
    assert a_store(attempt=2, variables={"n": 1}).find() is not None


def test_what_goes_on_in_the_same_try_is_somebody_elses(a_store: Callable[..., PrefectRunStore]) -> None:
    a_store().note(run_of())
    assert a_store().find() is None
    assert a_store(flow_run=uuid.uuid4(), attempt=9).find() is None


def test_a_retry_of_the_task_itself_finds_its_run(a_store: Callable[..., PrefectRunStore]) -> None:
    task_run_id = uuid.uuid4()
    a_store(task_run_id=task_run_id).note(run_of())
    assert a_store(task_run_id=task_run_id, task_attempt=1).find() is None
    assert a_store(task_run_id=task_run_id, task_attempt=2).find() is not None


def test_a_run_that_failed_is_not_found_and_one_that_ended_well_is(a_store: Callable[..., PrefectRunStore]) -> None:
    a_store(task="a").note(run_of(phase="ended", log={**LOG, "status": "FAILED"}))
    a_store(task="b").note(run_of(phase="ended", log=LOG))
    assert a_store(attempt=2, task="a").find() is None
    assert a_store(attempt=2, task="b").find() == run_of(phase="ended", log=LOG)


def test_a_try_that_comes_too_late_starts_nothing(a_store: Callable[..., PrefectRunStore]) -> None:
    asleep = a_store(attempt=1)
    assert asleep.find() is None
    a_store(attempt=2).note(run_of())
    with pytest.raises(SupersededError):
        asleep.note(run_of())
    with pytest.raises(SupersededError):
        a_store(attempt=1).find()
    with pytest.raises(SupersededError):
        a_store(attempt=1).take(run_of(phase="ended", log=LOG))


def test_of_many_that_take_a_note_over_at_once_one_gets_it(a_store: Callable[..., PrefectRunStore]) -> None:
    a_store().note(run_of(phase="started"))
    racers = [a_store(flow_run=uuid.uuid4()) for _ in range(8)]
    barrier, winners = threading.Barrier(len(racers)), []

    def adopt(store: PrefectRunStore) -> None:
        # The flow run that left it is unknown to the server, so that it counts as gone.
        (left,) = store.left_runs()
        barrier.wait()
        if store.adopt(left) is not None:
            winners.append(store)

    threads = [threading.Thread(target=adopt, args=(store,)) for store in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = winners
    winner.take(run_of(phase="ended", log=LOG))


@pytest.mark.parametrize(
    ("changes", "is_left"),
    [
        ({"phase": "started"}, True),
        ({"phase": "prepared"}, False),
        ({"phase": "unknown"}, False),
        ({"phase": "started", "attached": True}, False),
        ({"phase": "ended", "log": LOG}, False),
        ({"phase": "copied", "copy_name": "copy", "copy_id": "copy"}, True),
    ],
)
def test_only_what_is_certain_is_taken_over_from_other_flow_runs(
    a_store: Callable[..., PrefectRunStore], changes: dict[str, Any], is_left: bool
) -> None:
    a_store().note(run_of(**changes))
    assert bool(a_store(flow_run=uuid.uuid4()).left_runs()) is is_left


def test_a_note_survives_the_death_of_who_was_taking_it_over(a_store: Callable[..., PrefectRunStore]) -> None:
    first = a_store()
    first.note(run_of(phase="started"))
    key = first._key
    (note,) = notes_under(key)
    # One died before it deleted the note, and one after that.
    half = create_note(key, Note(note.run, note.attempt, "App", lineage=(note.note_id,), is_adopting=True))
    assert [found.note_id for found in notes_under(key)] == [note.note_id]
    delete_note(note)
    assert [found.note_id for found in notes_under(key)] == [half.note_id]
    taken = take_over(key, notes_under(key)[0], a_store(attempt=2)._attempt)
    assert taken is not None
    # What is left of a third one does not come to life, whoever has the note by now.
    create_note(key, Note(note.run, note.attempt, "App", lineage=(note.note_id,), is_adopting=True))
    last = take_over(key, taken, a_store(attempt=3)._attempt)
    assert last is not None
    assert [found.note_id for found in notes_under(key)] == [last.note_id]


def test_a_note_that_was_written_twice_counts_once(a_store: Callable[..., PrefectRunStore]) -> None:
    from prefect_ikigai.api.artifacts import create_artifact
    from prefect_ikigai.notes.note import NOTE_TYPE

    store = a_store()
    store.note(run_of(phase="prepared"))
    (note,) = notes_under(store._key)
    # As a client does that has not heard the answer.
    create_artifact(Owner(note.attempt.flow_run_id, None, 1), NOTE_TYPE, store._key, note.to_data(), "again")
    store.note(run_of(phase="started"))
    assert a_store(attempt=2).find() == run_of(phase="started")
    assert a_store(attempt=2).find() is None


def test_stale_notes_of_flow_runs_that_are_over_are_swept(a_store: Callable[..., PrefectRunStore]) -> None:
    store = a_store()
    store.note(run_of(phase="ended", log=LOG))
    sweeping.sweep()
    assert len(notes_under(store._key)) == 1
    while sweeping.sweep(timedelta(0)):
        pass
    assert notes_under(store._key) == []


def test_notes_that_have_to_stay_do_not_keep_others_from_being_swept(
    a_store: Callable[..., PrefectRunStore], prefect_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    @flow
    def going_on() -> None: ...

    living = a_store(flow_run=prefect_server.client.create_flow_run(going_on).id, variables={"n": 0})
    living.note(run_of(phase="started"))
    stale = a_store(variables={"n": 1})
    stale.note(run_of(phase="ended", log=LOG))
    for module in (artifacts, sweeping):
        monkeypatch.setattr(module, "PAGE", 1)
    sweeping.sweep(timedelta(0))
    assert [len(notes_under(store._key)) for store in (living, stale)] == [1, 0]
    # Nobody ever told the server that its process died.
    monkeypatch.setattr(sweeping, "FORGOTTEN", timedelta(0))
    sweeping.sweep(timedelta(0))
    assert notes_under(living._key) == []


def test_a_task_outside_of_flows_keeps_the_note_of_a_run_that_lasts_longer_than_a_day(
    a_store: Callable[..., PrefectRunStore],
) -> None:
    store = a_store(flow_run=None)
    store.note(run_of(phase="started"))
    sweeping.sweep(timedelta(0))
    store.take(run_of(phase="ended", log=LOG))
    sweeping.sweep(timedelta(0))
    assert notes_under(store._key) == []


def test_what_an_output_is_called_by_its_flow_run_makes_no_other_work(
    a_store: Callable[..., PrefectRunStore], prefect_server: Any
) -> None:
    ids = [uuid.uuid4(), uuid.uuid4()]
    first, other = ({"n": 1, "output": f"late{generated_part(one)}"} for one in ids)
    a_store(flow_run=ids[0], variables=first).note(run_of(phase="started", variables=first))
    (left,) = a_store(flow_run=ids[1], variables=other).left_runs()
    assert left.run["variables"] == first
    assert a_store(flow_run=ids[1], variables={**other, "n": 2}).left_runs() == []
    assert a_store(flow_run=ids[1], variables=first).left_runs() == []


def test_limits_of_starters_that_died_are_removed_and_no_others(prefect_server: Any) -> None:
    ours, theirs = f"{PREFIX}{uuid.uuid4()}-lost-start", f"somebody's {uuid.uuid4()}"
    with prefect_client() as client:
        for name in (ours, theirs):
            create_limit(client, name, active_slots=0)
        delete_stale_limits(sweeping.STALE_LIMITS)
        assert read_limit(client, ours) is not None
        assert delete_stale_limits(timedelta(0)) >= 1
        assert read_limit(client, ours) is None and read_limit(client, theirs) is not None


def test_keys_tell_flows_and_variables_apart() -> None:
    keys = {note_key("a", {}), note_key("b", {}), note_key("a", {"n": 1}), note_key("a", {"n": "1"})}
    assert len(keys) == 4
    assert note_key("a", {"m": 1, "n": 2}) == note_key("a", {"n": 2, "m": 1})
