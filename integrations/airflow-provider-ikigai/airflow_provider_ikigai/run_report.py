"""What tasks tell of a run: what they return of the core's `RunReport`, and what its flow's definition said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikigai_core import FlowDefinition
    from ikigai_core.orchestration import RunReport


def task_result(report: RunReport) -> dict[str, Any]:
    """What a task returns of a run."""
    return {
        "app_id": report.app_id,
        "flow_id": report.flow_id,
        "flow": report.flow_name,
        "outputs": report.outputs,
        "run_log": report.log,
        "doubt": report.doubt,
    }


def about_run(definition: FlowDefinition, run: Mapping[str, Any]) -> dict[str, Any]:
    """What a run was to read and write when it was started, as its own variables have it.

    Parameters
    ----------
    definition : FlowDefinition
        The flow's.
    run : mapping
        The run, as `FlowRun.to_dict` gives it.

    Returns
    -------
    dict
        ``outputs``, names of datasets, or None for a run of somebody else; and ``inputs``, ids of datasets.
    """
    if run.get("attached"):
        return {"outputs": None, "inputs": []}
    variables = run["variables"]
    return {"outputs": definition.exported(variables), "inputs": definition.imported(variables)}
