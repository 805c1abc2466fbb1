"""The facets of a flow as pages show them: their definition, and their state in a run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ikigai_core.definition.drawing import Drawing, draw
from ikigai_core.local.specs import facet_specs_by_uid

Notes = Mapping[str, Mapping[str, Any]]

# Maximum length of a name in a drawing. Other places show the complete name.
_LONGEST = 22


@dataclass(frozen=True)
class FacetView:
    """A facet. `state` is waiting, running, done, failed, or empty if no run is known."""

    facet_id: str
    name: str
    kind: str
    arguments: Mapping[str, Any]
    state: str = ""
    seconds: float | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    columns: list[tuple[str, str]] = field(default_factory=list)
    column_count: int = 0
    rows: list[list[str | None]] | None = None
    printed: str = ""
    stand_in: str = ""

    @property
    def title(self) -> str:
        """The name of the facet, or its type if it has no name."""
        return self.name or self.kind

    @property
    def short_title(self) -> str:
        """The title, truncated to the width of its box."""
        return self.title if len(self.title) <= _LONGEST else self.title[: _LONGEST - 1] + "…"


@dataclass(frozen=True)
class FlowView:
    """A flow with its facets by id and its drawing."""

    facets: Mapping[str, FacetView]
    drawing: Drawing


def view(definition: Mapping[str, Any], notes: Notes, *, goes_on: bool, failed: str = "") -> FlowView:
    """Return a flow as a page shows it.

    Parameters
    ----------
    definition
        As it is stored: it need not be valid.
    notes
        What is known of a run, by facet id; empty if there was none.
    goes_on
        Whether that run is still running.
    failed
        Id of the facet that failed.
    """
    facets = {
        str(entry["facet_id"]): _facet(entry, notes, goes_on, failed)
        for entry in _mappings(definition, "facets")
        if entry.get("facet_id")
    }
    arrows = [
        (str(entry.get("source")), str(entry.get("destination")), _label(entry.get("arguments")))
        for entry in _mappings(definition, "arrows")
    ]
    return FlowView(facets, draw(list(facets), arrows))


def _facet(entry: Mapping[str, Any], notes: Notes, goes_on: bool, failed: str) -> FacetView:
    facet_id, arguments = str(entry["facet_id"]), entry.get("arguments")
    note = notes.get(facet_id, {})
    began, ended = note.get("began"), note.get("ended")
    rows_in = note.get("rows_in")
    return FacetView(
        facet_id,
        str(entry.get("name") or ""),
        _kind(str(entry.get("facet_uid") or "")),
        arguments if isinstance(arguments, Mapping) else {},
        _state(note, goes_on, is_failed=facet_id == failed, has_notes=bool(notes)),
        None if began is None else max((ended or (time.time() if goes_on else began)) - began, 0.0),
        sum(rows_in) if rows_in else None,
        note.get("rows_out"),
        [(name, data_type) for name, data_type in note.get("columns", ())],
        note.get("column_count", 0),
        note.get("rows"),
        note.get("printed", ""),
        note.get("stand_in", ""),
    )


def _state(note: Mapping[str, Any], goes_on: bool, *, is_failed: bool, has_notes: bool) -> str:
    if is_failed or note.get("failed"):
        return "failed"
    if "ended" in note:
        return "done"
    if "began" in note:
        return "running" if goes_on else "failed"
    return "waiting" if goes_on or has_notes else ""


def _kind(uid: str) -> str:
    spec = facet_specs_by_uid().get(uid)
    return uid if spec is None else str(spec["facet_info"]["facet_type"]).replace("_", " ").title()


def _label(arguments: Any) -> str:
    given = arguments.values() if isinstance(arguments, Mapping) else ()
    label = ", ".join(value for value in given if isinstance(value, str) and value)
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"


def _mappings(definition: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = definition.get(name)
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
