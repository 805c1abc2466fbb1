"""Count the other runs of a flow that may have ended since a run's baseline."""

from __future__ import annotations

from dataclasses import replace

from ikigai_core.procedure import Procedure
from ikigai_core.runs.logs import logs_since
from ikigai_core.runs.ownership import after_the_start, own_among
from ikigai_core.runs.state import RunState
from ikigai_core.runs.status import report_of


def counted(run: RunState) -> Procedure[RunState]:
    """A started run, with the number of other runs that may have ended since its baseline."""
    run = replace(run, rivals=0)
    logs = yield from logs_since(run, retried=True)
    if not own_among(logs, run):
        return run
    report = yield from report_of(run)
    if report.is_idle:
        logs = yield from logs_since(run, retried=True)
    return after_the_start(run, logs, report)
