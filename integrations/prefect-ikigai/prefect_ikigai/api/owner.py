"""Who runs here: the Prefect run on whose behalf something is done."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prefect.context import FlowRunContext, TaskRunContext


@dataclass(frozen=True)
class Owner:
    """A try of a flow run, and the task run in it.

    Attributes
    ----------
    flow_run_id, task_run_id : UUID or None
        None if there is none: in a flow's own body, or in a task outside of flows.
    attempt : int
        How many times the flow run has been tried by now.
    task : str
        What the task is known as to Prefect; empty in a flow's own body.
    task_attempt : int
        How many times the task run has been tried by now.
    parent_task_run_id : UUID or None
        What stands for this flow run in the flow run that called it; None if nobody did, or that is not known.
    """

    flow_run_id: UUID | None
    task_run_id: UUID | None
    attempt: int
    task: str = ""
    task_attempt: int = 0
    parent_task_run_id: UUID | None = None

    @classmethod
    def current(cls) -> Owner | None:
        """The run of this context; None outside of Prefect's runs."""
        flow_context, task_context = FlowRunContext.get(), TaskRunContext.get()
        flow_run = flow_context.flow_run if flow_context is not None else None
        parent = flow_run.parent_task_run_id if flow_run is not None else None
        if task_context is not None:
            run = task_context.task_run
            return cls(run.flow_run_id, run.id, run.flow_run_run_count, run.task_key, run.run_count, parent)
        if flow_run is not None:
            return cls(flow_run.id, None, flow_run.run_count, parent_task_run_id=parent)
        return None
