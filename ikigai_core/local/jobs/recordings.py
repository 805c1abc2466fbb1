"""Recordings that runs replay: a definition, and the tables of its outputs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.meaning import differences
from ikigai_core.local.engine.graph import Graph
from ikigai_core.local.engine.stand_ins import When
from ikigai_core.local.jobs.stand_ins import SourceOrder, lend_sources
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.runs import Run
from ikigai_core.runs.copies import original_of


class RecordingRefusedError(Exception):
    """The definition of a recording no longer matches the flow."""


class Recording(BaseModel):
    """A recording, as `ikigai_core.local.replay` sends it.

    `definition` is the flow's, as this platform stores it; `tables` are data files by the name of the dataset.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    app_id: str
    flow: str
    definition: dict[str, Any]
    tables: Mapping[str, str] = {}
    only: bool = False
    permanent: bool = False

    def is_about(self, run: Run, flow_name: str) -> bool:
        """Return whether runs of this flow replay the recording."""
        return run.app_id == self.app_id and self.flow in (flow_name, original_of(flow_name))


@dataclass(frozen=True)
class _Kept:
    recording: Recording
    definition: FlowDefinition


class Recordings:
    """All recordings, oldest first. Of two for the same flow, the newer one is replayed."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._lock = threading.Lock()
        self._kept: list[_Kept] = []

    def order(self, recording: Recording) -> None:
        """Have the runs of a flow replay a recording.

        Raises
        ------
        ValueError
            A table was not received.
        """
        for table in recording.tables.values():
            if Path(table).name != table or not self._files.data(table).is_file():
                raise ValueError(f"there is no table {table!r}: send it first")
        kept = _Kept(recording, self._by_names(recording.definition))
        with self._lock:
            self._kept.append(kept)

    def clear(self) -> None:
        """Forget all recordings but those of the command line."""
        with self._lock:
            forgotten = [kept.recording for kept in self._kept if not kept.recording.permanent]
            self._kept = [kept for kept in self._kept if kept.recording.permanent]
        self._files.retire(*(table for recording in forgotten for table in recording.tables.values()))

    def lend(self, run: Run, flow_name: str, folder: Path) -> dict[str, dict[str, Any]]:
        """Return the recorded outputs of a run by facet id, in the form that a worker needs, with data in `folder`.

        Raises
        ------
        RecordingRefusedError
            The flow has another definition. The message has the difference.
        """
        about = [kept for kept in self._kept if kept.recording.is_about(run, flow_name)]
        if not about:
            return {}
        kept = about[-1]
        changes = differences(kept.definition, self._by_names(run.definition))
        if changes:
            raise RecordingRefusedError(
                f"The recording {kept.recording.label} no longer matches the flow {kept.recording.flow!r}: "
                f"{'; '.join(changes)}. Record the flow again, or restore its definition."
            )
        return {
            facet_id: {
                "when": When.ALONE if kept.recording.only else When.OTHERWISE,
                "sources": lend_sources(sources, folder, self._files),
                "label": "" if sources else "nothing, in a replay",
            }
            for facet_id, sources in _outputs(run, kept.recording)
        }

    def _by_names(self, definition: Mapping[str, Any]) -> FlowDefinition:
        """Return a definition with names instead of ids, because ids differ between accounts."""
        named = {**definition, "facets": [self._named(facet) for facet in definition.get("facets", [])]}
        return FlowDefinition.load(named)

    def _named(self, facet: Mapping[str, Any]) -> dict[str, Any]:
        arguments = dict(facet.get("arguments") or {})
        store = self._store
        for argument, components in (
            ("dataset_id", store.datasets),
            ("custom_facet_id", store.custom_facets),
            ("version_id", store.custom_facet_versions),
            ("directory", store.directories),
        ):
            found = components.find(str(arguments.get(argument) or ""))
            if found is not None:
                arguments[argument] = getattr(found, "name", None) or getattr(found, "version", "")
        return {**facet, "arguments": arguments}


def _outputs(run: Run, recording: Recording) -> Iterable[tuple[str, dict[str, SourceOrder]]]:
    """Yield the recorded output of each output facet. Output facets that write no dataset have none."""
    for facet in Graph.of(run.definition).facets.values():
        name = str(facet.arguments.get("dataset_name") or "")
        if name in recording.tables:
            yield facet.facet_id, {"": SourceOrder(label=f"recorded {name}", table=recording.tables[name])}
        elif facet.chain_group == "OUTPUT" and not name:
            yield facet.facet_id, {}
