"""Where a try of a Prefect task keeps its run, so that another try follows that run and starts no second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, NoReturn
from uuid import UUID

from prefect.client.schemas.objects import StateType

from ikigai_core.orchestration import SupersededError
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
from prefect_ikigai.notes.sweeping import state_of, sweep_now_and_then

LEFT_IN = frozenset({StateType.CANCELLED, StateType.CANCELLING, StateType.CRASHED, StateType.FAILED})
"""How flow runs end that may have left a run on the platform without wanting to."""


class PrefectRunStore:
    """The note of one run, from before its start until long after its end.

    A retry of a task finds what the same task run noted. If a flow run is tried again, after a crash too, its task runs
    and the flow runs of its subflows are new ones: they find what an earlier try noted for the same flow and variables,
    a task of the same kind first, and each note is found by one of them. A run that has failed is not found again.

    Parameters
    ----------
    owner : Owner
        The Prefect run that starts the run, or takes it over.
    app : str
        Name of the app.
    flow_id : str
        The platform's id of the flow.
    variables : mapping
        The run variables that are asked for.
    credentials_id : UUID, optional
        Of the saved block with which the run is started.
    """

    def __init__(
        self, owner: Owner, app: str, flow_id: str, variables: Mapping[str, Any], credentials_id: UUID | None = None
    ) -> None:
        self._owner = owner
        self._app = app
        self._key = note_key(flow_id, variables)
        self._credentials_id = credentials_id
        self._has_looked = False
        self._mine: Note | None = None
        self._others: list[Note] = []

    @property
    def artifact_id(self) -> UUID | None:
        """Where the note is; None before there is one."""
        return self._mine.artifact_ids[0] if self._mine is not None else None

    def find(self) -> dict[str, Any] | None:
        """What an earlier try, or this one, noted of a run that did not fail; from now on it is this try's."""
        self._look()
        return None if self._mine is None or self._mine.has_failed else dict(self._mine.run)

    def note(self, run: dict[str, Any]) -> None:
        """Keep a run in place of what was kept before.

        Raises
        ------
        ikigai_core.orchestration.SupersededError
            A later try has taken over.
        """
        self._look()
        if self._mine is None:
            self._mine = create_note(self._key, Note(run, self._attempt, self._app, self._credentials_id))
            self._check_alone()
            return
        credentials_id = self._credentials_id or self._mine.credentials_id
        self._mine = replace(self._mine, run=run, credentials_id=credentials_id)
        if not update_note(self._mine):
            self._raise_superseded()

    def take(self, run: dict[str, Any]) -> None:
        """Note that this try takes the run's result.

        Raises
        ------
        ikigai_core.orchestration.SupersededError
            A later try has taken over, and takes it.
        """
        self.note({**run, "phase": "taken", "taken_by": str(self._attempt)})
        sweep_now_and_then()

    def forget(self) -> None:
        """Delete the note; what fails here is logged."""
        mine, self._mine = self._mine, None
        if mine is None:
            return
        try:
            delete_note(mine)
        except Exception as error:
            current_logger().warning("The note about a run of flow %r could not be deleted: %s", mine.flow, error)

    def resume(self, artifact_id: UUID | None) -> dict[str, Any] | None:
        """Go on with the note of a run that another task started, and return what it says; None if it is gone."""
        self._has_looked = True
        self._mine = None if artifact_id is None else read_note(artifact_id)
        return None if self._mine is None else dict(self._mine.run)

    def left_runs(self) -> list[Note]:
        """The runs with these variables that flow runs have left which were cancelled, crashed or failed."""
        self._look()
        return [note for note in self._others if _can_be_proven(note) and self._was_left(note.attempt)]

    def adopt(self, left: Note) -> dict[str, Any] | None:
        """Make the run that another flow run left this try's own; None if somebody else was quicker."""
        self._mine = take_over(self._key, left, self._attempt)
        return None if self._mine is None else dict(self._mine.run)

    @cached_property
    def _attempt(self) -> Attempt:
        return Attempt.of(self._owner)

    def _look(self) -> None:
        if self._has_looked:
            return
        notes = notes_under(self._key)
        if any(self._attempt.precedes(note.attempt) for note in notes):
            self._raise_superseded()
        earlier = [note for note in notes if note.attempt.precedes(self._attempt)]
        self._others = [note for note in notes if note not in earlier]
        for note in sorted(earlier, key=self._by_likeness):
            self._mine = take_over(self._key, note, self._attempt)
            if self._mine is not None:
                break
        self._has_looked = True

    def _by_likeness(self, note: Note) -> tuple[bool, bool, bool]:
        is_same_task_run = note.attempt.task_run_id is not None and note.attempt.task_run_id == self._owner.task_run_id
        return (not is_same_task_run, note.attempt.task != self._attempt.task, note.has_failed)

    def _check_alone(self) -> None:
        """Look again, now that the others see this note: of two tries at once, one at least sees the other."""
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
        state = state_of(attempt.flow_run_id)
        if state is not None and state.type not in LEFT_IN:
            return False
        if attempt.root_id in (attempt.flow_run_id, self._attempt.root_id):
            return True
        # As long as the flow run that called it goes on, that may try it again.
        root = state_of(attempt.root_id)
        return root is None or root.is_final()

    def _raise_superseded(self) -> NoReturn:
        raise SupersededError("A later try of this Prefect run has taken over. Nothing more is started by this one.")


def _can_be_proven(note: Note) -> bool:
    """Whether it is certain which run of the platform the note is about, or can be made so."""
    if note.is_over or note.run["attached"]:
        return False
    return note.phase == "started" or bool(note.run["copy_name"])
