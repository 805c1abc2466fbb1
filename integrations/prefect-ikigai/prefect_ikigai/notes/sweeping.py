"""Deletion of stale notes about runs."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterType
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound

from prefect_ikigai.api.artifacts import count_artifacts, delete_artifact, page_of_artifacts
from prefect_ikigai.api.client import prefect_client
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.notes.note import NOTE_TYPE, Note

STALE = timedelta(hours=24)
"""Age at which notes of ended flow runs may be deleted. Until then, a user may repeat the flow run."""

_CHANCE = 1 / 16
_MOST = 50


def sweep_now_and_then() -> None:
    """Delete stale notes, in one of sixteen calls. Failures are only logged."""
    if random.random() >= _CHANCE:
        return
    try:
        sweep()
    except Exception as error:
        current_logger().debug("Notes about runs were not swept: %s", error)


def sweep(older_than: timedelta = STALE) -> int:
    """Delete the oldest notes of ended flow runs, at most fifty. Return how many were deleted.

    Parameters
    ----------
    older_than : timedelta, default 24 hours
        Minimum age of deleted notes, from the server's timestamp of the last change to this machine's clock.
    """
    wanted = ArtifactFilter(type=ArtifactFilterType(any_=[NOTE_TYPE]))
    oldest = page_of_artifacts(wanted, offset=max(count_artifacts(wanted) - _MOST, 0))
    latest = datetime.now(UTC) - older_than
    swept = 0
    for artifact in oldest:
        if artifact.updated is not None and artifact.updated <= latest and _is_over(Note.read(artifact)):
            swept += delete_artifact(artifact.id)
    return swept


def state_of(flow_run_id: UUID) -> State[Any] | None:
    """A flow run's state; None if there is no such flow run."""
    with prefect_client() as client:
        try:
            return client.read_flow_run(flow_run_id).state
        except ObjectNotFound:
            return None


def _is_over(note: Note) -> bool:
    root_id = note.attempt.root_id
    state = None if root_id is None else state_of(root_id)
    return state is None or state.is_final()
