"""Which entry of a flow's log is a run's own, and what speaks against it.

The platform gives a run no id, so this is a conclusion. The oldest entry newer than the baseline is the run's, unless
another user's name is on it. It is open to doubt where another run of the same user may have come between: where one
ended while this one was being started, where nobody heard the start's answer, or where the platform let another start
in beside this one, so that either may be the first to end. Then the run says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ikigai_core.errors import RunAmbiguous
from ikigai_core.runs.records import FlowStatusReport, RunLog
from ikigai_core.runs.state import RunState


def own_among(logs: Sequence[RunLog], run: RunState) -> list[RunLog]:
    """Those entries that may be the run's by the name of who started it."""
    return [log for log in logs if run.user is None or not log.user or log.user.casefold() == run.user.casefold()]


def after_the_start(run: RunState, logs: Sequence[RunLog], report: FlowStatusReport) -> RunState:
    """What the flow's state and log, right after a start was accepted, say of runs that overlapped it.

    Parameters
    ----------
    run : RunState
    logs : sequence of RunLog
        Newer than the baseline; read after the report where that is idle, and before it where it is not.
    report : FlowStatusReport
    """
    ended = len(own_among(logs, run))
    # On an idle flow this run is over too, and one of the entries is its own. On a busy one it may be what is going on.
    rivals = max(ended - 1, 0) if report.is_idle else ended
    if not rivals:
        return run
    return replace(run, rivals=rivals, doubt="Another run of the flow ended while this one was being started.")


def settled(
    run: RunState, logs: Sequence[RunLog], report: FlowStatusReport, *, is_final: bool
) -> tuple[RunLog, str] | None:
    """The run's own entry, and the doubt about it; None where more has to be waited for.

    Parameters
    ----------
    run : RunState
    logs : sequence of RunLog
        Newer than the baseline, oldest first, and read after the report.
    report : FlowStatusReport
    is_final : bool
        Whether the flow has been idle for so long that no more entries are expected.

    Raises
    ------
    RunAmbiguous
        Several entries may be the run's, and they differ in how it ended.
    """
    if run.log_id is not None:
        return next(((log, run.doubt) for log in logs if log.log_id == run.log_id), None)
    own = own_among(logs, run)
    if len(own) > run.rivals:
        return _chosen(run, own, report)
    if not is_final:
        return None
    if own:
        return _chosen(run, own, report)
    if logs and not run.doubt:
        return logs[0], f"Its log names {logs[0].user} as who started it, and not {run.user}."
    return None


def _chosen(run: RunState, own: Sequence[RunLog], report: FlowStatusReport) -> tuple[RunLog, str]:
    chosen = own[min(run.rivals, len(own) - 1)]
    if run.doubt and len({log.status for log in own}) > 1:
        entries = ", ".join(f"{log.log_id} {log.status}" for log in own)
        raise RunAmbiguous(
            f"How the run of flow {run.flow_name!r} ended cannot be told. {run.doubt} The log entries that may be its "
            f"own differ: {entries}. Look at what the flow wrote before you start it anew.",
            own,
        )
    if run.doubt or (len(own) == 1 and report.is_idle):
        return chosen, run.doubt
    return chosen, (
        "Another run of the flow was started before the end of this one was seen; where the platform lets both go on "
        "at once, the first to end is taken for this one."
    )
