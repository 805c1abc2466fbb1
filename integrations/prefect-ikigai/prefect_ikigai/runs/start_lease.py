"""The start lease of a flow: only one client of a Prefect server starts the flow at a time."""

from __future__ import annotations

import weakref
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient

from prefect_ikigai.api.client import prefect_client
from prefect_ikigai.api.limits import PREFIX, create_limit, delete_limit, read_limit, update_limit, updated_at
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.failures import reaching_prefect

LEASE = 60.0
"""Seconds after which a waiting process takes over a lease. It must have seen no renewal for that long."""

RENEWAL = 15.0
"""Seconds between renewals."""

OUTSTANDING = timedelta(hours=1)
"""Time in which a lost start may still arrive and look like the run of another starter."""


class PrefectStartLease:
    """A global concurrency limit of Prefect that exists while a process starts the flow.

    The process that creates the limit holds the lease. Names are unique, so only one process succeeds. It deletes the
    limit on release. If the holder dies, it no longer renews the limit. A process that sees no renewal for `LEASE`
    deletes the limit by its id and creates a new one. The new limit has another id, so a holder that was only suspended
    finds that its lease is lost.

    Prefect's own slots with leases are not suitable. By default, servers keep these leases in memory. If a restart
    loses a lease, its slot never becomes free. Servers before 3.4.11 do not have them.

    A lost start may be carried out minutes later. It would then look like the run of the current holder. So a lost
    start leaves a mark, a second limit: for `OUTSTANDING`, `renew` returns False to others whose start got lost.

    Parameters
    ----------
    flow_id, flow_name : str
        The platform's id of the flow, and its name.
    """

    def __init__(self, flow_id: str, flow_name: str) -> None:
        self.limit = f"{PREFIX}{flow_id}"
        self.mark = f"{self.limit}-lost-start"
        self._flow_name = flow_name
        self._limit_id: UUID | None = None
        self._is_lost = False
        self._phase = ""
        self._over = Event()
        self._watched: tuple[Any, float] | None = None

    def hold(self) -> bool:
        """Take the lease if it is free. Return False if another process holds it."""
        with reaching_prefect(f"Flow {self._flow_name!r} was not started"), prefect_client() as client:
            if self._watched is None:
                self._watched = (None, monotonic())
                return self._create(client)
            there = read_limit(client, self.limit)
            return self._create(client) if there is None else self._take_over(client, there)

    def renew(self) -> bool:
        """Renew the lease. Return False if it was lost since `hold`, or if it does not prove who started a run."""
        try:
            with prefect_client() as client:
                return self._keep(client) and not (self._phase == "unknown" and self._awaits_another_start(client))
        except Exception as error:
            current_logger().warning("Concurrency limit %r could not be renewed: %s", self.limit, error)
            return False

    def release(self) -> None:
        """Release the lease. If that fails, the lease expires."""
        self._over.set()
        limit_id, self._limit_id = self._limit_id, None
        if limit_id is None:
            return
        try:
            with prefect_client() as client:
                if self._phase in ("prepared", "unknown"):
                    self._put_mark(client)
                delete_limit(client, limit_id)
        except Exception as error:
            current_logger().debug("Concurrency limit %r was not deleted, and expires soon: %s", self.limit, error)

    def sees(self, phase: str) -> None:
        """Set the phase of the start. In ``prepared`` and ``unknown``, the start may be under way."""
        self._phase = phase

    def keep(self) -> bool:
        """Renew the lease without further checks. Return False if it was lost."""
        with prefect_client() as client:
            return self._keep(client)

    def _create(self, client: SyncPrefectClient) -> bool:
        self._limit_id = create_limit(client, self.limit, active_slots=1)
        if self._limit_id is None:
            return False
        self._is_lost, self._phase = False, ""
        self._over = Event()
        # Prefect's settings are part of the context.
        renewing = partial(copy_context().run, _renewing, weakref.ref(self), self._over)
        Thread(target=renewing, name=self.limit, daemon=True).start()
        return True

    def _take_over(self, client: SyncPrefectClient, there: dict[str, Any]) -> bool:
        seen, now = (there["id"], there["updated"]), monotonic()
        if self._watched is None or self._watched[0] != seen:
            self._watched = (seen, now)
            return False
        if now - self._watched[1] < LEASE:
            return False
        # The previous holder may have sent its start before it died.
        self._put_mark(client)
        delete_limit(client, there["id"])
        return self._create(client)

    def _keep(self, client: SyncPrefectClient) -> bool:
        if self._limit_id is None or not update_limit(client, self._limit_id, active_slots=1):
            self._is_lost = True
        return not self._is_lost

    def _put_mark(self, client: SyncPrefectClient) -> None:
        if create_limit(client, self.mark, active_slots=0) is None:
            update_limit(client, self.mark, active_slots=0)

    def _awaits_another_start(self, client: SyncPrefectClient) -> bool:
        mark, now = read_limit(client, self.mark), read_limit(client, self.limit)
        if mark is None:
            return False
        if now is None or updated_at(now) - updated_at(mark) < OUTSTANDING:
            return True
        delete_limit(client, mark["id"])
        return False


def _renewing(lease: weakref.ref[PrefectStartLease], over: Event) -> None:
    """Renew a lease until it is released, lost or garbage-collected."""
    while not over.wait(RENEWAL):
        held = lease()
        try:
            if held is None or not held.keep():
                return
        except Exception as error:
            current_logger().debug("A concurrency limit was not renewed, and is tried again: %s", error)
        del held
