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
        None where there is none: in a flow's own body, or in a task outside of flows.
    attempt : int
        How many times the flow run has been tried by now.
    """

    flow_run_id: UUID | None
    task_run_id: UUID | None
    attempt: int

    @classmethod
    def current(cls) -> Owner | None:
        """The run of this context; None outside of Prefect's runs."""
        task_context = TaskRunContext.get()
        if task_context is not None:
            task_run = task_context.task_run
            return cls(task_run.flow_run_id, task_run.id, task_run.flow_run_run_count)
        flow_context = FlowRunContext.get()
        if flow_context is not None and flow_context.flow_run is not None:
            return cls(flow_context.flow_run.id, None, flow_context.flow_run.run_count)
        return None
