"""A flow of the local platform beside the same work written by hand in DuckDB's SQL, both from CSV to CSV.

Import, filter, join, group, export: ten million rows, 1 GB, against a table of a thousand. Both run in processes of
their own, in turns, with the same limit of DuckDB's memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.report import Report, within

ROWS = 10_000_000
_SHOPS = 1_000
_MEGABYTE = 1 << 20
_WHOLE = {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}}
_NUMBER = {"data_type": "NUMERIC", "data_formats": {}}
_TEXT = {"data_type": "TEXT", "data_formats": {}}
_TYPES = {
    "orders": {
        "order_id": _WHOLE,
        "shop": _WHOLE,
        "customer": _TEXT,
        "quantity": _WHOLE,
        "price": _NUMBER,
        "ordered_at": {"data_type": "TIME", "data_formats": {}},
        "note": _TEXT,
    },
    "shops": {"shop": _WHOLE, "region": _TEXT},
}
_ORDERS = """
    SELECT 100000000 + i AS order_id, i * 7919 % {shops} AS shop, 'customer-' || (i * 31 % 100000) AS customer,
        1 + i % 99 AS quantity, round(1 + (i * 104729 % 49900) / 100, 2) AS price,
        strftime(TIMESTAMP '2020-01-01' + to_seconds(i * 13 % 100000000), '%Y-%m-%dT%H:%M:%SZ') AS ordered_at,
        md5(CAST(i AS VARCHAR)) AS note
    FROM range({rows}) AS r(i)
"""
_BY_HAND = """
import sys, duckdb
orders, shops, result, folder = sys.argv[1:]
with duckdb.connect() as connection:
    connection.execute(f"SET temp_directory = '{folder}/spill'")
    connection.execute("SET memory_limit = '1024MiB'")
    connection.execute(f'''COPY (
        SELECT region, sum(quantity) AS quantity FROM read_csv('{orders}') JOIN read_csv('{shops}') USING (shop)
        WHERE price > 100 GROUP BY region) TO '{result}' ''')
"""


@dataclass(frozen=True)
class Cost:
    """What a process cost: seconds, seconds of processor time, and its largest memory in MB."""

    seconds: float
    processor: float
    memory: float


def measure_flows(report: Report, repeat: int, rows: int = ROWS) -> None:
    """Measure both, and check that they give the same."""
    with tempfile.TemporaryDirectory(prefix="ikigai-flows-") as name:
        folder = Path(name)
        _make_data(folder, rows)
        ours, by_hand = [], []
        for number in range(repeat):
            by_hand.append(_run_by_hand(folder))
            ours.append(_run_flow(folder, number))
        _check_same(folder, repeat - 1)
    best, other = min(ours, key=lambda cost: cost.processor), min(by_hand, key=lambda cost: cost.processor)
    size = f"{rows / 1e6:g} million rows, import to export"
    report.add(
        within(f"A flow: {size}", "s of CPU", best.processor, 1.3 * other.processor),
        within(f"The same by hand, in DuckDB: {size}", "s of CPU", other.processor, other.processor),
        within(f"A flow: {size}", "s", min(cost.seconds for cost in ours), 1.3 * min(c.seconds for c in by_hand)),
        within(f"A flow: {size}, largest memory", "MB", max(cost.memory for cost in ours), 2_000),
    )


def _make_data(folder: Path, rows: int) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        orders = _ORDERS.format(shops=_SHOPS, rows=rows)
        connection.execute(f"COPY ({orders}) TO '{folder}/orders.csv'")
        shops = f"SELECT i AS shop, 'region ' || i % 17 AS region FROM range({_SHOPS}) AS r(i)"
        connection.execute(f"COPY ({shops}) TO '{folder}/shops.csv'")


def _run_by_hand(folder: Path) -> Cost:
    paths = [str(folder / name) for name in ("orders.csv", "shops.csv", "by_hand.csv")]
    return _cost([sys.executable, "-c", _BY_HAND, *paths, str(folder)])


def _run_flow(folder: Path, number: int) -> Cost:
    job = folder / f"job-{number}"
    job.mkdir()
    inputs = {name: {"path": str(folder / f"{name}.csv"), "name": name, "data_types": _TYPES[name]} for name in _TYPES}
    content = {"run_id": job.name, "definition": _definition(), "variables": {}, "inputs": inputs}
    (job / "job.json").write_text(json.dumps(content))
    cost = _cost([sys.executable, "-m", "ikigai_core.local.engine.worker", str(job)])
    result = json.loads((job / "result.json").read_text())
    if result["status"] != "SUCCESS":
        raise RuntimeError(result["message"])
    return cost


def _definition() -> dict[str, Any]:
    facets = {
        "orders": ("I_005", {"dataset_id": "orders"}),
        "shops": ("I_005", {"dataset_id": "shops"}),
        "dear": ("M_009", {"column_name": "price", "condition": "greater_than", "value": "100"}),
        "with region": ("M_035", {"left_columns": ["shop"], "right_columns": ["shop"]}),
        "regions": ("M_024", {"group_columns": ["region"], "target_columns": ["quantity"]}),
        "result": ("O_005", {"dataset_name": "result"}),
    }
    ways = [("orders", "dear"), ("dear", "with region"), ("shops", "with region"), ("with region", "regions")]
    return {
        "facets": [
            {"facet_id": name, "facet_uid": uid, "name": name, "arguments": arguments}
            for name, (uid, arguments) in facets.items()
        ],
        "arrows": [
            {"source": one, "destination": other, "arguments": {}} for one, other in [*ways, ("regions", "result")]
        ],
        "variables": {},
    }


def _cost(command: list[str]) -> Cost:
    began = perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[1:3]} ended with {process.returncode}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / _MEGABYTE)


def _check_same(folder: Path, number: int) -> None:
    lines = [
        sorted(path.read_text().splitlines())
        for path in (folder / "by_hand.csv", folder / f"job-{number}" / "outputs" / "0.csv")
    ]
    if lines[0] != lines[1]:
        raise RuntimeError("the flow and the SQL by hand give different results")
