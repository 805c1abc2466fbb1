"""Private copies of flows: a flow for only one run, so that its status and its log certainly belong to that run.

A copy has a unique name, which is stored before the copy is created. A start that is given up is *fenced* before the
next copy is made: the copy's definition is replaced by one that cannot run, and then the copy is deleted. So a start
that arrives later cannot run anything.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ikigai_core.api import flows
from ikigai_core.api.answers import Record, get_field, seconds
from ikigai_core.catalog.creating import create
from ikigai_core.catalog.kinds import flows_of
from ikigai_core.catalog.listing import named, search_all
from ikigai_core.errors import (
    AnswerLostError,
    BadRequestError,
    IkigaiError,
    NotFoundError,
    RunTimeoutError,
    ServerError,
    UnexpectedAnswerError,
)
from ikigai_core.logs import get_logger
from ikigai_core.procedure import Procedure, send, send_removal
from ikigai_core.runs.follow import follow
from ikigai_core.runs.following import Following
from ikigai_core.runs.lost_start import look_for
from ikigai_core.runs.ownership import FENCE, failed_at_fence
from ikigai_core.runs.state import RunState
from ikigai_core.runs.status import report_of

logger = get_logger(__name__)

STALE = timedelta(hours=24)
"""Age from which a copy is considered abandoned."""

_ARMED_LOOK = 10.0
_FENCED_LOOK = 20.0
"""Seconds to look for a lost start, before and after the copy is disarmed. A flow may be reported idle for a while
after its start."""

_FENCED_RUN = 30.0
"""Seconds within which a run fails at the fence. A run that takes longer had started before the fence."""

_SWEEPS = "0]"
"""If a copy's name ends like this, its deletion also sweeps other copies. This is true for one name in sixteen."""

_MARK = "[ikigai-run "
_KEPT = " kept"
_NAME = re.compile(r"^(?P<flow>.*) \[ikigai-run [0-9a-f]{20}(?P<kept> kept)?\]$", re.DOTALL)
_UNRUNNABLE: Record = {
    "facets": [{"facet_id": FENCE, "facet_uid": "I_005", "name": FENCE, "arguments": {}}],
    "arrows": [],
    "variables": {},
    "model_variables": {},
}
"""An input facet whose data no facet uses. The platform stores such a definition, but its runs fail."""


def copy_name(flow_name: str, *, is_kept: bool = False) -> str:
    """A unique name for a private copy. It says whether the copy stays after its run."""
    return f"{flow_name} {_MARK}{secrets.token_hex(10)}{_KEPT if is_kept else ''}]"


def original_of(name: str) -> str | None:
    """Name of the flow that a private copy was made from, by the copy's name; None for other flows."""
    match = _NAME.match(name)
    return match["flow"] if match else None


def create_copy(run: RunState, original: Record) -> Procedure[RunState | None]:
    """Create the private copy that a run names. Returns None if it is not known whether it was created.

    The copy has the original's definition, directory and preferences, but no schedule, grants or downstream flows.
    """
    call = flows.create(
        run.app_id,
        run.copy_name,
        get_field(original, "definition", dict, "pipeline"),
        directory=_directory(original),
        high_volume_preference=bool(original.get("high_volume_preference")),
        agent_access=original.get("agent_access"),
    )
    try:
        copy_id = yield from create(flows_of(run.app_id, run.app_id), run.copy_name, call)
    except (AnswerLostError, ServerError, UnexpectedAnswerError):
        return None
    return replace(run, copy_id=copy_id, phase="copied")


def with_age(run: RunState) -> Procedure[RunState]:
    """Add the creation time of its copy to a run: earlier changes are not the run's. Unchanged if it is not known."""
    try:
        copy = yield from send(flows.fetch(run.running_flow_id))
        created = int(seconds(copy, "created_at"))
        created_at = datetime.fromtimestamp(created, UTC)
    except (IkigaiError, ValueError, OverflowError, OSError):
        return run
    return replace(run, baseline_at=created_at.isoformat()) if created else run


def settle(run: RunState) -> Procedure[bool]:
    """Find out whether the start of a private copy arrived. If not, ensure that it never can.

    Returns
    -------
    bool
        True if the start arrived. If False, the copy cannot run anything any more.

    Raises
    ------
    NotFoundError
        The copy was deleted.
    PlatformAwayError
        The platform did not answer for too long.
    """
    if (yield from look_for(run, _ARMED_LOOK)) is not None:
        return True
    yield from _disarm(run)
    if (yield from look_for(run, _FENCED_LOOK)) is None:
        return False
    try:
        ended = yield from follow(replace(run, phase="started"), Following(timeout=_FENCED_RUN))
    except RunTimeoutError:
        return True
    return not failed_at_fence(run, ended.log)


def remove(run: RunState) -> Procedure[None]:
    """Delete a run's private copy. It may be deleted already."""
    for flow_id in (yield from _ids(run)):
        yield from _delete(run.app_id, flow_id)


def close(run: RunState) -> Procedure[None]:
    """Delete the private copy of a finished run, and sometimes abandoned copies of others. Never raises."""
    try:
        yield from remove(run)
        if run.copy_name.endswith(_SWEEPS):
            yield from sweep(run.app_id, run.flow_name, spares_kept=True)
    except IkigaiError as error:
        logger.warning("Private copy %r was not deleted, and is swept later: %s", run.copy_name, error)


def sweep(
    app_id: str, flow_name: str | None = None, older_than: timedelta = STALE, *, spares_kept: bool = False
) -> Procedure[list[str]]:
    """Delete abandoned private copies, and return their names.

    Parameters
    ----------
    app_id : str
    flow_name : str, optional
        Name of the flow whose copies are deleted; None for all flows of the app.
    older_than : timedelta, default 24 hours
        Minimum age, by the platform's timestamp and this machine's clock. A copy that is running is not deleted.
    spares_kept : bool, default False
        Leave copies that were made to stay after their runs.
    """
    listing = yield from search_all(flows_of(app_id, app_id), _MARK.strip())
    latest = (datetime.now(UTC) - older_than).timestamp()
    swept = []
    for record in listing.records:
        match = _NAME.match(record["name"])
        is_meant = match and flow_name in (None, match["flow"]) and not (spares_kept and match["kept"])
        if is_meant and seconds(record, "created_at") <= latest and (yield from _is_idle(app_id, record)):
            yield from _delete(app_id, str(record["pipeline_id"]))
            swept.append(record["name"])
    return swept


def _ids(run: RunState) -> Procedure[list[str]]:
    if run.copy_id is not None:
        return [run.copy_id]
    same = yield from named(flows_of(run.app_id, run.app_id), run.copy_name)
    return [str(record["pipeline_id"]) for record in same]


def _disarm(run: RunState) -> Procedure[None]:
    try:
        yield from send(flows.edit(run.app_id, run.running_flow_id, definition=_UNRUNNABLE))
    except BadRequestError:
        # This platform does not store such a definition: the deletion alone is the fence.
        return


def _delete(app_id: str, flow_id: str) -> Procedure[None]:
    try:
        yield from send_removal(flows.delete(app_id, flow_id))
    except NotFoundError:
        return


def _is_idle(app_id: str, record: Record) -> Procedure[bool]:
    flow_id = str(record["pipeline_id"])
    try:
        return (yield from report_of(RunState(app_id, flow_id, record["name"], None))).is_idle
    except IkigaiError:
        return False


def _directory(original: Record) -> Record | None:
    directory = original.get("directory")
    return directory if isinstance(directory, dict) and directory.get("directory_id") else None
