"""Join: combines rows of two tables with equal keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.deferral import renamed, stored, taken_over
from ikigai_core.local.engine.deferred import Deferred
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table, Tables


@dataclass(frozen=True)
class _Keys:
    """The key columns, in pairs."""

    left: tuple[Column, ...]
    right: tuple[Column, ...]

    def partner(self, column: Column) -> Column | None:
        """Return the right key column of a left one if both have the same name: they become one column."""
        for left, right in zip(self.left, self.right, strict=True):
            if column == left and left.name == right.name:
                return right
        return None


TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Join the tables, in the row order of the left table, then of the right one. Missing keys match nothing.

    Key columns with the same name become one column. Other right columns with a name from the left table get the
    suffix.
    """
    left, right = step.sided("table_side", ("left", "right"))
    keys = _keys(left, right, step.arguments["left_columns"], step.arguments["right_columns"])
    join = _Join(left, stored(step.tables, right), keys, step.arguments["join_type"].upper())
    columns = [*left.columns, *_renamed(left, join.rights, step.arguments["suffix"])]
    partners = {column.name: keys.partner(column) for column in left.columns}
    unclear = [
        column.name for column in left.columns if (partner := partners[column.name]) and not _alike(column, partner)
    ]
    if join.can_pass and not unclear:
        return join.deferred(step.tables, columns)
    joined = step.tables.create(join.in_order(stored(step.tables, left).name), columns)
    return step.tables.infer(joined, unclear)


@dataclass(frozen=True)
class _Join:
    """The SQL of a join."""

    left: Table
    right: Table
    keys: _Keys
    join_type: str

    @property
    def rights(self) -> list[Column]:
        """The columns of the right table that come out."""
        partners = [self.keys.partner(column) for column in self.left.columns]
        return [column for column in self.right.columns if column not in partners]

    @property
    def can_pass(self) -> bool:
        """Whether the rows of the left table can be joined while they pass."""
        return self.left.deferred is not None and self.join_type in ("INNER", "LEFT")

    def in_order(self, left: str) -> str:
        """Return the query of the rows in their order; `left` are rows of the left table, stored."""
        values = [self._value(column) for column in self.left.columns]
        return self._joined(values, f"(SELECT *, rowid AS at FROM {left})") + " ORDER BY l.at NULLS LAST, r.at"

    def deferred(self, tables: Tables, columns: Sequence[Column]) -> Table:
        """Join the first rows of the left table, and defer the others."""
        earlier, lefts = self.left.deferred, [column.key for column in self.left.columns]
        assert earlier is not None
        compared = [one.key for one, other in self._pairs if _kind(one, other) is None]

        def query(texts: Collection[str], *, numbered: bool = False) -> str:
            source = earlier.query({*compared, *taken_over(texts, lefts)}, numbered=numbered)
            number = [f"l.rowid * {tables.row_count(self.right)} + coalesce(r.at, 0)"] if numbered else []
            joined = self._joined([f"l.{key}" for key in lefts], f"({source})", number)
            return renamed(joined, len(columns), numbered=numbered)

        def store() -> str:
            return tables.create(self.in_order(stored(tables, self.left).name), columns).name

        joined = tables.create(self.in_order(self.left.name), columns)
        rest = Deferred(query, store, "JOIN", len(columns), (earlier,), needs=(self.right.name,), is_ordered=False)
        return replace(joined, deferred=rest)

    @property
    def _pairs(self) -> list[tuple[Column, Column]]:
        return list(zip(self.keys.left, self.keys.right, strict=True))

    def _value(self, column: Column) -> str:
        partner = self.keys.partner(column)
        return f"coalesce(l.{column.key}, r.{partner.key})" if partner else f"l.{column.key}"

    def _joined(self, lefts: Sequence[str], left: str, last: Sequence[str] = ()) -> str:
        condition = " AND ".join(
            f"{_comparable(one, other, 'l')} = {_comparable(other, one, 'r')}" for one, other in self._pairs
        )
        values = [*lefts, *(f"r.{column.key}" for column in self.rights), *last]
        return (
            f"SELECT {', '.join(values)} FROM {left} AS l "
            f"{self.join_type} JOIN (SELECT *, rowid AS at FROM {self.right.name}) AS r ON {condition}"
        )


def _keys(left: Table, right: Table, left_names: Sequence[str], right_names: Sequence[str]) -> _Keys:
    if len(left_names) != len(right_names):
        raise FlowError(
            f"left_columns names {len(left_names)} columns and right_columns {len(right_names)}; "
            "they are matched pair by pair, so name as many in both"
        )
    if not left_names:
        raise FlowError("left_columns and right_columns are empty; name at least one column in each")
    try:
        lefts = left.select(left_names)
    except FlowError as error:
        raise FlowError(f"in the left table {error.message}") from None
    try:
        return _Keys(lefts, right.select(right_names))
    except FlowError as error:
        raise FlowError(f"in the right table {error.message}") from None


def _alike(column: Column, other: Column) -> bool:
    return column.describe() == other.describe()


def _kind(column: Column, other: Column) -> str | None:
    """Return the type as whose values two columns are compared; None if their texts are."""
    is_common = column.data_type == other.data_type and column.data_type in ("NUMERIC", "TIME")
    return column.data_type if is_common else None


def _comparable(column: Column, other: Column, side: str) -> str:
    text = f"{side}.{column.key}"
    if column.data_type not in ("NUMERIC", "TIME"):
        return text
    value = column.cast(text)
    # The text of a missing number can be NA, which is a value in a column of texts.
    return value if _kind(column, other) else f"CASE WHEN {value} IS NOT NULL THEN {text} END"


def _renamed(left: Table, rights: Sequence[Column], suffix: str) -> list[Column]:
    taken = set(left.column_names)
    return [column.called(f"{column.name}{suffix}") if column.name in taken else column for column in rights]
