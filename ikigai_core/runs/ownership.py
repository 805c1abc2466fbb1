"""Which entry of a flow's log is a run's own, and what speaks against it.

The platform gives a run no id, so this is a conclusion. On a private copy every entry is the run's. On a shared flow it
is the oldest entry newer than the baseline that names the run's user: a platform that refuses to start a flow that runs
lets no other run end in between. If another run ended while this one was being started, either of two entries may be
this one's. How the run ended is proven only if both ended alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ikigai_core.errors import RunAmbiguousError
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs.state import RunState

FENCE = "fenced"
"""The facet at which the run of a private copy fails whose start was given up."""


def own_among(logs: Sequence[RunLog], run: RunState) -> list[RunLog]:
    """Those entries that may be the run's by the name of who started it; on a private copy, all of them."""
    if run.is_private:
        return list(logs)
    return [log for log in logs if run.user is None or not log.user or log.user.casefold() == run.user.casefold()]


def failed_at_fence(run: RunState, log: RunLog) -> bool:
    """Whether the start of a private copy arrived only after it was given up, so that nothing of the flow ran."""
    return run.is_private and log.erroneous_facet_id == FENCE


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


def settled(run: RunState, logs: Sequence[RunLog], *, is_final: bool) -> tuple[RunLog, str] | None:
    """The run's own entry, and the doubt about it; None where more has to be waited for.

    Parameters
    ----------
    run : RunState
    logs : sequence of RunLog
        Newer than the baseline, oldest first.
    is_final : bool
        Whether the flow has been idle for so long that no more entries are expected.

    Raises
    ------
    RunAmbiguousError
        Several entries may be the run's, and they differ in how it ended; or none can be proven to be.
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
    """The newest of the entries of which one is the run's; they prove how it ended only if they ended alike."""
    if len({log.status for log in candidates}) > 1:
        return _guessed(run, candidates, run.doubt)
    return candidates[-1], run.doubt


def _guessed(run: RunState, candidates: Sequence[RunLog], doubt: str) -> tuple[RunLog, str]:
    if run.on_doubt == "accept":
        return candidates[-1], doubt
    entries = ", ".join(f"{log.log_id} {log.status}" for log in candidates)
    raise RunAmbiguousError(
        f"How the run of flow {run.flow_name!r} ended cannot be told. {doubt} The log entries that may be its own: "
        f"{entries}. Look at what the flow wrote before you start it anew.",
        candidates,
    )
