"""The log of a flow, from the newest entry back to a run's baseline."""

from __future__ import annotations

from ikigai_core.api import flows
from ikigai_core.api.answers import Record
from ikigai_core.errors import RunLostError
from ikigai_core.procedure import Procedure, send, send_once
from ikigai_core.run_records import RunLog
from ikigai_core.runs.state import RunState

_DEPTHS = (5, 100, 1000)


def newest_entry(app_id: str, flow_id: str) -> Procedure[RunLog | None]:
    """The newest entry of a flow's log; None if there is none."""
    entries = yield from send(flows.logs(app_id, flow_id, limit=1))
    return RunLog.read(entries[0]) if entries else None


def has_news(run: RunState, deadline: float | None = None) -> Procedure[bool]:
    """True if the newest log entry is not the run's baseline. The deadline is as for `send_once`."""
    entries = yield from send_once(flows.logs(run.app_id, run.running_flow_id, limit=1), deadline)
    return bool(entries) and str(entries[0]["log_id"]) != run.baseline


def logs_since(run: RunState, *, retried: bool = False, deadline: float | None = None) -> Procedure[list[RunLog]]:
    """The log entries that are newer than a run's baseline, oldest first.

    Parameters
    ----------
    run : RunState
    retried : bool, default False
        True if the transport retries the requests. Not needed if the caller repeats them anyway.
    deadline : float, optional
        As for `send_once`, if the requests are not retried.

    Raises
    ------
    RunLostError
        The log no longer contains the baseline, so the run's entry cannot be identified.
    """
    for depth in _DEPTHS:
        call = flows.logs(run.app_id, run.running_flow_id, limit=depth)
        entries = yield from send(call) if retried else send_once(call, deadline)
        newer = _newer_than(run.baseline, entries, depth)
        if newer is not None:
            return [RunLog.read(entry) for entry in reversed(newer)]
        if len(entries) < depth:
            break
    raise RunLostError(
        f"The log of flow {run.flow_name!r} no longer contains the entry {run.baseline} from before the run, "
        "so it is not known which entry is the run's."
    )


def _newer_than(baseline: str | None, entries: list[Record], depth: int) -> list[Record] | None:
    """The entries newer than the baseline, newest first; None if a page of this size is too short to know."""
    ids = [str(entry["log_id"]) for entry in entries]
    if baseline is None:
        # The log was empty before, so every entry is newer. A full page may hide older entries.
        return entries if len(entries) < depth else None
    return entries[: ids.index(baseline)] if baseline in ids else None
