"""The lease on a flow's start: held by one step of the instance at a time, whoever dies."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai.runs import doubtful_starts, start_lease
from dagster_ikigai.runs.lease_holder import LeaseHolder
from dagster_ikigai.runs.start_lease import InstanceStartLease, has_start_leases
from ikigai_core.orchestration import StartLease
from ikigai_core.orchestration.testing import StartLeaseContract
from tests.dagster_ikigai.instances import StepContext, a_run

ELSEWHERE = "another-host"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """A persistent instance, on SQLite: the default."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance"))) as made:
        yield made


class TestContract(StartLeaseContract):
    @pytest.fixture(autouse=True)
    def _of_an_instance(self, shared: dg.DagsterInstance) -> None:
        self.instance = shared

    def a_lease(self, flow_id: str) -> StartLease:
        return a_lease(self.instance, flow_id)

    def lose(self, lease: StartLease) -> None:
        self.instance.event_log_storage.free_concurrency_slots_for_run(lease._me.run_id)  # type: ignore[attr-defined]


def a_lease(instance: dg.DagsterInstance, flow_id: str, run: dg.DagsterRun | None = None) -> InstanceStartLease:
    return InstanceStartLease(instance, flow_id, (run or a_run(instance)).run_id, "step")


def rows(instance: dg.DagsterInstance, flow_id: str) -> list[Any]:
    """What the instance keeps of a flow's lease."""
    info = instance.event_log_storage.get_concurrency_info(f"ikigai-start-{flow_id}")
    return [*info.claimed_slots, *info.pending_steps]


def held_elsewhere(instance: dg.DagsterInstance, flow_id: str, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterRun:
    """Let a process of another machine hold a lease; its run."""
    run = a_run(instance)
    with monkeypatch.context() as patched:
        patched.setattr("socket.gethostname", lambda: ELSEWHERE)
        assert a_lease(instance, flow_id, run).hold()
    return run


def test_who_waits_leaves_nothing_behind(shared: dg.DagsterInstance) -> None:
    first, second = a_lease(shared, "tidy"), a_lease(shared, "tidy")
    assert first.hold()
    before = rows(shared, "tidy")
    assert not any(second.hold() for _ in range(3))
    assert rows(shared, "tidy") == before
    first.release()
    assert rows(shared, "tidy") == []


def test_of_many_at_once_one_holds_it_at_a_time(shared: dg.DagsterInstance) -> None:
    holders: list[int] = []
    most: list[int] = []
    run = a_run(shared)

    def work(number: int) -> None:
        lease = InstanceStartLease(shared, "rush", run.run_id, f"step {number}")
        while not lease.hold():
            time.sleep(0.01)
        holders.append(number)
        most.append(len(holders))
        time.sleep(0.01)
        assert lease.renew()
        holders.remove(number)
        lease.release()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8
    assert rows(shared, "rush") == []


def test_a_second_claim_of_one_slot_counts_for_nothing(
    shared: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on SQLite, where two processes may both see the slot as free, and both be told that it is theirs.
    first, second = a_lease(shared, "twice"), a_lease(shared, "twice")
    assert first.hold()
    monkeypatch.setattr(second, "_is_taken", lambda: False)
    shared.event_log_storage.set_concurrency_slots("ikigai-start-twice", 2)
    assert not second.hold()
    assert first.renew()
    first.release()
    assert rows(shared, "twice") == []


def test_the_lease_of_a_process_that_died_is_free_again(shared: dg.DagsterInstance) -> None:
    run = a_run(shared)
    died = subprocess.Popen([sys.executable, "-c", ""])
    died.wait()
    lease = a_lease(shared, "died", run)
    lease._me = LeaseHolder(run.run_id, lease._me.name.replace(lease._me.name.split()[1], str(died.pid)))
    assert lease.hold()
    assert a_lease(shared, "died").hold()


@pytest.mark.parametrize("how", ["run ended", "step failed", "step ended", "run deleted"])
def test_the_lease_of_a_step_that_is_over_elsewhere_is_free_again(
    shared: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    run = held_elsewhere(shared, how, monkeypatch)
    other = a_lease(shared, how)
    assert not other.hold()
    step = StepContext(shared, run, "step")
    acts = {
        "run ended": lambda: shared.report_run_failed(run),
        "step failed": step.fail,
        "step ended": step.succeed,
        "run deleted": lambda: shared.delete_run(run.run_id),
    }
    acts[how]()
    assert other.hold()


def test_a_later_try_of_the_same_step_takes_its_own_lease_again(
    shared: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = held_elsewhere(shared, "again", monkeypatch)
    assert a_lease(shared, "again", run).hold()


def test_a_holder_that_cannot_be_judged_is_waited_for_but_not_for_ever(
    shared: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_elsewhere(shared, "silent", monkeypatch)
    other = a_lease(shared, "silent")
    assert not other.hold()
    assert not other.hold()
    monkeypatch.setattr(start_lease, "LONGEST_HELD", 0.0)
    assert other.hold()


def test_a_lease_proves_nothing_while_a_start_of_another_may_still_arrive(
    shared: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful, later = a_lease(shared, "late"), a_lease(shared, "late")
    assert doubtful.hold()
    doubtful.sending()
    doubtful.lost()
    assert doubtful.renew()
    doubtful.release()
    assert later.hold()
    later.sending()
    # It may send its own start, which is answered as a rule.
    assert later.renew()
    later.lost()
    assert not later.renew()
    monkeypatch.setattr(doubtful_starts, "LASTS", 0.0)
    assert later.renew()
    later.release()


def test_a_start_whose_outcome_is_known_leaves_no_doubt(shared: dg.DagsterInstance) -> None:
    first, second = a_lease(shared, "known"), a_lease(shared, "known")
    assert first.hold()
    first.sending()
    first.settled()
    first.release()
    assert second.hold()
    second.sending()
    second.lost()
    assert second.renew()


def test_an_ephemeral_instance_has_no_leases(instance: dg.DagsterInstance, shared: dg.DagsterInstance) -> None:
    assert not has_start_leases(instance)
    assert has_start_leases(shared)


def test_an_instance_on_a_file_system_is_enough(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        assert a_lease(made, "first").hold()
    with dg.DagsterInstance.local_temp(str(tmp_path)) as again:
        assert not a_lease(again, "first").hold()
