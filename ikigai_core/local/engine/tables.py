"""Tables between facets, stored and processed by DuckDB in limited memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb

from ikigai_core.local.engine.columns import Column, column_keys, quote
from ikigai_core.local.engine.csv_files import check_header, read_csv, scan, write_csv
from ikigai_core.local.engine.deferred import Deferred, take_counts
from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.file_scan import FileScan
from ikigai_core.local.engine.inference import Inferred, infer_types
from ikigai_core.local.engine.instances import Instance
from ikigai_core.local.engine.wide_files import WIDE, infer_wide_file, infer_wide_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# Memory limit of DuckDB. Larger data goes to files in the job's folder.
_MEMORY_BYTES = 1 << 30
# DuckDB's own number of rows in a batch.
_BATCH = 1_000_000


@dataclass(frozen=True)
class Table:
    """A table between facets. Its rows are ordered by DuckDB's `rowid`.

    Parameters
    ----------
    name
        Name in DuckDB. If the table is deferred, there are only some first rows.
    columns
        Columns in order.
    deferred
        How all rows are computed, if they are not stored. Only facets that say `TAKES_DEFERRED` get such tables.
    """

    name: str
    columns: tuple[Column, ...]
    deferred: Deferred | None = None

    @property
    def head(self) -> Table:
        """Some first rows, stored; all if it is not deferred."""
        return replace(self, deferred=None)

    @property
    def column_names(self) -> list[str]:
        """The names that users see."""
        return [column.name for column in self.columns]

    def names(self) -> set[str]:
        """Return the names of the tables in DuckDB that it consists of, or that are needed to compute it."""
        return {self.name, *(self.deferred.names() if self.deferred else ())}

    def column(self, name: str) -> Column:
        """Return the column with this name.

        Raises
        ------
        FlowError
            There is none. The message suggests the most similar name.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise FlowError(f"there is no column '{name}'{did_you_mean(name, self.column_names)}")

    def select(self, names: Iterable[str]) -> tuple[Column, ...]:
        """Return the columns with these names, in the given order.

        Raises
        ------
        FlowError
            A name does not exist, or appears twice.
        """
        columns = tuple(self.column(name) for name in names)
        for number, column in enumerate(columns):
            if column in columns[:number]:
                raise FlowError(f"column '{column.name}' is named twice; name it once")
        return columns

    def with_columns(self, columns: Sequence[Column]) -> Table:
        """Return the same rows with a selection of the columns or with renamed columns.

        Raises
        ------
        FlowError
            There are no columns, or their names are not valid.
        """
        _check_names([column.name for column in columns])
        return replace(self, columns=tuple(columns))


