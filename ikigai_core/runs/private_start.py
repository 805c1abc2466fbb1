"""Start a private copy of a flow."""

from __future__ import annotations

from dataclasses import replace

from ikigai_core.api import flows
from ikigai_core.api.answers import Record
from ikigai_core.errors import (
    AnswerLostError,
    ApiError,
    ConflictError,
    ConnectionFailedError,
    NotFoundError,
    PlatformAwayError,
    StartUnknownError,
    UnexpectedAnswerError,
)
from ikigai_core.procedure import Procedure, send
from ikigai_core.runs import copies
from ikigai_core.runs.launch import Launch, keep, may_have_arrived, started
from ikigai_core.runs.state import RunState

_MOST_COPIES = 5


def start_private(wanted: Launch) -> Procedure[RunState]:
    """Make private copies until one is started. This is the first one, unless answers get lost."""
    original = yield from send(flows.fetch(wanted.run.flow_id))
    for _ in range(_MOST_COPIES):
        started = yield from _start_copy(wanted, original)
        if started is not None:
            return started
    raise PlatformAwayError(
        f"{_MOST_COPIES} private copies of flow {wanted.run.flow_name!r} were made, and no answer to the creation or "
        "the start of any of them arrived. None of them runs."
    )


def _start_copy(wanted: Launch, original: Record) -> Procedure[RunState | None]:
    """Make a private copy and start it. Returns None if the start was lost and can have no effect any more."""
    name = copies.copy_name(wanted.run.flow_name, is_kept=wanted.run.keep_copy)
    named = replace(wanted.run, copy_name=name, baseline=None)
    yield from keep(wanted, named)
    copy = yield from copies.create_copy(named, original)
    if copy is None:
        # If it is created later, it is never started, and it is swept.
        return None
    copy = yield from copies.with_age(copy)
    yield from keep(wanted, copy)
    try:
        yield from send(flows.run(copy.app_id, copy.running_flow_id, copy.variables))
    except (ApiError, AnswerLostError, ConnectionFailedError, UnexpectedAnswerError) as error:
        if not (may_have_arrived(error) or isinstance(error, ConflictError)):
            if (yield from keep(wanted, replace(copy, phase="refused"))):
                # Without the note, a successor still looks for the copy, and another attempt may already use it.
                yield from copies.close(copy)
            raise
        return (yield from settle_private(wanted, replace(copy, phase="unknown")))
    return (yield from started(wanted, copy))


def settle_private(wanted: Launch, copy: RunState) -> Procedure[RunState | None]:
    """The run of a copy whose start may have arrived; None if it has not, and can have no effect any more."""
    try:
        has_arrived = yield from copies.settle(copy)
    except NotFoundError:
        raise StartUnknownError(
            f"The private copy {copy.copy_name!r} was deleted before the end of its run was noted. "
            "Look at what the flow wrote before you start it again."
        ) from None
    if has_arrived:
        return (yield from started(wanted, copy))
    yield from keep(wanted, replace(copy, phase="fenced"))
    yield from copies.remove(copy)
    return None
