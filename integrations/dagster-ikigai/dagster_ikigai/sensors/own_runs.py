"""Identifies the platform's runs that Dagster itself started."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.metadata import RUN_LOG_ID, metadata_fault
from dagster_ikigai.run_notes import notes_on
from dagster_ikigai.sensors.cursor import REMEDY
from dagster_ikigai.sensors.ended_runs import EndedRun

if TYPE_CHECKING:
    from ikigai_core import Flow, Ikigai, RunLog

_PAGE = 100
_LOOK_BACK = 100
_NOTES_LOOKED_AT = 5
_CLOCK_MARGIN = 3600.0
_STUCK = 6 * 3600.0
"""Seconds after the end of a platform run in which an active Dagster run may report it. The limit is for Dagster runs
that stay active forever because their worker died unnoticed."""
_SETTLED = 600.0
"""Seconds after the end of a Dagster run in which a re-execution may still continue with its platform run."""


class OwnRuns:
    """The platform's runs that Dagster itself started or followed, according to the notes and reports of its steps."""

    def __init__(self, instance: dg.DagsterInstance, ikigai: Ikigai) -> None:
        self._instance = instance
        self._ikigai = ikigai
        self._log_ids: dict[tuple[str, str], str] = {}
        self._told: dict[dg.AssetKey, _Told] = {}

    def is_reported(self, run: EndedRun) -> bool:
        """Whether each of the flow's assets has a materialization from the run.

        Raises
        ------
        ValueError
            A newer release wrote a materialization that may be from the run.
        """
        return all(self._is_told(run.log, key) for key in run.flow.keys.values())

    def is_under_way(self, run: EndedRun) -> bool:
        """Whether a Dagster run follows the run, or a re-execution may still continue with it."""
        return any(
            self._may_be(run.log, kept) and self._may_report(dagster_run_id, run.log)
            for dagster_run_id, kept in self._noted(run)
        )

    def _noted(self, run: EndedRun) -> list[tuple[str, Mapping[str, Any] | None]]:
        """The newest runs of the flow that steps noted; None for a note in the format of another release.

        A flow has only one run at a time, so older runs are already handled.
        """
        found: dict[tuple[str, str | None], Mapping[str, Any] | None] = {}
        for key in run.flow.keys.values():
            for note in notes_on(self._instance, key, limit=_LOOK_BACK):
                kept: Mapping[str, Any] | None = note.run if note.is_readable else None
                if kept is not None:
                    found.setdefault((note.dagster_run_id, kept.get("baseline")), kept)
                elif not note.is_readable:
                    found.setdefault((note.dagster_run_id, None), None)
        meant = [(names[0], kept) for names, kept in found.items() if kept is None or _is_run_of(run.remote, kept)]
        return meant[:_NOTES_LOOKED_AT]

    def _may_be(self, log: RunLog, kept: Mapping[str, Any] | None) -> bool:
        """Whether a noted run may be the run of a log. True if this release cannot read the note."""
        from ikigai_core.errors import InvalidInputError, RunLostError

        if kept is None:
            return True
        known = (str(kept["flow_id"]), str(kept.get("baseline")))
        if kept.get("log_id"):
            return bool(kept["log_id"] == log.log_id)
        if known not in self._log_ids:
            try:
                found = self._ikigai.flow_run(kept).log()
            except InvalidInputError:
                return True
            except RunLostError:
                return False
            if found is None:
                return False
            self._log_ids[known] = found.log_id
        return self._log_ids[known] == log.log_id

    def _may_report(self, dagster_run_id: str, log: RunLog) -> bool:
        record = self._instance.get_run_record_by_id(dagster_run_id)
        if record is None:
            return False
        if record.dagster_run.is_finished:
            return (record.end_time or 0) > time.time() - _SETTLED
        return log.timestamp.timestamp() > time.time() - _STUCK

    def _is_told(self, log: RunLog, key: dg.AssetKey) -> bool:
        since = log.timestamp.timestamp() - _CLOCK_MARGIN
        if key not in self._told or since < self._told[key].since:
            self._told[key] = _Told.read(self._instance, key, since)
        told = self._told[key]
        if log.log_id in told.log_ids:
            return True
        faults = [fault for at, fault in told.faults if at >= since]
        if faults:
            raise ValueError(f"{faults[0]} It may describe run log {log.log_id}.")
        return False


@dataclass
class _Told:
    """The run logs that an asset's materializations since some time are from, and those that cannot be read."""

    since: float
    log_ids: set[str] = field(default_factory=set)
    faults: list[tuple[float, str]] = field(default_factory=list)

    @classmethod
    def read(cls, instance: dg.DagsterInstance, key: dg.AssetKey, since: float) -> _Told:
        self = cls(since)
        what = f"A materialization of asset {key.to_user_string()!r}"
        for record in _records(instance.fetch_materializations, key, after_timestamp=since):
            event = record.asset_materialization
            told = {name: value.value for name, value in event.metadata.items()} if event else {}
            self.log_ids.add(str(told.get(RUN_LOG_ID)))
            fault = metadata_fault(told, what, REMEDY)
            if fault is not None:
                self.faults.append((record.timestamp, fault))
        return self


def _records(fetch: Callable[..., Any], key: dg.AssetKey, **chosen: Any) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        page = fetch(dg.AssetRecordsFilter(asset_key=key, **chosen), limit=_PAGE, cursor=cursor)
        yield from page.records
        if not page.has_more:
            return
        cursor = page.cursor


def _is_run_of(remote: Flow, kept: Mapping[str, Any]) -> bool:
    """Whether a noted run is a run of the flow itself. Runs of private copies are in the copies' logs."""
    is_none = kept.get("phase") == "refused" or bool(kept.get("copy_name"))
    return kept.get("flow_id") == remote.flow_id and not is_none
