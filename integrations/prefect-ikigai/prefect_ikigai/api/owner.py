"""The Prefect run that the current code belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext, TaskRunContext


@dataclass(frozen=True)
class Owner:
    """An attempt of a flow run, and the task run in it.

    Attributes
    ----------
    flow_run_id, task_run_id : UUID or None
        None if there is none: a flow's own body has no task run, and a task outside of flows has no flow run.
    attempt : int
        Number of attempts of the flow run so far.
    task : str
        Prefect's key of the task; empty in a flow's own body.
    task_attempt : int
        Number of attempts of the task run so far.
    pauses : int
        Number of times that the attempt was suspended or paused. Then it starts again, which Prefect does not count.
    parent_task_run_id : UUID or None
        The task run that represents this flow run in the flow run that called it. None if no flow run called it, or if
        that is not known.
    """

    flow_run_id: UUID | None
    task_run_id: UUID | None
    attempt: int
    task: str = ""
    task_attempt: int = 0
    pauses: int = 0
    parent_task_run_id: UUID | None = None

    @classmethod
    def current(cls) -> Owner | None:
        """The run of the current context; None outside of Prefect's runs."""
        flow_context, task_context = FlowRunContext.get(), TaskRunContext.get()
        flow_run = flow_context.flow_run if flow_context is not None else None
        parent = flow_run.parent_task_run_id if flow_run is not None else None
        if task_context is not None:
            run = task_context.task_run
            count, pauses = run.flow_run_run_count, pauses_of(flow_run)
            return cls(run.flow_run_id, run.id, count, run.task_key, run.run_count, pauses, parent)
        if flow_run is not None:
            pauses = pauses_of(flow_run)
            return cls(flow_run.id, None, flow_run.run_count, pauses=pauses, parent_task_run_id=parent)
        return None


def pauses_of(flow_run: FlowRun | None) -> int:
    """Number of times that the current attempt of a flow run was suspended or paused."""
    return 0 if flow_run is None else len(flow_run.empirical_policy.pause_keys or ())
