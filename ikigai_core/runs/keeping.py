"""Store a run for a successor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ikigai_core.logs import get_logger
from ikigai_core.procedure import BlockingCall, Procedure
from ikigai_core.runs.state import RunState

logger = get_logger(__name__)

Keep = Callable[[dict[str, Any]], Awaitable[None] | None]


def keep_note(keep: Keep | None, run: RunState, *, strictly: bool) -> Procedure[bool]:
    """Pass a run to the `keep` callback, and return whether it is stored.

    Parameters
    ----------
    keep : callable, optional
    run : RunState
    strictly : bool
        True if an error of the callback is raised. This is so before a step that cannot be undone: then the step is not
        taken. After such a step, the earlier note is enough to find the run.
    """
    if keep is None:
        return True
    try:
        yield BlockingCall(partial(keep, run.to_dict()))
    except Exception as error:
        if strictly:
            raise
        logger.warning("Could not save that the run of flow %r is %s: %s", run.flow_name, run.phase, error)
        return False
    return True
