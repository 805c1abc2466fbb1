"""Identify the log entry of a run, and the doubts about it.

The platform gives a run no id, so the entry is inferred. On a private copy, every entry belongs to the run. On a shared
flow, it is the oldest entry that is newer than the baseline and names the run's user. The platform refuses to start a
flow that is running, so no other run can end in between. But if another run ended during the start, either of two
entries may belong to this run. Then the outcome is proven only if both entries have the same status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ikigai_core.errors import RunAmbiguousError
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs.state import RunState

FENCE = "fenced"
"""The facet at which a private copy's run fails if its start had been given up."""


def own_among(logs: Sequence[RunLog], run: RunState) -> list[RunLog]:
    """The entries whose user may be the run's starter; on a private copy, all entries."""
    if run.is_private:
        return list(logs)
    return [log for log in logs if run.user is None or not log.user or log.user.casefold() == run.user.casefold()]


def failed_at_fence(run: RunState, log: RunLog) -> bool:
    """True if the start of a private copy arrived only after it was given up, so that nothing of the flow ran."""
    return run.is_private and log.erroneous_facet_id == FENCE


def after_the_start(run: RunState, logs: Sequence[RunLog], report: FlowStatusReport) -> RunState:
    """Count runs that overlapped the start, by the flow's state and log right after the start was accepted.

    Parameters
    ----------
    run : RunState
    logs : sequence of RunLog
        Entries newer than the baseline. Read after the report if that is idle, otherwise before it.
    report : FlowStatusReport
    """
    ended = len(own_among(logs, run))
    # If the flow is idle, this run is over and has one of the entries. If it is busy, this run may be the active one.
    rivals = max(ended - 1, 0) if report.is_idle else ended
    if not rivals:
        return run
    return replace(run, rivals=rivals, doubt="Another run of the flow ended while this one was being started.")


def settled(run: RunState, logs: Sequence[RunLog], *, is_final: bool) -> tuple[RunLog, str] | None:
    """The run's entry and the doubt about it; None if it is necessary to wait for more entries.

    Parameters
    ----------
    run : RunState
    logs : sequence of RunLog
        Entries newer than the baseline, oldest first.
    is_final : bool
        True if the flow has been idle for so long that no more entries are expected.

    Raises
    ------
    RunAmbiguousError
        Several entries may belong to the run, with different outcomes; or none can be proven to belong to it.
    """
    if run.log_id is not None:
        return next(((log, run.doubt) for log in logs if log.log_id == run.log_id), None)
    own, rivals = own_among(logs, run), max(run.rivals, 0)
    if len(own) > rivals:
        return _chosen(run, own[: rivals + 1])
    if not is_final:
        return None
    if own:
        return _guessed(run, own, f"{run.doubt} Its log has fewer entries than there were runs.")
    if logs and run.phase == "started" and not run.doubt:
        return _guessed(run, logs[:1], f"Its log names {logs[0].user} as who started it, and not {run.user}.")
    return None


def _chosen(run: RunState, candidates: Sequence[RunLog]) -> tuple[RunLog, str]:
    """The newest of the possible entries. They prove the outcome only if all have the same status."""
    if len({log.status for log in candidates}) > 1:
        return _guessed(run, candidates, run.doubt)
    return candidates[-1], run.doubt


def _guessed(run: RunState, candidates: Sequence[RunLog], doubt: str) -> tuple[RunLog, str]:
    if run.on_doubt == "accept":
        return candidates[-1], doubt
    entries = ", ".join(f"{log.log_id} {log.status}" for log in candidates)
    raise RunAmbiguousError(
        f"It is not known how the run of flow {run.flow_name!r} ended. {doubt} The log entries that may be its own: "
        f"{entries}. Look at what the flow wrote before you start it again.",
        candidates,
    )
