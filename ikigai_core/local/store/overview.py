"""Lists for the console: few columns, without definitions and script output, so that they stay fast in large apps."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ikigai_core.local.store.database import Database

_TABLES = {"flow": ("flows", "flow_id"), "dataset": ("datasets", "dataset_id"), "model": ("models", "model_id")}

# The history has fractions of a second, but can be deleted. Its times are JSON numbers, in Python's format.
_RUN = (
    "runs.run_id, coalesce(history.began, runs.queued_at) AS began, coalesce(history.ended, runs.timestamp) AS ended,"
    " CASE runs.state WHEN 'OVER' THEN runs.status ELSE runs.state END AS status"
)
_HISTORY = "LEFT JOIN history ON history.run_id = runs.run_id"
_UNFINISHED = "runs.state IN ('QUEUED', 'RUNNING')"


@dataclass(frozen=True)
class Begun:
    """A run: when it began and ended in seconds since the epoch (0 before the end), its state or how it ended."""

    run_id: str
    began: float
    ended: float
    status: str
    flow_id: str = ""
    flow_name: str = ""
    user: str = ""
    message: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.ended > 0

    @property
    def took(self) -> float:
        """Seconds from its start, the wait for a worker included, to its end."""
        return max(self.ended - self.began, 0.0)


@dataclass(frozen=True)
class FlowLine:
    """A flow in a list, with its last run."""

    flow_id: str
    name: str
    modified_at: int
    last_run: Begun | None


@dataclass(frozen=True)
class Found:
    """A search result: a component, its kind and app, and the field that contains the words."""

    kind: str
    component_id: str
    app_id: str
    name: str
    where: str


class Overview:
    """Reads the data of lists.

    Parameters
    ----------
    database : Database
        With the tables of the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, kind: str, app_id: str) -> int:
        """Return the number of flows, datasets or models ("flow", "dataset", "model") of an app."""
        (row,) = self._rows(f"SELECT count(*) AS n FROM {_TABLES[kind][0]} WHERE app_id = ?", [app_id])
        return int(row["n"])

    def flows(self, app_id: str, limit: int, offset: int = 0) -> list[FlowLine]:
        """Return flows of an app, oldest first, with their last runs."""
        last = "SELECT max(position) FROM runs WHERE flow_id = flows.flow_id"
        rows = self._rows(
            f"SELECT flows.flow_id, flows.name, flows.modified_at, {_RUN} FROM flows"
            f" LEFT JOIN runs ON runs.position = ({last}) {_HISTORY}"
            " WHERE flows.app_id = ? ORDER BY flows.position LIMIT ? OFFSET ?",
            [app_id, limit, offset],
        )
        return [
            FlowLine(row["flow_id"], row["name"], row["modified_at"], _begun(row) if row["run_id"] else None)
            for row in rows
        ]

    def unfinished(self, app_id: str, limit: int) -> list[Begun]:
        """Return the runs of an app that run or wait, oldest first."""
        rows = self._rows(
            f"SELECT {_RUN}, runs.flow_id, flows.name AS flow_name, runs.user FROM runs {_HISTORY}"
            f" JOIN flows ON flows.flow_id = runs.flow_id WHERE {_UNFINISHED} AND runs.app_id = ?"
            " ORDER BY runs.position LIMIT ?",
            [app_id, limit],
        )
        return [_begun(row) for row in rows]

    def runs(self, flow_id: str, limit: int, offset: int = 0) -> list[Begun]:
        """Return the runs of a flow, newest first, with the start of their messages."""
        rows = self._rows(
            f"SELECT {_RUN}, runs.user, substr(runs.message, 1, 500) AS message"
            f" FROM runs {_HISTORY} WHERE runs.flow_id = ? ORDER BY runs.position DESC LIMIT ? OFFSET ?",
            [flow_id, limit, offset],
        )
        return [_begun(row) for row in rows]

    def run(self, run_id: str) -> Begun | None:
        """Return when a run began and ended; None if that is not known."""
        rows = self._rows(f"SELECT {_RUN} FROM runs {_HISTORY} WHERE runs.run_id = ?", [run_id])
        return _begun(rows[0]) if rows else None

    def mark(self, app_id: str, flow_id: str = "") -> tuple[Any, ...]:
        """Return values that change if a run of an app, or of a flow, begins, leaves the queue or ends."""
        of, value = ("flow_id", flow_id) if flow_id else ("app_id", app_id)
        (newest,) = self._rows(f"SELECT max(position) AS position FROM runs WHERE {of} = ?", [value])
        unfinished = self._rows(f"SELECT run_id, state FROM runs WHERE {_UNFINISHED} AND {of} = ?", [value])
        return newest["position"], *(tuple(row) for row in unfinished)

    def search(self, words: str, app_ids: Collection[str], limit: int) -> list[Found]:
        """Return components with the words in their names or ids, in the facets of flows or the columns of datasets."""
        found = [hit for kind in _TABLES for hit in self._named(kind, words, app_ids)]
        known = {hit.component_id for hit in found}
        inside = [*self._inside("flow", "definition", words), *self._inside("dataset", "data_types", words)]
        visible = set(app_ids)
        found += [hit for hit in inside if hit.app_id in visible and hit.component_id not in known]
        return found[:limit]

    def _named(self, kind: str, words: str, app_ids: Collection[str]) -> list[Found]:
        table, key = _TABLES[kind]
        wanted, visible = words.casefold(), set(app_ids)
        # SQLite's own comparison ignores case in ASCII only.
        rows = self._rows(f"SELECT {key} AS id, app_id, name FROM {table} ORDER BY position", [])
        return [
            Found(kind, row["id"], row["app_id"], row["name"], "name" if wanted in row["name"].casefold() else "id")
            for row in rows
            if row["app_id"] in visible and (wanted in row["name"].casefold() or wanted == row["id"].casefold())
        ]

    def _inside(self, kind: str, column: str, words: str) -> list[Found]:
        table, key = _TABLES[kind]
        escaped = json.dumps(words)[1:-1]
        for special in "\\%_":
            escaped = escaped.replace(special, f"\\{special}")
        rows = self._rows(
            f"SELECT {key} AS id, app_id, name FROM {table} WHERE {column} LIKE ? ESCAPE '\\' ORDER BY position",
            [f"%{escaped}%"],
        )
        where = {"definition": "definition", "data_types": "columns"}[column]
        return [Found(kind, row["id"], row["app_id"], row["name"], where) for row in rows]

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        with self._database.transaction() as connection:
            return connection.execute(sql, values).fetchall()


def _begun(row: Any) -> Begun:
    given = {name: row[name] for name in row.keys() if name in ("flow_id", "flow_name", "user", "message")}  # noqa: SIM118
    return Begun(row["run_id"], float(row["began"]), float(row["ended"]), row["status"], **given)