class Tables:
    """The tables of one run: a DuckDB session that spills to the job's folder.

    Parameters
    ----------
    folder
        Folder for data that does not fit in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._instance = Instance(folder / "spill")
        self._connection = self._instance.connect()
        self._aside = self._instance.connect()
        self._folder = folder
        self._made = 0
        self._counts: dict[str, int] = {}
        self.execute(f"SET memory_limit = '{_MEMORY_BYTES // (1 << 20)}MiB'")
        # Times without an offset must have the same meaning on every machine.
        self.execute("SET TimeZone = 'UTC'")
        self.execute("SET enable_progress_bar = false")
        # Data files must not make DuckDB download extensions.
        self.execute("SET autoinstall_known_extensions = false")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._aside.close()
        self._connection.close()
        self._instance.close()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> duckdb.DuckDBPyConnection:
        """Execute a statement."""
        return self._connection.execute(sql, list(parameters))

    def first_row(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """Execute a query; return its first row, None if there is none."""
        # All rows are fetched: DuckDB cannot create tables while a result is partly read.
        rows: list[tuple[Any, ...]] = self.execute(sql, parameters).fetchall()
        return rows[0] if rows else None

    def frame(self, query: str) -> pd.DataFrame:
        """Execute a query; return its rows as a DataFrame in memory."""
        return self.execute(query).df()

    def batches(self, query: str, rows: int = _BATCH) -> pa.RecordBatchReader:
        """Return the rows of a query in batches of at most `rows`, computed as they are read."""
        return record_batches(self._connection.sql(query), rows)

    def register(self, name: str, frame: pd.DataFrame | pa.RecordBatchReader) -> None:
        """Make a DataFrame, or rows that come in batches, available to queries under a name."""
        self._connection.register(name, frame)

    def create(self, query: str, columns: Sequence[Column], parameters: Sequence[object] = ()) -> Table:
        """Create a table from a query.

        Parameters
        ----------
        query
            SELECT with its columns in the order of `columns`; their names do not matter. The row order is kept.
        columns
            Names and types of the columns; their keys are replaced.
        parameters
            Values for the `?` in the query.
        """
        _check_names([column.name for column in columns])
        name = self._new_name()
        keys = column_keys(len(columns))
        created = self.first_row(f"CREATE TABLE {name} ({', '.join(keys)}) AS {query}", parameters)
        if created:
            self._counts[name] = int(created[0])
        return Table(name, _with_keys(columns))

    @contextmanager
    def counting(self, deferred: Deferred) -> Iterator[None]:
        """Count the rows of a deferred table while the only statement in this context reads all of them."""
        profile = self._folder / "profile.json"
        self.execute("PRAGMA enable_profiling = 'json'")
        self.execute(f"PRAGMA profiling_output = {quote(str(profile))}")
        try:
            yield
            if profile.exists():
                take_counts(deferred, profile.read_text(encoding="utf-8"))
        finally:
            self.execute("PRAGMA disable_profiling")
            profile.unlink(missing_ok=True)

    def read(self, path: Path, names: Sequence[str], skip: int, null_mark: str = "") -> Table:
        """Read a CSV file without its first `skip` rows into a table; all columns are TEXT at first."""
        _check_names(names)
        name = self._new_name()
        read_csv(self._connection, path, name, len(names), skip, null_mark)
        return Table(name, _with_keys([Column(column, "") for column in names]))

    def infer(self, table: Table, names: Collection[str] | None = None, texts: Collection[str] = ()) -> Table:
        """Return the table with column types inferred from the values.

        Parameters
        ----------
        names
            Columns to infer; None for all.
        texts
            Columns that stay text even if their values look like numbers.
        """
        asked = [column for column in table.columns if names is None or column.name in names]
        if not asked:
            return table
        keys = [column.key for column in asked]
        infer_all = infer_types if len(keys) < WIDE else infer_wide_table
        judged = infer_all(self._connection, table.name, keys)
        verdicts = dict(zip(asked, judged, strict=True))
        for column in asked:
            if column.name in texts and verdicts[column].data_type == "NUMERIC":
                verdicts[column] = Inferred("TEXT", {})
        return Table(
            table.name,
            tuple(column.as_type(*verdicts[column]) if column in verdicts else column for column in table.columns),
        )

    def scan_file(
        self,
        path: Path | Sequence[Path],
        names: Sequence[str],
        *,
        head: Path | None = None,
        reads_numbers: Callable[[], bool],
    ) -> FileScan:
        """Begin to infer the columns of a CSV file with a header, without storing its rows: see `FileScan`."""
        return FileScan(self._connection, path, names, head=head, reads_numbers=reads_numbers)

    def infer_wide_file(self, path: Path, names: Sequence[str]) -> list[Column]:
        """Infer the columns of a valid CSV file with a header and very many columns."""
        judged = infer_wide_file(self._connection, path, len(names))
        return [Column(name, "", *kind) for name, kind in zip(names, judged, strict=True)]

    def has_wide_row(self, path: Path, width: int) -> bool:
        """Return whether a row of a CSV file with a header has more values than `width`; raises as `FileScan`."""
        # The random mark for missing values distinguishes padding of short rows from empty values.
        rows = scan(path, width + 1, header=True, null_mark=secrets.token_hex(16), padded=True)
        return self.first_row(f"SELECT count({column_keys(width + 1)[-1]}) FROM {rows}") != (0,)

    def write(self, table: Table, path: Path, *, header: bool = True, source: str = "") -> int:
        """Write a table, or the rows of `source` with its columns, to a CSV file; return the number of rows."""
        keys = [column.key for column in table.columns]
        names = table.column_names if header else None
        return write_csv(self._connection, source or table.name, keys, names, path)

    def row_count(self, table: Table) -> int:
        """Return the number of rows of a table."""
        if table.name not in self._counts:
            row = self.first_row(f"SELECT count(*) FROM {table.name}")
            self._counts[table.name] = int(row[0]) if row else 0
        return self._counts[table.name]

    def head(self, table: Table, rows: int, columns: int) -> list[tuple[str | None, ...]]:
        """Return the first rows of a table, with the values of its first columns; one other thread may call this."""
        keys = ", ".join(column.key for column in table.columns[:columns])
        # A limit would cost more than the row's number, by which DuckDB leaves out the rest.
        return self._aside.execute(f"SELECT {keys} FROM {table.name} WHERE rowid < {rows}").fetchall()

    def drop(self, name: str) -> None:
        """Delete a table, by its name in DuckDB, and free its memory."""
        self.execute(f"DROP TABLE IF EXISTS {name}")
        self._counts.pop(name, None)

    def _new_name(self) -> str:
        self._made += 1
        return f"t{self._made}"


def record_batches(relation: duckdb.DuckDBPyRelation, rows: int = _BATCH) -> pa.RecordBatchReader:
    """Return the rows of a relation in batches of at most `rows`, computed as they are read."""
    # Older releases of DuckDB call it otherwise.
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
    reader: pa.RecordBatchReader = read(rows)
    return reader


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise FlowError("the result would have no columns; keep at least one")
    problem = check_header(names)
    if problem:
        raise FlowError(problem[0].lower() + problem[1:])


def _with_keys(columns: Sequence[Column]) -> tuple[Column, ...]:
    return tuple(
        Column(column.name, key, column.data_type, column.data_formats)
        for column, key in zip(columns, column_keys(len(columns)), strict=True)
    )
