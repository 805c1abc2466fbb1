"""The notes of a step about the platform run that it started: events of its Dagster run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from dagster_ikigai.forms import VERSION

KEY = "ikigai/run"
STEP_RUN = "ikigai/step_run"
NOTES = {dg.DagsterEventType.ENGINE_EVENT, dg.DagsterEventType.ASSET_OBSERVATION}
NOTE_VERSION = 1
PAGE = 100


@dataclass(frozen=True)
class Note:
    """A note that an attempt of a step wrote.

    Attributes
    ----------
    dagster_run_id : str
        Id of the attempt's Dagster run.
    storage_id : int
        Id of the event. Later notes have larger ids.
    content : mapping
        ``step``, ``try``, ``work`` and ``run``. ``over`` replaces ``run`` if there is no run to continue with,
        ``claim`` if the attempt only notes that it has taken over.
    """

    dagster_run_id: str
    storage_id: int
    content: Mapping[str, Any]

    @property
    def is_readable(self) -> bool:
        """Whether this release can read the format."""
        return bool(self.content.get(VERSION) == NOTE_VERSION)

    @property
    def run(self) -> dict[str, Any] | None:
        """The noted run; None if there is no run to continue with."""
        return self.content.get("run")

    @property
    def is_claim(self) -> bool:
        """Whether the attempt had not read the notes of earlier attempts yet."""
        return "claim" in self.content

    @property
    def number(self) -> int:
        """Number of the attempt within its Dagster run, from 0."""
        return int(self.content.get("try", 0))


def notes_on(instance: dg.DagsterInstance, asset_key: dg.AssetKey, limit: int) -> Iterator[Note]:
    """The notes of the newest steps on an asset, newest first. `limit` is the number of observations to look at."""
    seen: set[str] = set()
    for record in instance.fetch_observations(asset_key, limit=limit).records:
        run_id, observation = record.event_log_entry.run_id, record.event_log_entry.asset_observation
        note = note_of(record, asset_key)
        if note is not None:
            yield note
        elif observation is not None and STEP_RUN in observation.metadata and run_id not in seen:
            seen.add(run_id)
            yield from reversed(list(_notes_of(instance, run_id, asset_key)))


def _notes_of(instance: dg.DagsterInstance, run_id: str, asset_key: dg.AssetKey) -> Iterator[Note]:
    """The notes on an asset in a Dagster run, oldest first."""
    cursor: str | None = None
    while True:
        page = instance.get_records_for_run(run_id, cursor=cursor, of_type=NOTES, limit=PAGE)
        yield from (note for record in page.records if (note := note_of(record, asset_key)) is not None)
        cursor = page.cursor
        if not page.has_more:
            return


def note_of(record: Any, asset_key: dg.AssetKey) -> Note | None:
    """The note that an event of an asset contains; None if it contains none."""
    entry = record.event_log_entry
    event, observation = entry.dagster_event, entry.asset_observation
    if observation is not None:
        key, metadata = observation.asset_key, observation.metadata
    elif event is not None and event.is_engine_event and KEY in event.engine_event_data.metadata:
        metadata = event.engine_event_data.metadata
        key = dg.AssetKey(metadata[KEY].value.get("asset", ()))
    else:
        return None
    if key != asset_key or KEY not in metadata:
        return None
    return Note(entry.run_id, record.storage_id, metadata[KEY].value)
