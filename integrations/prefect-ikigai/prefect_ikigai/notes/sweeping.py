"""Deletion of what earlier runs left on Prefect's server: stale notes, and concurrency limits of dead starters."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterType
from prefect.client.schemas.objects import Artifact

from prefect_ikigai.api.artifacts import PAGE, count_artifacts, delete_artifact, page_of_artifacts
from prefect_ikigai.api.flow_runs import is_over, read_flow_runs
from prefect_ikigai.api.limits import delete_stale_limits
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.notes.note import NOTE_TYPE, Note

STALE = timedelta(hours=24)
"""Age at which notes of ended flow runs may be deleted. Until then, a user may repeat the flow run."""

FORGOTTEN = timedelta(days=30)
"""Age at which all notes may be deleted: of flow runs that died and never ended for the server, too."""

STALE_LIMITS = timedelta(hours=2)
"""Age at which a limit means nothing any more: leases last a minute, and marks of lost starts an hour."""

_CHANCE = 1 / 16
_MOST = 200


def sweep_now_and_then() -> None:
    """Delete stale notes and limits, in one of sixteen calls. Failures are only logged."""
    if random.random() >= _CHANCE:
        return
    try:
        sweep()
        delete_stale_limits(STALE_LIMITS)
    except Exception as error:
        current_logger().debug("Notes and limits of earlier runs were not deleted: %s", error)


def sweep(older_than: timedelta = STALE) -> int:
    """Delete notes of ended flow runs, the oldest first, at most two hundred. Return how many were deleted.

    Parameters
    ----------
    older_than : timedelta, default 24 hours
        Minimum age of deleted notes, from the server's timestamp of the last change to this machine's clock.
    """
    now, swept = datetime.now(UTC), 0
    for page in _from_the_oldest():
        old = [artifact for artifact in page if artifact.updated is not None and artifact.updated <= now - older_than]
        for artifact in _without_use(old, now)[: _MOST - swept]:
            swept += delete_artifact(artifact.id)
        if swept >= _MOST or not old:
            break
    return swept


def _from_the_oldest() -> Iterator[Sequence[Artifact]]:
    wanted = ArtifactFilter(type=ArtifactFilterType(any_=[NOTE_TYPE]))
    for offset in range(max(count_artifacts(wanted) - PAGE, 0), -PAGE, -PAGE):
        yield page_of_artifacts(wanted, offset=max(offset, 0))


def _without_use(old: Sequence[Artifact], now: datetime) -> list[Artifact]:
    notes = {artifact.id: _read(artifact) for artifact in old}
    roots = (note.attempt.root_id for note in notes.values() if note is not None)
    flow_runs = read_flow_runs(root for root in roots if root is not None)

    def is_without_use(artifact: Artifact) -> bool:
        note = notes[artifact.id]
        is_forgotten = artifact.updated is not None and artifact.updated <= now - FORGOTTEN
        if note is None or is_forgotten:
            return True
        if note.attempt.root_id is None:
            # A task outside of flow runs may still follow its run.
            return note.is_over
        return is_over(flow_runs.get(note.attempt.root_id))

    return [artifact for artifact in old if is_without_use(artifact)]


def _read(artifact: Artifact) -> Note | None:
    try:
        return Note.read(artifact)
    except (KeyError, TypeError, ValueError):
        # No release can read it.
        return None
