"""The results of tasks that run flows, made from the core's `RunReport` and the flow's definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ikigai_core.orchestration import RunReport

if TYPE_CHECKING:
    from ikigai_core import FlowDefinition, FlowRun


def task_result(report: RunReport) -> dict[str, Any]:
    """Return a task's result for a run that has ended."""
    return {
        "app_id": report.app_id,
        "flow_id": report.flow_id,
        "flow": report.flow_name,
        "outputs": report.outputs,
        "run_log": report.log,
        "doubt": report.doubt,
    }


def started_result(run: FlowRun, outputs: list[str] | None) -> dict[str, Any]:
    """Return a task's result for a run that it does not wait for.

    Parameters
    ----------
    run : FlowRun
    outputs : list of str or None
        The datasets that it will write; None if they are not known.
    """
    report = RunReport(app_id=run.app_id, flow_id=run.flow_id, flow_name=run.flow_name, outputs=outputs)
    return {**task_result(report), "flow_run": run.to_dict()}


def about_run(definition: FlowDefinition, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the datasets that a run should read and write, given the variables it was started with.

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
