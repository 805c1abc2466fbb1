"""Flow runs of Prefect, and the subflows that they called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import FlowRun, StateType

from prefect_ikigai.api.client import prefect_client

_PAGE = 200
"""Maximum number of flow runs that the server returns at once."""

LEFT_IN = frozenset({StateType.CANCELLED, StateType.CANCELLING, StateType.CRASHED, StateType.FAILED})
"""The states of flow runs that may leave a run on the platform unintentionally."""


def read_flow_runs(flow_run_ids: Iterable[UUID]) -> dict[UUID, FlowRun]:
    """The flow runs with these ids, as far as they exist."""
    wanted = sorted({str(flow_run_id) for flow_run_id in flow_run_ids})
    found: dict[UUID, FlowRun] = {}
    for start in range(0, len(wanted), _PAGE):
        page = _find({"id": {"any_": wanted[start : start + _PAGE]}})
        found.update((flow_run.id, flow_run) for flow_run in page)
    return found


def with_subflows(flow_run_id: UUID) -> list[UUID]:
    """A flow run and all flow runs that it called in its own process, directly or not."""
    tree, level = [flow_run_id], [flow_run_id]
    while level:
        called = _find({"parent_flow_run_id": {"any_": [str(caller) for caller in level]}})
        # A deployment's flow run has a process of its own, which continues.
        level = [flow_run.id for flow_run in called if flow_run.deployment_id is None and flow_run.id not in tree]
        tree += level
    return tree


def was_left(chain: Sequence[UUID]) -> bool:
    """Whether the last of these flow runs, each of which called the next one, ended without success.

    A subflow ends with the process of its caller, and nobody may have told the server.
    """
    flow_runs = read_flow_runs(chain)
    for flow_run_id in reversed(chain):
        flow_run = flow_runs.get(flow_run_id)
        if flow_run is None or (flow_run.state is not None and flow_run.state.type in LEFT_IN):
            return True
        is_over = flow_run.state is not None and flow_run.state.is_final()
        if is_over or flow_run.deployment_id is not None:
            return False
    return False


def is_over(flow_run: FlowRun | None) -> bool:
    """Whether nobody will repeat a flow run: it has ended, or was deleted."""
    return flow_run is None or flow_run.state is None or flow_run.state.is_final()


def _find(wanted: dict[str, Any]) -> list[FlowRun]:
    found: list[FlowRun] = []
    with prefect_client() as client:
        while True:
            query = {"flow_runs": wanted, "limit": _PAGE, "offset": len(found)}
            page = client.request("POST", "/flow_runs/filter", json=query).json()
            found += FlowRun.model_validate_list(page)
            if len(page) < _PAGE:
                return found
