"""A step's notes on the platform run that it started, for the next attempt."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from dagster_ikigai.forms import VERSION, form_fault
from dagster_ikigai.run_notes import KEY, NOTE_VERSION, NOTES, PAGE, STEP_RUN, Note, note_of

_REMEDY = (
    "Starting the flow now could run it twice: use the release that wrote it, or materialize the asset in a new run."
)
_PARENT = "dagster/parent_run_id"
_log = logging.getLogger("dagster_ikigai")


class EventRunStore:
    """A `RunStore` with a step's notes on its run of a flow, stored as events of its Dagster run.

    Only events exist in every instance, are written at once, and are append-only. Run tags are rewritten as a whole, so
    that parallel steps overwrite each other's tags. A file is lost with its machine. On the asset itself, a step shows
    one observation, which leads sensors to the notes, and users to the Dagster run.

    An attempt finds the notes of earlier attempts in its own Dagster run and in the runs that it re-executes, unless
    the work ended there or was different. It reads only the events of these Dagster runs, and a first attempt, which
    has no predecessor, reads none.

    Parameters
    ----------
    context : AssetExecutionContext or OpExecutionContext
        Context of the step.
    asset_key : AssetKey
    work : str
        Digest of the work: definition and run variables.
    """

    def __init__(self, context: Any, asset_key: dg.AssetKey, work: str) -> None:
        context = getattr(context, "op_execution_context", context)
        self._context = context
        self._instance: dg.DagsterInstance = context.instance
        self._run_id: str = context.run.run_id
        self._asset_key = asset_key
        self._work = work
        self._step = step_key(context)
        self._read_until: str | None = None
        self._is_late = False
        self._is_shown = False

    def note(self, run: Mapping[str, Any]) -> None:
        """Save a run. Replaces the previous note.

        Raises
        ------
        SupersededError
            A later attempt of the step has written a note.
        """
        from ikigai_core.orchestration import SupersededError

        self._write(f"Run of Ikigai flow: {run.get('phase', 'noted')}.", {"run": dict(run)})
        # Check after writing: an attempt that takes over also writes a note before it reads this one.
        if self._is_superseded():
            raise SupersededError(
                "A later try of this step, or a re-execution of its Dagster run, has taken over: this one starts no "
                "flow and reports nothing."
            )

    def find(self) -> dict[str, Any] | None:
        """Return the run that an earlier attempt left; None if there is no run to continue with.

        Raises
        ------
        Failure
            Another release wrote the notes in another format.
        """
        if self._is_first:
            self._skip_earlier()
            return None
        self._claim()
        found = self._newest_of_all()
        while found is not None and self._is_to_be_picked_up(found):
            if self._is_mine(found):
                return found.run
            self._write("Run of Ikigai flow: taken over from an earlier try.", {"run": found.run})
            # The earlier attempt may have continued until the claim was written.
            newest = self._newest(found.dagster_run_id, before=self._number)
            if newest is None or newest.storage_id == found.storage_id:
                return found.run
            found = newest
        return None

    def take(self, run: Mapping[str, Any]) -> None:
        """Note that this attempt takes the run's result.

        Raises
        ------
        SupersededError
            A later attempt of the step has written a note.
        """
        taken_by = f"Dagster run {self._run_id}, step {self._step}, try {self._number + 1}"
        self.note({**run, "phase": "taken", "taken_by": taken_by})

    def forget(self) -> None:
        """Note that there is no run to continue with. Does not raise."""
        try:
            self._write("Run of Ikigai flow: given up.", {"over": "given up"})
        except Exception as error:
            _log.warning("Could not note that the run of step %s is given up: %s", self._step, error)

    def _claim(self) -> None:
        """Prevent earlier attempts from starting a run. They see this claim if they write a note later."""
        if self._number or self._context.run.parent_run_id:
            self._write("Run of Ikigai flow: another try begins.", {"claim": True})

    @property
    def _number(self) -> int:
        return int(self._context.retry_number)

    @property
    def _is_first(self) -> bool:
        """Whether no other attempt can have been before this one."""
        is_resumable = self._instance.run_monitoring_max_resume_run_attempts > 0
        return not (self._number or self._context.run.parent_run_id or is_resumable)

    def _skip_earlier(self) -> None:
        page = self._instance.get_records_for_run(self._run_id, of_type=NOTES, limit=1, ascending=False)
        self._read_until = page.cursor if page.records else None

    def _write(self, description: str, note: dict[str, Any]) -> None:
        from dagster._core.events import EngineEventData

        asset = list(self._asset_key.path)
        content = {VERSION: NOTE_VERSION, "asset": asset, "step": self._step, "try": self._number, "work": self._work}
        self._instance.report_engine_event(
            description,
            self._context.run,
            EngineEventData(metadata={KEY: dg.MetadataValue.json({**content, **note})}),
            step_key=self._step,
        )
        if "run" in note and not self._is_shown:
            self._show()
            self._is_shown = True

    def _show(self) -> None:
        """Let the asset's page lead to this Dagster run."""
        partition = self._context.partition_key if self._context.has_partition_key else None
        self._context.log_event(
            dg.AssetObservation(
                self._asset_key,
                description="A step runs the Ikigai flow.",
                partition=partition,
                metadata={STEP_RUN: dg.MetadataValue.dagster_run(self._run_id)},
            )
        )

    def _is_mine(self, note: Note) -> bool:
        return (note.dagster_run_id, note.number) == (self._run_id, self._number)

    def _is_to_be_picked_up(self, note: Note) -> bool:
        fault = form_fault("The note of an earlier try of this step", note.content.get(VERSION), NOTE_VERSION, _REMEDY)
        if fault is not None:
            raise dg.Failure(fault, allow_retries=False)
        if note.run is None or (note.run.get("log") or {}).get("status", "SUCCESS") != "SUCCESS":
            return False
        if note.dagster_run_id == self._run_id:
            return True
        return note.content.get("work") == self._work and not self._has_succeeded(note.dagster_run_id)

    def _newest_of_all(self) -> Note | None:
        """The newest note of the nearest Dagster run with notes: this one, or the runs that it re-executes."""
        seen: set[str] = set()
        run: dg.DagsterRun | None = self._context.run
        while run is not None and run.run_id not in seen:
            found = self._newest(run.run_id)
            if found is not None:
                return found
            seen.add(run.run_id)
            run = self._instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None
        return None

    def _newest(self, run_id: str, before: int | None = None) -> Note | None:
        """The newest note of a Dagster run. In this run, only attempts before `before` count."""
        is_told = run_id != self._run_id or before is None
        notes = [note for note in self._notes(run_id) if not note.is_claim]
        told = [note for note in notes if is_told or note.number < (before or 0)]
        return max(told, key=lambda note: (note.number, note.storage_id), default=None)

    def _notes(self, run_id: str, after: str | None = None) -> Iterator[Note]:
        """The notes on this step in a Dagster run after a cursor, oldest first."""
        cursor = after
        while True:
            page = self._instance.get_records_for_run(run_id, cursor=cursor, of_type=NOTES, limit=PAGE)
            for record in page.records:
                note = note_of(record, self._asset_key)
                if note is not None and note.content.get("step", self._step) == self._step:
                    yield note
            cursor = page.cursor
            if run_id == self._run_id:
                self._read_until = cursor
            if not page.has_more:
                return

    def _is_superseded(self) -> bool:
        later = [note for note in self._notes(self._run_id, self._read_until) if note.number > self._number]
        self._is_late = self._is_late or bool(later) or self._is_taken_over(self._run_id)
        return self._is_late

    def _is_taken_over(self, run_id: str) -> bool:
        """Whether a direct or indirect re-execution of a Dagster run does the same work."""
        for run in self._instance.get_runs(dg.RunsFilter(tags={_PARENT: run_id})):
            if any(note.content.get("work") == self._work for note in self._notes(run.run_id)):
                return True
            if self._is_taken_over(run.run_id):
                return True
        return False

    def _has_succeeded(self, run_id: str) -> bool:
        # If a worker dies after it has reported the last asset, the step must be repeated.
        ends = self._instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
        return any(record.event_log_entry.step_key == self._step for record in ends.records)


def step_key(context: Any) -> str:
    """The key of a step in Dagster's events."""
    context = getattr(context, "op_execution_context", context)
    mapping_key = context.get_mapping_key()
    return f"{context.op_handle}[{mapping_key}]" if mapping_key else str(context.op_handle)
