"""The outcome of a run for Prefect: the payload of its event, and the row of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikigai_core import RunLog
    from ikigai_core.orchestration import RunReport


def event_payload(report: RunReport) -> dict[str, Any]:
    """The payload of the event at a run's end. For a failure, its message has more details than the log."""
    log = log_of(report)
    return {
        "status": log.status.value,
        "log_id": log.log_id,
        "user": log.user,
        "facet_id": log.erroneous_facet_id,
        "message": report.message or log.data,
    }


def table_row(report: RunReport) -> dict[str, str]:
    """The run's log as a table row. Contains the doubt if the log may belong to another run."""
    log = log_of(report)
    row = {
        "Run log": log.log_id,
        "Status": log.status.value,
        "Ended": log.timestamp.isoformat(timespec="seconds"),
        "User": log.user,
        "Facet": log.erroneous_facet_id or "",
        "Message": log.data,
    }
    return row | ({"Doubt": report.doubt} if report.doubt else {})


def log_of(report: RunReport) -> RunLog:
    """The log of an ended run."""
    log = report.run_log
    assert log is not None, f"The end of the run of flow {report.flow_name!r} was not seen."
    return log
