"""The run store of a Prefect task: a later attempt finds the run there, follows it and starts no second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, NoReturn
from uuid import UUID

from ikigai_core.orchestration import SupersededError
from prefect_ikigai.api.flow_runs import is_over, read_flow_runs, was_left
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.failures import PrefectUnavailableError
from prefect_ikigai.notes.attempt import Attempt
from prefect_ikigai.notes.note import (
    Note,
    create_note,
    delete_note,
    note_key,
    notes_under,
    read_note,
    take_over,
    update_note,
)
from prefect_ikigai.notes.sweeping import sweep_now_and_then


class PrefectRunStore:
    """The note about one run, from before its start until long after its end.

    A retry of a task finds the note of the same task run. If a flow run is repeated, also after a crash, its task runs
    and the flow runs of its subflows are new. They find the notes of an earlier attempt for the same flow and
    variables, those of the same task first. Only one of them gets each note. A failed run is not found again. What
    `output_name` adds to names does not count as a difference of variables.

    Parameters
    ----------
    owner : Owner
        The Prefect run that starts or takes over the run.
    app : str
        Name of the app.
    flow_id : str
        The platform's id of the flow.
    variables : mapping
        The requested run variables.
    credentials_id : UUID, optional
        Id of the saved block that the run is started with.
    """

    def __init__(
        self, owner: Owner, app: str, flow_id: str, variables: Mapping[str, Any], credentials_id: UUID | None = None
    ) -> None:
        self._owner = owner
        self._app = app
        self._flow_id = flow_id
        self._variables = dict(variables)
        self._credentials_id = credentials_id
        self._has_looked = False
        self._mine: Note | None = None
        self._others: list[Note] = []

    @property
    def artifact_id(self) -> UUID | None:
        """Id of the note's artifact; None before there is one."""
        return self._mine.artifact_ids[0] if self._mine is not None else None

    def find(self) -> dict[str, Any] | None:
        """Take over the run that this attempt or an earlier one noted; None if there is none or it failed."""
        self._look()
        return None if self._mine is None or self._mine.has_failed else dict(self._mine.run)

    @property
    def is_given_up(self) -> bool:
        """Whether an earlier attempt could not find out how the run ended."""
        return self._mine is not None and self._mine.is_given_up

    @property
    def variables(self) -> Mapping[str, Any]:
        """The run variables that were asked for. A run that was taken over may have other generated names."""
        return self._variables if self._mine is None else self._mine.variables

    def note(self, run: dict[str, Any]) -> None:
        """Save a run. Replaces the previous note.

        Raises
        ------
        ikigai_core.orchestration.SupersededError
            A later attempt has taken over.
        """
        self._look()
        if self._mine is None:
            note = Note(run, self._attempt, self._app, self._credentials_id, self._variables)
            self._mine = create_note(self._key, note)
            self._check_alone()
            return
        credentials_id = self._credentials_id or self._mine.credentials_id
        self._mine = replace(self._mine, run=run, credentials_id=credentials_id, is_given_up=False)
        if not update_note(self._mine):
            self._raise_superseded()

    def take(self, run: dict[str, Any]) -> None:
        """Note that this attempt takes the run's result.

        Raises
        ------
        ikigai_core.orchestration.SupersededError
            A later attempt has taken over and takes the result.
        """
        self.note({**run, "phase": "taken", "taken_by": str(self._attempt)})
        sweep_now_and_then()

    def give_up(self) -> bool:
        """Note that the end of the run cannot be found out. Return whether the next attempt may start another run."""
        if self._mine is None or self._mine.phase not in ("started", "ended"):
            # The start may still arrive.
            return False
        self._mine = replace(self._mine, is_given_up=True)
        return update_note(self._mine)

    def forget(self) -> None:
        """Delete the note. A failure is only logged."""
        mine, self._mine = self._mine, None
        if mine is None:
            return
        try:
            delete_note(mine)
        except Exception as error:
            current_logger().warning("The note about a run of flow %r could not be deleted: %s", mine.flow, error)

    def resume(self, artifact_id: UUID | None) -> dict[str, Any] | None:
        """Continue the note of a run that another task started. Return the noted run; None if the note was deleted."""
        self._has_looked = True
        self._mine = None if artifact_id is None else read_note(artifact_id)
        return None if self._mine is None else dict(self._mine.run)

    def left_runs(self) -> list[Note]:
        """The runs with these variables that cancelled, crashed or failed flow runs have left."""
        self._look()
        return [note for note in self._others if _can_be_proven(note) and self._was_left(note.attempt)]

    def adopt(self, left: Note) -> dict[str, Any] | None:
        """Take over a run that another flow run left; None if another attempt was faster."""
        self._mine = take_over(self._key, left, self._attempt, self._variables)
        return None if self._mine is None else dict(self._mine.run)

    @cached_property
    def _attempt(self) -> Attempt:
        return Attempt.of(self._owner)

    @cached_property
    def _key(self) -> str:
        return note_key(self._flow_id, self._variables, self._attempt.flow_run_ids)

    def _look(self) -> None:
        if self._has_looked:
            return
        notes = notes_under(self._key)
        if any(self._attempt.precedes(note.attempt) for note in notes):
            self._raise_superseded()
        earlier = [note for note in notes if note.attempt.precedes(self._attempt)]
        self._others = [note for note in notes if note not in earlier]
        for note in sorted(earlier, key=self._by_likeness):
            self._mine = take_over(self._key, note, self._attempt, self._variables)
            if self._mine is not None:
                break
        self._has_looked = True

    def _by_likeness(self, note: Note) -> tuple[bool, bool, bool]:
        is_same_task_run = note.attempt.task_run_id is not None and note.attempt.task_run_id == self._owner.task_run_id
        return (not is_same_task_run, note.attempt.task != self._attempt.task, note.has_failed)

    def _check_alone(self) -> None:
        """Look again, now that this note is visible. Of two simultaneous attempts, at least one sees the other."""
        notes = notes_under(self._key)
        if any(self._attempt.precedes(note.attempt) for note in notes):
            self.forget()
            self._raise_superseded()
        if any(note.attempt.precedes(self._attempt) for note in notes):
            self.forget()
            raise PrefectUnavailableError("An earlier try of this Prefect run is still at work. Nothing was started.")

    def _was_left(self, attempt: Attempt) -> bool:
        if attempt.flow_run_id is None or attempt.root_id is None:
            return False
        if not was_left(attempt.flow_run_ids):
            return False
        if attempt.root_id in (attempt.flow_run_id, self._attempt.root_id):
            return True
        # As long as the outermost flow run is running, it may repeat this one.
        return is_over(read_flow_runs([attempt.root_id]).get(attempt.root_id))

    def _raise_superseded(self) -> NoReturn:
        raise SupersededError("A later try of this Prefect run has taken over. Nothing more is started by this one.")


def _can_be_proven(note: Note) -> bool:
    """Whether it is certain, or can be proven, which run of the platform the note is about."""
    if note.is_over or note.is_given_up or note.run["attached"]:
        return False
    return note.phase == "started" or bool(note.run["copy_name"])
