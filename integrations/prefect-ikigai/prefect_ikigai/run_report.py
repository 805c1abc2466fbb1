"""How a run came out, as Prefect is told: what its event carries, and the row of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikigai_core import RunLog
    from ikigai_core.orchestration import RunReport


def event_payload(report: RunReport) -> dict[str, Any]:
    """What the event of a run's end carries; the message says more of a failure than the log."""
    log = log_of(report)
    return {
        "status": log.status.value,
        "log_id": log.log_id,
        "user": log.user,
        "facet_id": log.erroneous_facet_id,
        "message": report.message or log.data,
    }


def table_row(report: RunReport) -> dict[str, str]:
    """The run's log as a row of a table, with the doubt if it may be another run's."""
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
    """The log of a run whose end was seen."""
    log = report.run_log
    assert log is not None, f"The end of the run of flow {report.flow_name!r} was not seen."
    return log
