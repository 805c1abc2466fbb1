"""The start of a flow by a step: only once, and only if the Dagster run still waits for the step."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self

import dagster as dg

from dagster_ikigai.run_store import EventRunStore, step_key
from dagster_ikigai.runs.orphans import check_is_awaited
from dagster_ikigai.runs.start_lease import InstanceStartLease, has_start_leases

_UNSENT = ("prepared", "copied", "fenced")
_log = logging.getLogger("dagster_ikigai")


class FlowStart:
    """The start of a flow by a step. A context manager that always releases its lease.

    Parameters
    ----------
    context : AssetExecutionContext or OpExecutionContext
        Context of the step.
    store : EventRunStore
    flow_id : str
    is_shared : bool
        Whether others may start the same flow. A private copy needs no lease.

    Attributes
    ----------
    lease : InstanceStartLease or None
        None if it is not needed, or if the instance does not support leases.
    """

    def __init__(self, context: Any, store: EventRunStore, flow_id: str, *, is_shared: bool) -> None:
        self._context = context
        self._store = store
        self.lease = _lease(context, flow_id) if is_shared else None

    def keep(self, run: Mapping[str, Any]) -> None:
        """Save a run, before and after its start is sent.

        Raises
        ------
        Failure
            The Dagster run no longer waits for this step, so nothing may be sent.
        SupersededError
            A later attempt of the step has taken over.
        """
        phase = run["phase"]
        if phase in _UNSENT:
            check_is_awaited(self._context, to_start=True)
        if self.lease is not None and phase == "prepared":
            self.lease.sending()
        if self.lease is not None and phase == "unknown":
            self.lease.lost()
        self._store.note(run)
        if self.lease is not None and phase in ("started", "refused"):
            self.lease.settled()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.lease is not None:
            self.lease.release()


def _lease(context: Any, flow_id: str) -> InstanceStartLease | None:
    instance: dg.DagsterInstance = context.instance
    if not has_start_leases(instance):
        _warn_of_no_leases()
        return None
    return InstanceStartLease(instance, flow_id, context.run.run_id, step_key(context))


@cache
def _warn_of_no_leases() -> None:
    _log.warning(
        "This Dagster instance has no concurrency limits, because it is ephemeral or its database needs a migration. "
        "So a start whose answer is lost fails: other steps may start the same flow. Run private copies "
        "(isolation='copy'), or use a persistent instance."
    )
