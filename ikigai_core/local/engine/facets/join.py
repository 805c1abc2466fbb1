"""Join: combines rows of two tables with equal keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


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


def run(step: Step) -> Table:
    """Join the tables, in the row order of the left table, then of the right one. Missing keys match nothing.

    Key columns with the same name become one column. Other right columns with a name from the left table get the
    suffix.
    """
    left, right = step.sided("table_side", ("left", "right"))
    keys = _keys(left, right, step.arguments["left_columns"], step.arguments["right_columns"])
    partners = {column.name: keys.partner(column) for column in left.columns}
    rights = [column for column in right.columns if column not in partners.values()]
    values = [_value(column, partners[column.name]) for column in left.columns]
    condition = " AND ".join(
        f"{_comparable(one, other, 'l')} = {_comparable(other, one, 'r')}"
        for one, other in zip(keys.left, keys.right, strict=True)
    )
    joined = step.tables.create(
        f"SELECT {', '.join([*values, *(f'r.{column.key}' for column in rights)])} "
        f"FROM (SELECT *, rowid AS at FROM {left.name}) AS l "
        f"{step.arguments['join_type'].upper()} JOIN (SELECT *, rowid AS at FROM {right.name}) AS r ON {condition} "
        "ORDER BY l.at NULLS LAST, r.at",
        [*left.columns, *_renamed(left, rights, step.arguments["suffix"])],
    )
    return step.tables.infer(joined, [name for name, partner in partners.items() if partner])


def _value(column: Column, partner: Column | None) -> str:
    return f"coalesce(l.{column.key}, r.{partner.key})" if partner else f"l.{column.key}"


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


def _comparable(column: Column, other: Column, side: str) -> str:
    text = f"{side}.{column.key}"
    if column.data_type not in ("NUMERIC", "TIME"):
        return text
    value = column.cast(text)
    # The text of a missing number can be NA, which is a value in a column of texts.
    return value if column.data_type == other.data_type else f"CASE WHEN {value} IS NOT NULL THEN {text} END"


def _renamed(left: Table, rights: Sequence[Column], suffix: str) -> list[Column]:
    taken = set(left.column_names)
    return [column.called(f"{column.name}{suffix}") if column.name in taken else column for column in rights]
