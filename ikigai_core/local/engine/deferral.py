"""Computing tables that are deferred: see `Deferred`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from ikigai_core.local.engine.columns import Column, column_keys
from ikigai_core.local.engine.csv_files import scan, typed_scan
from ikigai_core.local.engine.deferred import Deferred
from ikigai_core.local.engine.tables import Table, Tables

# That many rows are stored at once. They show what is in a table, and mostly the first row of each group.
HEAD_ROWS = 20_000

# Groups with fewer rows than that among the first ones are many: some may come late.
_ROWS_OF_A_GROUP = 10


def read_later(tables: Tables, path: Path, columns: Sequence[Column]) -> Table | None:
    """Read the first rows of a CSV file with a header, and defer the others; None if the file is unusual."""
    try:
        head = tables.create(f"SELECT * FROM {scan(path, len(columns), header=True)} LIMIT {HEAD_ROWS}", columns)
    except duckdb.Error:
        return None

    def query(texts: Collection[str], *, numbered: bool = False) -> str:
        numbers = ", row_number() OVER () AS rowid" if numbered else ""
        return f"SELECT *{numbers} FROM {typed_scan(path, [_sql_type(column, texts) for column in head.columns])}"

    def store() -> str:
        return tables.read(path, head.column_names, skip=1).name

    return replace(head, deferred=Deferred(query, store, "CSV", len(columns)))


def _sql_type(column: Column, texts: Collection[str]) -> str:
    if column.data_type != "NUMERIC" or column.key in texts:
        return "VARCHAR"
    return "BIGINT" if column.is_integer else "DOUBLE"


def rows_where(tables: Tables, table: Table, condition: str, exact: Collection[str] = ()) -> Table:
    """Return the rows that meet a condition, in their order; deferred if the table is.

    Parameters
    ----------
    condition
        An SQL expression on the columns.
    exact
        Keys of columns of numbers whose exact texts the condition reads.
    """
    keys = [column.key for column in table.columns]

    def select(source: str, *more: str) -> str:
        return f"SELECT {', '.join([*keys, *more])} FROM {source} WHERE {condition}"

    kept = tables.create(select(table.name), table.columns)
    earlier = table.deferred
    if earlier is None:
        return kept

    def query(texts: Collection[str], *, numbered: bool = False) -> str:
        source = earlier.query({*exact, *taken_over(texts, keys)}, numbered=numbered)
        return renamed(select(f"({source})", *(["rowid"] if numbered else [])), len(keys), numbered=numbered)

    def store() -> str:
        return tables.create(select(stored(tables, table).name), table.columns).name

    return replace(
        kept, deferred=Deferred(query, store, "FILTER", len(keys), (earlier,), is_ordered=earlier.is_ordered)
    )


def renamed(query: str, width: int, *, numbered: bool) -> str:
    """Return a query of so many columns, and maybe numbers of rows, with their names as a table has them."""
    names = [*column_keys(width), *(["rowid"] if numbered else [])]
    return f"SELECT * FROM ({query}) AS renamed({', '.join(names)})"


def taken_over(wanted: Collection[str], keys: Sequence[str]) -> set[str]:
    """Return the keys, in the table before, of the wanted ones of the columns that a table takes over from it."""
    return {key for key, new in zip(keys, column_keys(len(keys)), strict=True) if new in wanted}


def stored(tables: Tables, table: Table) -> Table:
    """Return a table with all its rows stored."""
    deferred = table.deferred
    if deferred is None:
        return table
    if deferred.stored is None:
        deferred.stored = _stored_in_one_pass(tables, deferred) or deferred.store()
        deferred.rows = tables.row_count(Table(deferred.stored, ()))
    return Table(deferred.stored, table.columns)


def _stored_in_one_pass(tables: Tables, deferred: Deferred) -> str | None:
    if not deferred.before:
        return None
    columns = [Column(key, key) for key in column_keys(deferred.width)]
    try:
        with tables.counting(deferred):
            return tables.create(deferred.in_order([column.key for column in columns]), columns).name
    except duckdb.Error:
        # The file is unusual.
        return None


def in_passing(tables: Tables, table: Table, texts: Sequence[Column], compute: Callable[[Table], Table]) -> Table:
    """Compute something from all rows of a table, if it is deferred while they are read.

    Parameters
    ----------
    texts
        Columns whose exact texts are needed.
    compute
        Gets the rows as a table, which may be an SQL expression after FROM. It should read it once.
    """
    deferred = table.deferred
    if deferred is not None and deferred.stored is None:
        rows = deferred.query([column.key for column in texts], numbered=True)
        try:
            with tables.counting(deferred):
                return compute(Table(f"({rows})", table.columns))
        except duckdb.Error:
            # The file is unusual.
            pass
    return compute(stored(tables, table))


def grouped(
    tables: Tables,
    table: Table,
    first: Table,
    groups: Sequence[Column],
    values: Sequence[str],
    order: str = "first.rowid",
) -> Table | None:
    """Aggregate a deferred table while its rows are read by all threads, with the order of groups from the first rows.

    Parameters
    ----------
    first
        What comes out of the head of the table: the groups' columns, in the order of first rows, and the aggregates'.
    groups
        Columns of the table. The rows are grouped by their values.
    values
        SQL aggregates, which read no texts of numbers.
    order
        Order of the groups, of which `first` is that among the first rows, and `found` the outcome.

    Returns
    -------
    Table or None
        None if that does not tell the order: some groups have several texts, are many, or begin late.
    """
    deferred, known = table.deferred, tables.row_count(first)
    if deferred is None or deferred.stored or any(column.identity != column.key for column in groups):
        return None
    if groups and known * _ROWS_OF_A_GROUP >= tables.row_count(table.head):
        return None
    keys = [column.key for column in groups]
    query = f"SELECT {', '.join([*keys, *values])} FROM ({deferred.query(keys)}) GROUP BY {', '.join(keys) or '()'}"
    try:
        with tables.counting(deferred):
            found = tables.create(query, first.columns)
    except duckdb.Error:
        return None
    if tables.row_count(found) != known:
        return None
    same = " AND ".join(f"found.{key} IS NOT DISTINCT FROM first.{key}" for key in column_keys(len(keys))) or "true"
    outcome = ", ".join(f"found.{column.key}" for column in found.columns)
    return tables.create(
        f"SELECT {outcome} FROM {found.name} AS found JOIN {first.name} AS first ON {same} ORDER BY {order}",
        first.columns,
    )
