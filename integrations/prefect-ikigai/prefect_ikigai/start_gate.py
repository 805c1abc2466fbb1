"""One start of a flow at a time, across all that uses one Prefect server."""

from __future__ import annotations

import random
from time import monotonic

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.exceptions import ObjectAlreadyExists, PrefectHTTPStatusError

from ikigai_core.procedure import Procedure, pause, work
from prefect_ikigai.errors import reaching_prefect
from prefect_ikigai.logs import current_logger
from prefect_ikigai.prefect_client import prefect_client

DECAY = 0.1
"""Slots that come free by themselves in a second: what dies with the slot in hand holds others up for 10 s at most."""

PATIENCE = 30.0
"""Seconds after which a start goes ahead without the gate: it is a second guard, the first is the platform's status."""

_TAKEN = 423


class StartGate:
    """A concurrency limit of Prefect that belongs to a flow of the platform, with one slot.

    The platform runs a flow once at a time, and a start looks at its status first. Between that look and the start
    another one could slip in: whoever looks and starts holds the slot while doing so.

    Parameters
    ----------
    flow_id, flow_name : str
        The platform's id of the flow, and its name.
    is_open : bool, default False
        Whether it lets everybody through: outside of Prefect's runs there may be no server to ask.
    """

    def __init__(self, flow_id: str, flow_name: str, *, is_open: bool = False) -> None:
        self.limit = f"ikigai-flow-{flow_id}"
        self._flow_name = flow_name
        self._is_open = is_open
        self._since: float | None = None

    def enter(self) -> Procedure[None]:
        """Take the slot, as soon as it is free."""
        if self._is_open:
            return
        began = now = yield from pause(0)
        while not (yield from work(self._take)):
            if now - began > PATIENCE:
                current_logger().warning(
                    "Concurrency limit %r was taken for %.0f s; flow %r is started without it",
                    self.limit,
                    PATIENCE,
                    self._flow_name,
                )
                return
            now = yield from pause(random.uniform(0.2, 1.0))

    def leave(self) -> Procedure[None]:
        """Give the slot back."""
        yield from work(self._give_back)

    def _take(self) -> bool:
        with reaching_prefect(f"Flow {self._flow_name!r} was not started"), prefect_client() as client:
            taken = self._ask_for_slot(client)
            if taken is None:
                taken = self._create(client) or self._ask_for_slot(client)
        if taken:
            self._since = monotonic()
        return bool(taken)

    def _ask_for_slot(self, client: SyncPrefectClient) -> bool | None:
        """Whether there was a slot; None where there is no such limit yet."""
        try:
            limits = client.increment_concurrency_slots([self.limit], 1, "concurrency").json()
        except PrefectHTTPStatusError as error:
            if error.response.status_code == _TAKEN:
                return False
            raise
        return True if limits else None

    def _create(self, client: SyncPrefectClient) -> bool:
        """Make the limit, with its slot taken; False where somebody else was first."""
        limit = GlobalConcurrencyLimitCreate(name=self.limit, limit=1, active_slots=1, slot_decay_per_second=DECAY)
        try:
            client.create_global_concurrency_limit(limit)
        except ObjectAlreadyExists:
            return False
        return True

    def _give_back(self) -> None:
        if self._since is None:
            return
        held, self._since = monotonic() - self._since, None
        try:
            with prefect_client() as client:
                client.release_concurrency_slots([self.limit], 1, occupancy_seconds=held)
        except Exception as error:
            current_logger().debug("Concurrency limit %r comes free by itself: %s", self.limit, error)
