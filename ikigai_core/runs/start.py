"""Start a flow only once, even if answers get lost. ``docs/runs.md`` has a diagram of the states of a start.

A task may claim a run only with a proof: a private copy; the platform's answer to the start; a lease that was held from
the baseline until the run was seen; or an output that no other run was to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from ikigai_core.errors import InvalidInputError, StartUnknownError
from ikigai_core.procedure import Procedure
from ikigai_core.runs import copies
from ikigai_core.runs.launch import REMEDY, Launch, Launched, keep
from ikigai_core.runs.lost_start import look_for
from ikigai_core.runs.private_start import settle_private, start_private
from ikigai_core.runs.shared_start import claimed, recounted, start_shared
from ikigai_core.runs.state import RunState


def launch(wanted: Launch, previous: Mapping[str, Any] | None = None) -> Procedure[Launched]:
    """Start a flow, or resume the run that an earlier attempt stored.

    Raises
    ------
    FlowBusyError
        The flow is already running, and `on_busy` is ``fail``, or the wait for it timed out.
    StartUnknownError
        It is not known what happened to the start. Nothing was started a second time.
    """
    if previous is not None:
        picked_up = yield from _pick_up(wanted, RunState.from_dict(previous))
        if picked_up is not None:
            return Launched(picked_up, is_picked_up=True)
    if wanted.isolation == "copy":
        return Launched((yield from start_private(wanted)))
    return Launched((yield from start_shared(wanted)))


def _pick_up(wanted: Launch, kept: RunState) -> Procedure[RunState | None]:
    """Resume the run that an earlier attempt stored. Returns None if it never ran, so that a new one is started."""
    if kept.flow_id != wanted.run.flow_id:
        raise InvalidInputError(
            f"The run that was kept is of flow {kept.flow_id} ({kept.flow_name!r}), not of {wanted.run.flow_id}."
        )
    if kept.phase == "refused":
        return None
    if kept.phase == "started" and kept.rivals < 0:
        return (yield from recounted(wanted, kept))
    if kept.phase in ("started", "ended", "taken"):
        return kept
    if not kept.is_private:
        return (yield from _pick_up_shared(wanted, kept))
    if kept.phase in ("copied", "unknown"):
        return (yield from settle_private(wanted, kept))
    # For a prepared copy, no start was sent. For a fenced one, the start cannot run anything.
    yield from copies.close(kept)
    return None


def _pick_up_shared(wanted: Launch, kept: RunState) -> Procedure[RunState | None]:
    """Find the run whose start was prepared by a process that died, or was lost, if that can be proven now."""
    why = f"Whether flow {kept.flow_name!r} was started by an earlier try is not known"
    seen = yield from look_for(kept)
    if seen is not None:
        return (yield from claimed(wanted, replace(kept, phase="unknown"), seen, why, is_proven=False))
    if wanted.run.on_doubt == "accept":
        return None
    yield from keep(wanted, replace(kept, phase="unknown"))
    _raise_never_seen(why)


def _raise_never_seen(why: str) -> NoReturn:
    raise StartUnknownError(
        f"{why}: neither status nor log shows a run. The start may still arrive, so it was not sent again. {REMEDY}"
    )
