"""Tables of databases, through SQLAlchemy."""

from __future__ import annotations

import csv
import datetime as dt
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.connections import Connection
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import timestamp

if TYPE_CHECKING:
    from sqlalchemy import Connection as Session
    from sqlalchemy import Executable

_ROWS_AT_ONCE = 10_000
# Extras of this package that bring a driver, by the name of the database in a URL.
_EXTRAS = {"hana": "hana", "postgresql": "postgres"}


def read_query(step: Step, connection: Connection, query: str) -> Table:
    """Return what a query of the database gives. Its text columns stay text; the types of others are inferred."""
    sa = _sqlalchemy()
    with _session(connection, "read") as session:
        # A colon would be a parameter.
        return _read(step, session, sa.text(query.replace(":", "\\:")))


def read_table(step: Step, connection: Connection, name: str) -> Table:
    """Return a table of the database; a dot in the name separates its schema."""
    sa = _sqlalchemy()
    with _session(connection, "read") as session:
        schema, _, table = name.rpartition(".")
        return _read(step, session, sa.select(sa.text("*")).select_from(sa.table(table, schema=schema or None)))


def write_table(step: Step, connection: Connection, name: str) -> None:
    """Write the first input as a table of the database, in place of one that has its name, in one transaction."""
    sa = _sqlalchemy()
    schema, _, table_name = name.rpartition(".")
    columns = step.table.columns
    with _session(connection, "write") as session:
        target = sa.Table(
            table_name,
            sa.MetaData(),
            *(sa.Column(column.name, _type(column)) for column in columns),
            schema=schema or None,
        )
        target.drop(session, checkfirst=True)
        target.create(session)
        values = ", ".join(_value(column) for column in columns)
        rows = step.tables.execute(f"SELECT {values} FROM {step.table.name} ORDER BY rowid")
        while batch := rows.fetchmany(_ROWS_AT_ONCE):
            session.execute(target.insert(), [_named(columns, row) for row in batch])


def _sqlalchemy() -> ModuleType:
    try:
        import sqlalchemy
    except ImportError:
        raise FlowError("databases need SQLAlchemy: pip install 'ikigai-core[sql]'") from None
    return sqlalchemy


@contextmanager
def _session(connection: Connection, what: str) -> Iterator[Session]:
    sa = _sqlalchemy()
    url = str(connection.setting("url"))
    kind = url.split(":")[0].split("+")[0]
    try:
        engine = sa.create_engine(url)
    except (ImportError, sa.exc.NoSuchModuleError):
        extra = (
            f"pip install 'ikigai-core[{_EXTRAS[kind]}]'" if kind in _EXTRAS else "install the one that its URL names"
        )
        raise FlowError(f"connection '{connection.name}' needs a driver for {kind}: {extra}") from None
    except sa.exc.ArgumentError:
        raise FlowError(f"connection '{connection.name}' has a url that is none of SQLAlchemy's; correct it") from None
    try:
        with connection.reporting(what), engine.begin() as session:
            yield session
    finally:
        engine.dispose()


def _read(step: Step, session: Session, query: Executable) -> Table:
    null_mark = secrets.token_hex(16)
    path = step.workspace.folder / f"{null_mark}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = session.execution_options(stream_results=True).execute(query)
        names, texts = list(rows.keys()), set()
        writer = csv.writer(file, lineterminator="\r\n")
        for batch in rows.partitions(_ROWS_AT_ONCE):
            texts |= {name for row in batch for name, value in zip(names, row, strict=True) if isinstance(value, str)}
            writer.writerows([null_mark if value is None else _text(value) for value in row] for row in batch)
    table = step.tables.read(path, names, skip=0, null_mark=null_mark)
    path.unlink()
    return step.tables.infer(table, texts=texts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes | memoryview) else str(value)


def _type(column: Column) -> Any:
    sa = _sqlalchemy()
    if column.data_type == "NUMERIC":
        return sa.BigInteger() if column.is_integer else sa.Double()
    return sa.DateTime() if column.data_type == "TIME" else sa.Text()


def _value(column: Column) -> str:
    return timestamp(column) if column.data_type == "TIME" else column.value


def _named(columns: Sequence[Column], row: Sequence[Any]) -> dict[str, Any]:
    return {column.name: value for column, value in zip(columns, row, strict=True)}
