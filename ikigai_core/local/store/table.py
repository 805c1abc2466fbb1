"""Tables that store and return frozen dataclasses."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, get_type_hints

from ikigai_core.local.store.database import Database


class Record(Protocol):
    """A dataclass. Its first field is the key of the table."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


if TYPE_CHECKING:
    R = TypeVar("R", bound=Record)
else:
    R = TypeVar("R")

_SQL_TYPES = {str: "TEXT", int: "INTEGER", bool: "INTEGER"}


class Table(Generic[R]):
    """Stores records of one dataclass. Its first field is the key.

    Strings, integers and booleans are stored as they are, everything else as JSON. Results are in the order of
    insertion. Each entry of `index` is a column, or several, separated by commas.
    """

    def __init__(self, database: Database, name: str, record: type[R], *, index: tuple[str, ...] = ()) -> None:
        self._database = database
        self._name = name
        self._record = record
        self._types = get_type_hints(record)
        self._columns = [field.name for field in dataclasses.fields(record)]
        self._key = self._columns[0]
        self._create(index)

    def insert(self, record: R) -> R:
        """Add a record."""
        marks = ", ".join("?" for _ in self._columns)
        values = [self._to_sql(column, getattr(record, column)) for column in self._columns]
        with self._database.transaction() as connection:
            connection.execute(f"INSERT INTO {self._name} ({', '.join(self._columns)}) VALUES ({marks})", values)
        return record

    def get(self, key: str) -> R | None:
        """Return the record with this key, None if there is none."""
        by_key: dict[str, Any] = {self._key: key}
        found = self.find(**by_key)
        return found[0] if found else None

    def find(self, *, newest_first: bool = False, limit: int = -1, offset: int = 0, **equal: Any) -> list[R]:
        """Return the records with these column values, oldest first unless `newest_first` is set."""
        where, values = self._where(equal)
        order = "DESC" if newest_first else "ASC"
        sql = f"SELECT * FROM {self._name}{where} ORDER BY position {order} LIMIT ? OFFSET ?"
        with self._database.transaction() as connection:
            rows = connection.execute(sql, [*values, limit, offset]).fetchall()
        return [self._from_row(row) for row in rows]

    def update(self, key: str, **changes: Any) -> None:
        """Change columns of the record with this key."""
        if not changes:
            return
        assignments = ", ".join(f"{column} = ?" for column in changes)
        values = [self._to_sql(column, value) for column, value in changes.items()]
        with self._database.transaction() as connection:
            connection.execute(f"UPDATE {self._name} SET {assignments} WHERE {self._key} = ?", [*values, key])

    def delete(self, **equal: Any) -> None:
        """Delete the records with these column values."""
        where, values = self._where(equal)
        with self._database.transaction() as connection:
            connection.execute(f"DELETE FROM {self._name}{where}", values)

    def had_any(self) -> bool:
        """Return whether a record was ever inserted."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [self._name]).fetchone()
        return row is not None

    def _create(self, index: tuple[str, ...]) -> None:
        columns = ", ".join(
            f"{column} {_SQL_TYPES.get(self._types[column], 'TEXT')} NOT NULL" for column in self._columns
        )
        with self._database.transaction() as connection:
            # AUTOINCREMENT never reuses a position, so deletions do not change the order.
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {self._name} (position INTEGER PRIMARY KEY AUTOINCREMENT, {columns})"
            )
            connection.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {self._name}_key ON {self._name} ({self._key})")
            for columns in index:
                name = f"{self._name}_{columns.replace(', ', '_')}"
                connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {self._name} ({columns})")

    def _where(self, equal: dict[str, Any]) -> tuple[str, list[Any]]:
        if not equal:
            return "", []
        conditions = " AND ".join(f"{column} = ?" for column in equal)
        return f" WHERE {conditions}", [self._to_sql(column, value) for column, value in equal.items()]

    def _to_sql(self, column: str, value: Any) -> str | int:
        if self._types[column] in _SQL_TYPES:
            return value  # type: ignore[no-any-return]
        return json.dumps(value)

    def _from_row(self, row: sqlite3.Row) -> R:
        values = {column: self._from_sql(column, row[column]) for column in self._columns}
        return self._record(**values)

    def _from_sql(self, column: str, value: Any) -> Any:
        kind = self._types[column]
        if kind is bool:
            return bool(value)
        return value if kind in _SQL_TYPES else json.loads(value)
