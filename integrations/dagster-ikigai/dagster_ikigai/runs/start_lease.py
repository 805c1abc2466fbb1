"""The start lease of a flow: only one step of a Dagster instance starts the flow at a time."""

from __future__ import annotations

import logging
import time

import dagster as dg

from dagster_ikigai.runs.doubtful_starts import DoubtfulStarts
from dagster_ikigai.runs.lease_holder import LeaseHolder

LONGEST_HELD = 900.0
"""Seconds after which a waiting step takes the lease from a holder with unknown state. No start takes that long."""

_log = logging.getLogger("dagster_ikigai")


class InstanceStartLease:
    """The lease on the starts of one flow: a concurrency slot of the Dagster instance, with one key for each flow.

    The slot is independent of the step's pool. The storage alone does not guarantee exclusion: on SQLite, two processes
    may claim one slot at the same time. So each process writes its claim and then reads all claims. It holds the lease
    if there is no other claim. Waiting processes detect that a holder has died.

    While a process holds the lease, a late start of an earlier holder may still create a run. So each sent start is
    noted until its outcome is known. While there are such starts of others, the lease does not prove who started a run
    after a start whose response was `lost`. In this case `renew` returns False.

    Parameters
    ----------
    instance : DagsterInstance
        Its storage has concurrency limits; see `has_start_leases`.
    flow_id : str
    run_id, step_key : str
        The holder.
    """

    def __init__(self, instance: dg.DagsterInstance, flow_id: str, run_id: str, step_key: str) -> None:
        self._instance = instance
        self._storage = instance.event_log_storage
        self._key = f"ikigai-start-{flow_id}"
        self._me = LeaseHolder.here(run_id, step_key)
        self._doubtful = DoubtfulStarts(instance, flow_id)
        self._first_seen: dict[LeaseHolder, float] = {}
        self._is_claimed = False
        self._is_sent = self._is_lost = False

    def hold(self) -> bool:
        """Take the lease if it is free. Return whether it was taken."""
        if self._is_taken():
            return False
        self._is_claimed = True
        status = self._storage.claim_concurrency_slot(self._key, self._me.run_id, self._me.name)
        if status.is_claimed and not self._claims(assigned=True):
            return True
        self.release()
        return False

    def renew(self) -> bool:
        """Whether the lease was held all the time and, after a `lost` start, no other start can have arrived."""
        return self._is_held() and not (self._is_lost and self._doubtful.has_others(self._me.name))

    def release(self) -> None:
        """Release the lease. A start with unknown outcome stays noted."""
        if not self._is_claimed:
            return
        try:
            self._storage.free_concurrency_slot_for_step(self._me.run_id, self._me.name)
            self._is_claimed = False
        except Exception as error:
            _log.warning("The start lease %s was not released, and ends with this process: %s", self._key, error)

    def sending(self) -> None:
        """Note that a start is about to be sent."""
        self._doubtful.add(self._me.name)
        self._is_sent, self._is_lost = True, False

    def lost(self) -> None:
        """Note that the response to the start was lost."""
        self._is_lost = True

    def settled(self) -> None:
        """Note that the outcome of the start is known."""
        if self._is_sent and self._is_held():
            self._doubtful.remove(self._me.name)
            self._is_sent = False

    def _is_held(self) -> bool:
        return bool(self._storage.check_concurrency_claim(self._key, self._me.run_id, self._me.name).is_claimed)

    def _is_taken(self) -> bool:
        """Whether another living process holds or is about to take the lease. Frees the claims of dead processes."""
        is_taken = False
        for holder in self._claims():
            if self._is_gone(holder):
                self._storage.free_concurrency_slot_for_step(holder.run_id, holder.name)
            else:
                is_taken = True
        return is_taken

    def _claims(self, *, assigned: bool = False) -> set[LeaseHolder]:
        """The other processes that claim the slot. With `assigned`, pending claims must have the slot assigned."""
        info = self._storage.get_concurrency_info(self._key)
        if not info.slot_count:
            self._make_slot()
        claims = {LeaseHolder(slot.run_id, slot.step_key) for slot in info.claimed_slots}
        claims |= {
            LeaseHolder(step.run_id, step.step_key)
            for step in info.pending_steps
            if step.assigned_timestamp is not None or not assigned
        }
        return claims - {self._me}

    def _make_slot(self) -> None:
        try:
            self._storage.set_concurrency_slots(self._key, 1)
        except Exception:
            # Another process may have created it at the same time.
            if not self._storage.get_concurrency_info(self._key).slot_count:
                raise

    def _is_gone(self, holder: LeaseHolder) -> bool:
        now = time.monotonic()
        waited = now - self._first_seen.setdefault(holder, now)
        return waited > LONGEST_HELD or holder.is_gone(self._instance, self._me)


def has_start_leases(instance: dg.DagsterInstance) -> bool:
    """Whether an instance supports leases. Ephemeral instances and those with old databases do not."""
    return bool(instance.event_log_storage.supports_global_concurrency_limits)
