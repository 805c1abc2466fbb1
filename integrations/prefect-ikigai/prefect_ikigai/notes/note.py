"""Notes about runs: artifacts on Prefect's server, each with one owner at a time.

Another attempt finds an artifact after a crash and from another machine. Files, task results (local by default) and
memory do not offer that. Unlike a Prefect variable, an artifact belongs to a flow run, has no length limit that a run's
variables could exceed, and does not appear among the users' settings.

A new owner takes over a note by deleting it, because a note can be deleted only once. It first writes its own note,
which names the old note as its predecessor, and then deletes the old one. An owner whose note was deleted has been
superseded.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    ArtifactFilterType,
)
from prefect.client.schemas.objects import Artifact

from prefect_ikigai.api.artifacts import (
    create_artifact,
    delete_artifact,
    find_artifacts,
    read_artifact,
    update_artifact,
)
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.naming import generated_part
from prefect_ikigai.notes.attempt import Attempt

NOTE_TYPE = "ikigai-run"
"""The artifact type of notes."""


@dataclass(frozen=True)
class Note:
    """A note about a run.

    Attributes
    ----------
    run : mapping
        As `ikigai_core.FlowRun.to_dict` returns it; None before there is a run.
    attempt : Attempt
        The attempt that owns the note.
    app : str
        Name of the app.
    credentials_id : UUID or None
        Id of the saved block that the run was started with; None if the block was not saved.
    variables : mapping
        The run variables that the owner asked for. A run that was taken over may have other generated names.
    is_given_up : bool
        Whether the end of the run cannot be found out, so that the next attempt may start another one.
    note_id : str
        The owner's id of the note.
    lineage : tuple of str
        The notes that were taken over, one after another, up to this one; empty for a new note.
    is_adopting : bool
        Whether the takeover is unfinished: when the note was written, its predecessor was not deleted yet.
    artifact_ids : tuple of UUID
        Ids of its artifacts. There may be several, because a request is repeated if its response gets lost.
    created, updated : datetime or None
        Times by the server's clock.
    """

    run: Mapping[str, Any]
    attempt: Attempt
    app: str
    credentials_id: UUID | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    is_given_up: bool = False
    note_id: str = ""
    lineage: tuple[str, ...] = ()
    is_adopting: bool = False
    artifact_ids: tuple[UUID, ...] = ()
    created: datetime | None = None
    updated: datetime | None = None

    @classmethod
    def read(cls, artifact: Artifact) -> Self:
        """Read a note from its artifact."""
        data: dict[str, Any] = artifact.data or {}
        credentials_id = data["credentials_id"]
        return cls(
            run=data["run"],
            attempt=Attempt.from_dict(data["attempt"]),
            app=data["app"],
            credentials_id=UUID(credentials_id) if credentials_id else None,
            variables=data.get("variables") or data["run"]["variables"],
            is_given_up=data.get("is_given_up", False),
            note_id=data["note_id"],
            lineage=tuple(data["lineage"]),
            is_adopting=data["is_adopting"],
            artifact_ids=(artifact.id,),
            created=artifact.created,
            updated=artifact.updated,
        )

    @property
    def predecessor(self) -> str:
        """Id of the note that this one took over; empty for a new note."""
        return self.lineage[-1] if self.lineage else ""

    @property
    def flow(self) -> str:
        """Name of the platform's flow."""
        return str(self.run["flow_name"])

    @property
    def phase(self) -> str:
        """Phase of the run."""
        return str(self.run["phase"])

    @property
    def has_failed(self) -> bool:
        """Whether the run is over and did not succeed."""
        log = self.run.get("log")
        return log is not None and log["status"] != "SUCCESS"

    @property
    def is_over(self) -> bool:
        """Whether the run is over, or never started."""
        return self.phase in ("ended", "taken", "refused", "fenced")

    def to_data(self) -> dict[str, Any]:
        """The data of its artifact."""
        return {
            "run": dict(self.run),
            "attempt": self.attempt.to_dict(),
            "app": self.app,
            "credentials_id": str(self.credentials_id) if self.credentials_id else None,
            "variables": dict(self.variables),
            "is_given_up": self.is_given_up,
            "note_id": self.note_id,
            "lineage": list(self.lineage),
            "is_adopting": self.is_adopting,
        }


