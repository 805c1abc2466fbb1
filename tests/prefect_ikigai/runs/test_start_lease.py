"""The lease that keeps other starters of a flow out, on the real server."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import pytest

from ikigai_core.orchestration import StartLease
from ikigai_core.orchestration.testing import StartLeaseContract
from prefect_ikigai.runs import start_lease
from prefect_ikigai.runs.start_lease import PrefectStartLease
from tests.prefect_ikigai.servers import eventually


class TestContract(StartLeaseContract):
    """What any lease has to do."""

    def a_lease(self, flow_id: str) -> StartLease:
        return PrefectStartLease(flow_id, "Flow")

    def lose(self, lease: StartLease) -> None:
        assert isinstance(lease, PrefectStartLease)
        _delete(lease.limit)


@pytest.fixture
def flow_id() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything sixty times as fast."""
    monkeypatch.setattr(start_lease, "LEASE", 1.0)
    monkeypatch.setattr(start_lease, "RENEWAL", 0.2)


def _delete(limit: str) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        client.delete_global_concurrency_limit_by_name(limit)


def _renewed(limit: str) -> Any:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client.request("GET", f"/v2/concurrency_limits/{limit}").json()["updated"]  # type: ignore[arg-type]


def _limits() -> set[str]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return {limit.name for limit in client.read_global_concurrency_limits(limit=200, offset=0)}


def _dies(lease: PrefectStartLease) -> None:
    """What a killed process does: nothing more."""
    lease._over.set()


def test_of_many_that_start_at_once_one_holds_it_and_nothing_is_left_behind(flow_id: str) -> None:
    leases = [PrefectStartLease(flow_id, "Flow") for _ in range(12)]
    barrier, held = threading.Barrier(len(leases)), []

    def hold(lease: PrefectStartLease) -> None:
        barrier.wait()
        if lease.hold():
            held.append(lease)

    threads = [threading.Thread(target=hold, args=(lease,)) for lease in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (holder,) = held
    assert holder.renew()
    holder.release()
    assert not [name for name in _limits() if flow_id in name]


@pytest.mark.usefixtures("quick")
def test_a_lease_is_kept_longer_than_its_time_if_its_holder_lives(
    flow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, other = PrefectStartLease(flow_id, "Flow"), PrefectStartLease(flow_id, "Flow")
    assert holder.hold()
    now = time.monotonic()
    monkeypatch.setattr(start_lease, "monotonic", lambda: now)
    for _ in range(4):
        renewed = _renewed(holder.limit)
        assert not other.hold()
        # However slow the machine is, the other one sees a renewal in each of its own seconds.
        eventually(lambda before=renewed: _renewed(holder.limit) != before, lambda: "it was not renewed")
        now += 0.9 * start_lease.LEASE
    assert not other.hold()
    assert holder.renew()
    holder.release()


@pytest.mark.usefixtures("quick")
def test_the_lease_of_a_dead_holder_goes_to_one_other_and_the_dead_can_prove_nothing(flow_id: str) -> None:
    dead = PrefectStartLease(flow_id, "Flow")
    assert dead.hold()
    dead.sees("prepared")
    _dies(dead)
    others = [PrefectStartLease(flow_id, "Flow") for _ in range(4)]
    eventually(lambda: [other for other in others if other.hold()], lambda: "nobody got the lease")
    held = [other for other in others if other._limit_id is not None]
    assert len(held) == 1
    assert not dead.renew()
    # The dead may have sent its start, which may be what its successor sees if its own gets lost.
    assert held[0].renew()
    held[0].sees("unknown")
    assert not held[0].renew()
    held[0].release()


def test_a_start_that_got_lost_leaves_the_next_one_without_proof_for_a_while(
    flow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (PrefectStartLease(flow_id, "Flow") for _ in range(3))
    assert first.hold()
    for phase in ("prepared", "unknown"):
        first.sees(phase)
    first.release()
    assert second.hold()
    second.sees("prepared")
    assert second.renew()
    second.sees("unknown")
    assert second.keep() and not second.renew()
    second.sees("refused")
    second.release()
    monkeypatch.setattr(start_lease, "OUTSTANDING", start_lease.OUTSTANDING * 0)
    assert third.hold()
    third.sees("unknown")
    assert third.renew()
    third.sees("started")
    third.release()
    assert not [name for name in _limits() if flow_id in name]


@pytest.mark.parametrize("phase", ["started", "refused"])
def test_a_start_whose_end_is_known_leaves_nothing(flow_id: str, phase: str) -> None:
    lease = PrefectStartLease(flow_id, "Flow")
    assert lease.hold()
    lease.sees("prepared")
    lease.sees(phase)
    lease.release()
    assert not [name for name in _limits() if flow_id in name]


@pytest.mark.usefixtures("quick")
def test_a_lease_that_nobody_has_in_mind_any_more_ends(flow_id: str) -> None:
    def abandon() -> None:
        assert PrefectStartLease(flow_id, "Flow").hold()

    abandon()
    other: Any = PrefectStartLease(flow_id, "Flow")
    eventually(other.hold, lambda: "it never came free")
    other.release()
