"""What a run reports about its facets while it is running: times, rows in and out, columns, first rows, printed text.

Each note is a line of JSON in a file of the run's folder, so writing one costs the same at any time of the run. Rows
are fetched beside the run, in a thread of their own, while the next facet works.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ikigai_core.local.engine.graph import Facet

if TYPE_CHECKING:
    from ikigai_core.local.engine.deferred import Deferred
    from ikigai_core.local.engine.tables import Table, Tables

FILE_NAME = "facets.jsonl"

# Limits of what is kept of a table, and of the file: larger ones hold only numbers of rows from there on.
_MOST_ROWS = 20
_MOST_COLUMNS = 50
_LONGEST_VALUE = 200
_MOST_BYTES = 1 << 20

Note = Callable[[Mapping[str, Any]], None]


def note_in(folder: Path) -> Note:
    """Return a function that appends notes to the file in this folder."""
    path, lock = folder / FILE_NAME, Lock()

    def note(content: Mapping[str, Any]) -> None:
        with lock, path.open("a", encoding="utf-8") as file:
            if file.tell() > _MOST_BYTES:
                content = {name: value for name, value in content.items() if name not in ("columns", "rows", "printed")}
            file.write(json.dumps(content, ensure_ascii=False) + "\n")

    return note


class Observer:
    """Notes what happens to the facets of a run.

    Parameters
    ----------
    tables
        The tables of the run.
    note
        Takes the notes.
    """

    def __init__(self, tables: Tables, note: Note) -> None:
        self._tables = tables
        self._note = note
        self._counts: dict[str, int] = {}
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="first-rows")
        self._looks: dict[str, Future[None]] = {}
        self._parents: dict[str, Sequence[str]] = {}
        self._uncounted: dict[str, Deferred] = {}

    def begin(self, facet: Facet, parents: Sequence[str], stand_in: str | None = None) -> None:
        """Note that a facet, or its stand-in, runs now, on what these facets gave."""
        self._parents[facet.facet_id] = parents
        told = {} if stand_in is None else {"stand_in": stand_in, "failed": False}
        self._note({"facet_id": facet.facet_id, "began": time.time(), **self._rows_in(facet.facet_id), **told})

    def end(self, facet: Facet, result: Table | None, printed: str) -> None:
        """Note what a facet gave; None if it gives no table."""
        seen: dict[str, Any] = {"facet_id": facet.facet_id, "ended": time.time(), "printed": printed}
        if result is not None:
            if result.deferred is None:
                self._counts[facet.facet_id] = seen["rows_out"] = self._tables.row_count(result)
            else:
                self._uncounted[facet.facet_id] = result.deferred
            self._looks[result.name] = self._aside.submit(self._look, facet, result)
        self._note(seen)
        self._note_late_counts()

    def fail(self, facet: Facet, printed: str) -> None:
        """Note that a facet failed."""
        self._note({"facet_id": facet.facet_id, "ended": time.time(), "printed": printed, "failed": True})

    def leave(self, name: str) -> None:
        """Wait until the table of this name in DuckDB is no longer looked at."""
        if look := self._looks.pop(name, None):
            look.result()

    def close(self) -> None:
        """Wait until all is noted."""
        self._aside.shutdown()

    def _rows_in(self, facet_id: str) -> dict[str, list[int]]:
        """Return the numbers of a facet's rows in, unless some of them will come later."""
        parents = self._parents[facet_id]
        if not self._uncounted.keys().isdisjoint(parents):
            return {}
        return {"rows_in": [self._counts[parent] for parent in parents if parent in self._counts]}

    def _note_late_counts(self) -> None:
        """Note the numbers of rows that have become known since the facets that gave them have ended."""
        late = {facet_id: one.rows for facet_id, one in self._uncounted.items() if one.rows is not None}
        for facet_id, rows in late.items():
            del self._uncounted[facet_id]
            self._counts[facet_id] = rows
            self._note({"facet_id": facet_id, "rows_out": rows})
        for facet_id, parents in self._parents.items():
            if not late.keys().isdisjoint(parents):
                self._note({"facet_id": facet_id, **self._rows_in(facet_id)})

    def _look(self, facet: Facet, table: Table) -> None:
        # The platform itself, which needs only this module's names, stays without DuckDB.
        import duckdb

        shown = table.columns[:_MOST_COLUMNS]
        # A page without rows is better than a run that fails for them, as without memory.
        with suppress(duckdb.Error):
            rows = self._tables.head(table, _MOST_ROWS, _MOST_COLUMNS)
            # Cut here: for a few rows, DuckDB takes longer to plan a function for each column than to fetch the values.
            seen = {
                "columns": [[column.name[:_LONGEST_VALUE], column.data_type] for column in shown],
                "column_count": len(table.columns),
                "rows": [[value and value[:_LONGEST_VALUE] for value in row] for row in rows],
            }
            self._note({"facet_id": facet.facet_id, **seen})