def note_key(flow_id: str, variables: Mapping[str, Any], flow_run_ids: Iterable[UUID] = ()) -> str:
    """The key of notes about runs of a flow with these variables, without what these flow runs added to names."""
    asked = json.dumps(variables, sort_keys=True, default=str)
    for flow_run_id in flow_run_ids:
        asked = asked.replace(generated_part(flow_run_id), "")
    return f"ikigai-run-{_digest(flow_id)}-{_digest(asked)}"


def notes_under(key: str) -> list[Note]:
    """The notes under a key, oldest first, without duplicates."""
    found = find_artifacts(ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    notes = _without_duplicates([Note.read(artifact) for artifact in found])
    return sorted(_standing(notes), key=_age)


def notes_of(flow_run_ids: Sequence[UUID]) -> list[Note]:
    """The notes of these flow runs."""
    wanted = ArtifactFilter(
        flow_run_id=ArtifactFilterFlowRunId(any_=list(flow_run_ids)), type=ArtifactFilterType(any_=[NOTE_TYPE])
    )
    return _without_duplicates([Note.read(artifact) for artifact in find_artifacts(wanted)])


def read_note(artifact_id: UUID) -> Note | None:
    """Read a note from its artifact; None if there is none, or if another attempt took it over."""
    artifact = read_artifact(artifact_id)
    return None if artifact is None else Note.read(artifact)


def create_note(key: str, note: Note) -> Note:
    """Create a note for its owner."""
    note = replace(note, note_id=uuid.uuid4().hex)
    owner = Owner(note.attempt.flow_run_id, note.attempt.task_run_id, 0)
    description = f"A run of flow {note.flow!r} on the Ikigai platform, for later tries of this Prefect run."
    return replace(note, artifact_ids=(create_artifact(owner, NOTE_TYPE, key, note.to_data(), description),))


def update_note(note: Note) -> bool:
    """Update a note. Return False if another attempt took it over."""
    return update_artifact(note.artifact_ids[0], note.to_data())


def delete_note(note: Note) -> bool:
    """Delete a note. Return whether this call deleted it."""
    # Of several processes that delete a note with several artifacts, only one deletes the first of these.
    first, *others = sorted(note.artifact_ids)
    is_mine = delete_artifact(first)
    for artifact_id in others:
        delete_artifact(artifact_id)
    return is_mine


def take_over(key: str, note: Note, attempt: Attempt, variables: Mapping[str, Any] | None = None) -> Note | None:
    """Take over a note from its owner, for a run with these variables; None if another attempt was faster."""
    lineage = (*note.lineage, note.note_id)
    asked = note.variables if variables is None else variables
    mine = create_note(key, replace(note, attempt=attempt, variables=asked, lineage=lineage, is_adopting=True))
    # If the response to the deletion gets lost, the repeated request finds nothing to delete.
    if not delete_note(note) and _others_after(note, mine, key):
        delete_note(mine)
        return None
    mine = replace(mine, is_adopting=False)
    return mine if update_note(mine) else None


def _others_after(note: Note, mine: Note, key: str) -> bool:
    found = find_artifacts(ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    notes = [Note.read(artifact) for artifact in found]
    return any(note.note_id in other.lineage and other.note_id != mine.note_id for other in notes)


def _standing(notes: Sequence[Note]) -> list[Note]:
    """The valid notes, even if processes died during a takeover.

    In an unfinished takeover, the predecessor is valid as long as it exists. After that, the note of a finished
    takeover is valid. If there is none, the oldest unfinished one is valid, and the others count as its duplicates.
    """
    present = {note.note_id for note in notes}
    done = {note_id for note in notes if not note.is_adopting for note_id in note.lineage}
    standing = {note.note_id: note for note in notes if not note.is_adopting}
    orphans: dict[str, Note] = {}
    for note in sorted((note for note in notes if note.is_adopting), key=_age):
        if note.predecessor in present or note.predecessor in done:
            continue
        first = orphans.get(note.predecessor)
        duplicates = note if first is None else replace(first, artifact_ids=first.artifact_ids + note.artifact_ids)
        orphans[note.predecessor] = duplicates
    return [*standing.values(), *orphans.values()]


def _without_duplicates(notes: Sequence[Note]) -> list[Note]:
    """The latest version of each note, with the ids of all its artifacts."""
    latest: dict[str, Note] = {}
    for note in sorted(notes, key=lambda note: str(note.updated)):
        before = latest.get(note.note_id)
        ids = note.artifact_ids + (before.artifact_ids if before is not None else ())
        latest[note.note_id] = replace(note, artifact_ids=ids)
    return list(latest.values())


def _age(note: Note) -> str:
    return note.created.isoformat() if note.created else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
