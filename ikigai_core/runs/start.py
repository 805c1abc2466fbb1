"""Starting a flow once, whatever gets lost on the way; the states of a start are drawn in ``docs/runs.md``.

A task may only take a run for its own if that is proven. A private copy proves it, and so does the platform's answer to
the start, a lease that was held from the baseline until the run was seen, or an output that only this run was to write.
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
    """Start a flow, or pick up the run that an earlier try kept.

    Raises
    ------
    FlowBusyError
        The flow runs already, and `on_busy` is ``fail``, or the wait for it timed out.
    StartUnknownError
        What became of the start could not be proven. Nothing was started a second time.
    """
    if previous is not None:
        picked_up = yield from _pick_up(wanted, RunState.from_dict(previous))
        if picked_up is not None:
            return Launched(picked_up, is_picked_up=True)
    if wanted.isolation == "copy":
        return Launched((yield from start_private(wanted)))
    return Launched((yield from start_shared(wanted)))


def _pick_up(wanted: Launch, kept: RunState) -> Procedure[RunState | None]:
    """The run that an earlier try kept; None if that has come to nothing, so that another is started."""
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
    # The start of a copy that is only prepared was never sent, and that of a fenced one runs nothing.
    yield from copies.close(kept)
    return None


def _pick_up_shared(wanted: Launch, kept: RunState) -> Procedure[RunState | None]:
    """The run whose start was prepared by a process that died, or was lost, as far as that can be proven now."""
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
