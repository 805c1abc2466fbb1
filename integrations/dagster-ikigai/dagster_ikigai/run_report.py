"""Reports of runs, for materialization metadata and the results of ops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.metadata import ATTACHED, DOUBT, FLOW_ID, METADATA_FORM, METADATA_VERSION, RUN_LOG_ID, link

if TYPE_CHECKING:
    from ikigai_core import App, Flow, RunLog
    from ikigai_core.orchestration import RunReport


def report_of_elsewhere(app: App, flow: Flow, log: RunLog) -> RunReport:
    """The report of a run that was started elsewhere. Its variables are not known."""
    from ikigai_core.orchestration import RunReport

    return RunReport(
        app_id=app.app_id,
        app_name=app.name,
        flow_id=flow.flow_id,
        flow_name=flow.name,
        web_url=flow.web_url,
        log=log.model_dump(mode="json"),
    )


def run_log_of(report: RunReport) -> RunLog:
    """The log of an ended run."""
    log = report.run_log
    if log is None:
        raise ValueError(f"The end of the run of flow {report.flow_name!r} was not seen.")
    return log


def run_metadata(report: RunReport) -> dict[str, Any]:
    """Metadata of a run: its id, its outcome, its end, and the link to its log."""
    log = run_log_of(report)
    metadata: dict[str, Any] = {
        METADATA_FORM: METADATA_VERSION,
        FLOW_ID: report.flow_id,
        RUN_LOG_ID: log.log_id,
        "ikigai/run_status": log.status.value,
        "ikigai/run_user": log.user,
        "ikigai/run_ended_at": dg.MetadataValue.timestamp(log.timestamp),
    }
    link(metadata, "ikigai/run_url", report.web_url)
    if report.variables is not None:
        metadata["ikigai/run_variables"] = dg.MetadataValue.json(report.variables)
    told = {ATTACHED: report.attached, DOUBT: report.doubt, "ikigai/copy_name": (report.run or {}).get("copy_name")}
    return {**metadata, **{name: value for name, value in told.items() if value}}


def told_to_ops(report: RunReport) -> dict[str, Any]:
    """The return value of an op."""
    log = run_log_of(report)
    told: dict[str, Any] = {
        "log_id": log.log_id,
        "status": log.status.value,
        "user": log.user,
        "ended_at": log.timestamp.isoformat(),
        "datasets": report.outputs or [],
    }
    return {**told, "doubt": report.doubt} if report.doubt else told
