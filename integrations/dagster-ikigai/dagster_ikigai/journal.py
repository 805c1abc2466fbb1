"""Where a step leaves word of the platform run that it started, for the try that comes after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from dagster_ikigai.forms import VERSION, form_fault
from dagster_ikigai.orphans import check_is_awaited

_KEY = "ikigai/run"
_VERSION = 1
_REMEDY = (
    "To start the flow now could run it twice: use the release that wrote it, or materialize the asset in a new run."
)
_PAGE = 100
_CLOCK_MARGIN = 3600.0


def notes_of(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, limit: int
) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """The newest notes on an asset, each with the id of the Dagster run that left it; None for one of another form."""
    for record in instance.fetch_observations(asset_key, limit=limit).records:
        note = _note(record)
        if note is not None:
            yield record.run_id, note if note.get(VERSION) == _VERSION else None


def _note(record: Any) -> Mapping[str, Any] | None:
    observation = record.event_log_entry.asset_observation
    if observation is None or _KEY not in observation.metadata:
        return None
    note: Mapping[str, Any] = observation.metadata[_KEY].value
    return note


class RunJournal:
    """A step's notes on its run of a flow, kept as observations of one of its assets.

    Observations are the one store that every instance has, that is public, that is written before `log_event`
    returns, and that is only ever appended to. Run tags are rewritten as a whole, so that steps side by side lose each
    other's; a file is gone with its machine. And a person who looks at the asset sees when its run was started.

    A try finds the notes of earlier tries of its own Dagster run, and those of the runs that it re-executes, unless the
    work ended there, or was not the same.

    Parameters
    ----------
    context : AssetExecutionContext
        The step's.
    asset_key : AssetKey
        The asset that is yielded last, so that its materialization says that the step's work was over.
    work : str
        Digest of what is to be done: definition and run variables.
    """

    def __init__(
        self, context: dg.AssetExecutionContext | dg.OpExecutionContext, asset_key: dg.AssetKey, work: str
    ) -> None:
        self._context = context
        self._asset_key = asset_key
        self._work = work
        self._step = str(getattr(context, "op_execution_context", context).op_handle)
        self._left_by: str | None = None

    def keep(self, run: Mapping[str, Any]) -> None:
        """Note a run, before its start is sent and again when it is known to have started.

        Raises
        ------
        Failure
            Nobody waits for this step any more: what was not sent yet is not to be sent.
        """
        if run.get("phase") == "prepared":
            check_is_awaited(self._context)
        self._observe(f"Run of Ikigai flow: {run.get('phase', 'noted')}.", {"run": dict(run)})

    def take_over(self, run: Mapping[str, Any]) -> None:
        """Note a run that `previous` gave, where another Dagster run left it: it is for this one to report now."""
        if self._left_by not in (None, self._context.run.run_id):
            self.keep(run)

    def close(self, outcome: str) -> None:
        """Note that the run is over and was dealt with: a re-execution is to start another.

        Raises
        ------
        Failure
            Nobody waits for this step any more: the re-execution deals with the run.
        """
        check_is_awaited(self._context)
        self._observe(f"Run of Ikigai flow: {outcome}.", {"over": outcome})

    def previous(self) -> dict[str, Any] | None:
        """Return the run that an earlier try left behind, or None where there is none to pick up.

        Raises
        ------
        Failure
            Another release wrote the notes, in a form of its own.
        """
        runs = self._lineage()
        newest = next(self._notes(runs), None)
        if newest is None:
            return None
        run_id, storage_id, note = newest
        fault = form_fault("What an earlier try of this step noted of its run", note.get(VERSION), _VERSION, _REMEDY)
        if fault is not None:
            raise dg.Failure(fault, allow_retries=False)
        if "over" in note or (run_id != self._context.run.run_id and self._is_other_work(note, storage_id, runs)):
            return None
        self._left_by = run_id
        kept: dict[str, Any] = note["run"]
        return kept

    def _is_other_work(self, note: Mapping[str, Any], storage_id: int, runs: Mapping[str, float]) -> bool:
        return bool(note["work"] != self._work) or self._was_reported_after(storage_id, runs)

    def _observe(self, description: str, note: dict[str, Any]) -> None:
        partition = self._context.partition_key if self._context.has_partition_key else None
        content = {VERSION: _VERSION, "step": self._step, "work": self._work, **note}
        self._context.log_event(
            dg.AssetObservation(self._asset_key, description=description, partition=partition, metadata={_KEY: content})
        )

    def _lineage(self) -> dict[str, float]:
        # The runs that this one re-executes, itself included, with the time of their creation.
        runs: dict[str, float] = {}
        run_id: str | None = self._context.run.run_id
        while run_id is not None and run_id not in runs:
            record = self._context.instance.get_run_record_by_id(run_id)
            if record is None:
                break
            runs[run_id] = record.create_timestamp.timestamp()
            run_id = record.dagster_run.parent_run_id
        return runs

    def _notes(self, runs: Mapping[str, float]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        if not runs:
            return
        wanted = dg.AssetRecordsFilter(self._asset_key, after_timestamp=min(runs.values()) - _CLOCK_MARGIN)
        cursor: str | None = None
        while True:
            page = self._context.instance.fetch_observations(wanted, limit=_PAGE, cursor=cursor)
            for record in page.records:
                note = _note(record)
                if record.run_id in runs and note is not None and note.get("step", self._step) == self._step:
                    yield record.run_id, record.storage_id, note
            if not page.has_more:
                return
            cursor = page.cursor

    def _was_reported_after(self, storage_id: int, runs: Mapping[str, float]) -> bool:
        later = dg.AssetRecordsFilter(self._asset_key, after_storage_id=storage_id)
        page = self._context.instance.fetch_materializations(later, limit=_PAGE)
        return any(self._step_ended(record.run_id) for record in page.records if record.run_id in runs)

    def _step_ended(self, run_id: str) -> bool:
        # A worker that died after it had reported the last asset leaves a step that is to be done again.
        ends = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}
        page = self._context.instance.get_records_for_run(run_id, of_type=ends)
        return any(record.event_log_entry.step_key == self._step for record in page.records)
