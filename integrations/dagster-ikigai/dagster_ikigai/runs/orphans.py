"""Detects steps whose Dagster run no longer waits for them.

The default executor runs each step in its own process, which survives if its run worker is killed. It would continue in
parallel to the same step of the replacement run, and start the flow, too, or report the same run.
"""

from __future__ import annotations

import multiprocessing
import os
from typing import Any

import dagster as dg


def check_is_awaited(context: Any, *, to_start: bool = False) -> None:
    """Stop a step whose run has ended without it, or has lost its worker.

    Parameters
    ----------
    context : AssetExecutionContext or OpExecutionContext
        Context of the step.
    to_start : bool, default False
        Whether the step is about to start a flow. This also stops the step if its run is being canceled.

    Raises
    ------
    Failure
        The step must stop. The error explains why.
    """
    op_context = getattr(context, "op_execution_context", context)
    run = op_context.instance.get_run_by_id(op_context.run_id)
    if run is not None and run.is_finished:
        fate = f"has ended ({run.status.value})"
    elif to_start and run is not None and run.status is dg.DagsterRunStatus.CANCELING:
        fate = "is being canceled"
    elif _has_lost_its_worker(op_context):
        fate = "has lost its worker"
    else:
        return
    raise dg.Failure(
        f"This step's Dagster run {fate} and no longer waits for it: the step starts no flow and reports nothing. A "
        "re-execution of the run follows what the step had started.",
        allow_retries=False,
    )


def _has_lost_its_worker(context: dg.OpExecutionContext) -> bool:
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive() and _is_step_process(context)


def _is_step_process(context: dg.OpExecutionContext) -> bool:
    # The parent of a run worker is the code server. The worker continues if it ends.
    records = context.instance.get_records_for_run(
        context.run_id, of_type=dg.DagsterEventType.STEP_WORKER_STARTED
    ).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    told = [event.engine_event_data.metadata.get("pid") for event in events]
    return str(os.getpid()) in {pid.value for pid in told if pid is not None}
