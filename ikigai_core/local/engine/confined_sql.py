"""SQL that a flow's author wrote, run where it finds its input and nothing else.

It runs in a DuckDB of its own, without files, extensions, settings and Python's variables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from threading import Timer
from typing import Any

import duckdb

from ikigai_core.local.engine.columns import Column, column_keys, quote
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table, Tables, record_batches
from ikigai_core.local.engine.typed import as_numbers, number_text, time_text, timestamp

INPUT = "data"
"""What the input is called in queries."""

_MEMORY = "512MiB"
# What tells of the database rather than of the input.
_REFUSED_PREFIXES = ("duckdb_", "pragma_", "pg_", "sqlite_", "read_", "information_schema")
_REFUSED = {"current_setting", "query", "query_table", "getvariable", "write_log", "getenv"}
_TIMES = ("TIMESTAMP", "DATE")


def run_query(step: Step, query: str) -> Table:
    """Run a SELECT on the first input table, which is called `data` and has its columns under their names.

    Numbers are BIGINT or DOUBLE, times TIMESTAMP in UTC, all else VARCHAR.

    Raises
    ------
    FlowError
        The query is no single SELECT, reads something else than `data`, fails, or takes too long.
    """
    _check(query, step.tables)
    seconds = step.workspace.script_limits.seconds
    with _session(Path(mkdtemp(prefix="sql-", dir=step.workspace.folder))) as session:
        _hand_over(step.tables, step.table, session)
        session.execute("SET enable_external_access = false")
        session.execute("SET lock_configuration = true")
        timer = Timer(seconds, session.interrupt)
        timer.start()
        try:
            session.execute(f"CREATE TABLE result AS {query}")
        except duckdb.InterruptException:
            raise FlowError(f"the query ran for more than {seconds:g} seconds and was ended") from None
        except duckdb.Error as error:
            raise FlowError(f"the query fails: {_first_line(error)}") from None
        finally:
            timer.cancel()
        return _take_back(step.tables, session)


def _check(query: str, tables: Tables) -> None:
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise FlowError(f"the query fails: {_first_line(error)}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise FlowError("the query has to be one SELECT, and nothing else")
    (text,) = tables.first_row("SELECT json_serialize_sql(CAST(? AS VARCHAR))", [query]) or ("{}",)
    tree = json.loads(text)
    known = {INPUT, *(entry["key"].casefold() for node in _nodes(tree, "map") for entry in node["map"])}
    for name in _names(tree):
        if name in _REFUSED or name.startswith(_REFUSED_PREFIXES):
            raise FlowError(f"the query uses '{name}'; it may use its input, which is called {INPUT}, and nothing else")
    for node in _nodes(tree, "table_name"):
        if node["table_name"].casefold() not in known or node.get("schema_name"):
            raise FlowError(f"the query reads '{node['table_name']}'; there is only its input, which is called {INPUT}")


def _nodes(tree: Any, key: str) -> Iterator[dict[str, Any]]:
    """Yield the mappings in a parsed query that have this key."""
    if isinstance(tree, dict):
        if isinstance(tree.get(key), list if key == "map" else str) and tree[key]:
            yield tree
        for value in tree.values():
            yield from _nodes(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value, key)


def _names(tree: Any) -> Iterator[str]:
    for key in ("function_name", "table_name", "schema_name", "schema"):
        yield from (node[key].casefold() for node in _nodes(tree, key))
    yield from (entry["key"].casefold() for node in _nodes(tree, "map") for entry in node["map"])


def _session(folder: Path) -> duckdb.DuckDBPyConnection:
    session = duckdb.connect(config={"python_enable_replacements": False})
    for setting in (
        f"temp_directory = {quote(str(folder))}",
        f"memory_limit = '{_MEMORY}'",
        "TimeZone = 'UTC'",
        "enable_progress_bar = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
    ):
        session.execute(f"SET {setting}")
    return session


def _hand_over(tables: Tables, table: Table, session: duckdb.DuckDBPyConnection) -> None:
    folded = [name.casefold() for name in table.column_names]
    for number, column in enumerate(table.columns):
        if folded[number] in folded[:number]:
            raise FlowError(f"two columns are called '{column.name}' but for upper and lower case; rename one of them")
    values = ", ".join(f"{_typed(column)} AS {_identifier(column.name)}" for column in table.columns)
    # Unless it is qualified, `rowid` would be the user's column of that name.
    session.register("incoming", tables.batches(f"SELECT {values} FROM {table.name} ORDER BY {table.name}.rowid"))
    session.execute(f"CREATE TABLE {INPUT} AS SELECT * FROM incoming")
    session.unregister("incoming")


def _typed(column: Column) -> str:
    return timestamp(column) if column.data_type == "TIME" else column.value


def _take_back(tables: Tables, session: duckdb.DuckDBPyConnection) -> Table:
    described = session.execute("DESCRIBE result").fetchall()
    names, kinds = [row[0] for row in described], [str(row[1]) for row in described]
    values = [_text(_identifier(name), kind) for name, kind in zip(names, kinds, strict=True)]
    keyed = ", ".join(f"{value} AS {key}" for value, key in zip(values, column_keys(len(names)), strict=True))
    tables.register("outgoing", record_batches(session.sql(f"SELECT {keyed} FROM result")))
    table = tables.create("SELECT * FROM outgoing", [Column(name, "") for name in names])
    table = tables.infer(table, texts=[name for name, kind in zip(names, kinds, strict=True) if kind == "VARCHAR"])
    table = as_numbers(tables, table, {name for name, kind in zip(names, kinds, strict=True) if _is_number(kind)})
    moments = {name for name, kind in zip(names, kinds, strict=True) if kind.startswith(_TIMES)}
    return Table(
        table.name,
        tuple(column.as_type("TIME", {}) if column.name in moments else column for column in table.columns),
    )


def _is_number(kind: str) -> bool:
    return kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL") or kind.endswith("INT") or kind == "INTEGER"


def _text(value: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT"):
        return number_text(value)
    if kind.startswith(_TIMES):
        return time_text(f"CAST({value} AS TIMESTAMP)", "true" if kind == "DATE" else "false")
    return f"CAST({value} AS VARCHAR)"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
