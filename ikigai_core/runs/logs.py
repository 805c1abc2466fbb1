"""A flow's log, from the newest entry back to a run's baseline."""

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


def has_news(run: RunState) -> Procedure[bool]:
    """Whether the log has an entry that is newer than a run's baseline, as far as its newest one tells."""
    entries = yield from send_once(flows.logs(run.app_id, run.running_flow_id, limit=1))
    return bool(entries) and str(entries[0]["log_id"]) != run.baseline


def logs_since(run: RunState, *, retried: bool = False) -> Procedure[list[RunLog]]:
    """The entries that are newer than a run's baseline, oldest first.

    Parameters
    ----------
    run : RunState
    retried : bool, default False
        Whether the transport tries again: not for those who come back anyway.

    Raises
    ------
    RunLostError
        The baseline has fallen out of the log, so that the run's entry cannot be told.
    """
    ask = send if retried else send_once
    for depth in _DEPTHS:
        entries = yield from ask(flows.logs(run.app_id, run.running_flow_id, limit=depth))
        newer = _newer_than(run.baseline, entries, depth)
        if newer is not None:
            return [RunLog.read(entry) for entry in reversed(newer)]
        if len(entries) < depth:
            break
    raise RunLostError(
        f"The log of flow {run.flow_name!r} no longer holds the entry {run.baseline} that preceded the run: "
        "which of its entries is the run's cannot be told."
    )


def _newer_than(baseline: str | None, entries: list[Record], depth: int) -> list[Record] | None:
    """The entries newer than the baseline, newest first; None where a page of this depth does not tell."""
    ids = [str(entry["log_id"]) for entry in entries]
    if baseline is None:
        # With an empty log before, every entry is newer; a full page may hide older ones.
        return entries if len(entries) < depth else None
    return entries[: ids.index(baseline)] if baseline in ids else None
