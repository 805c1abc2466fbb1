"""What the console costs a flow that runs: times, row counts and first rows of each facet, noted for the pages.

A flow of many facets on a small table, where such notes weigh most, runs in processes of its own with and without
them, in turns. What counts is the processor time of the thread that runs the flow: rows are fetched in another one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import Report, within

FACETS = 20
_ROWS, _COLUMNS = 5_000, 20
_RUNS = 5
_PROGRAM = """
import json, sys, time
from ikigai_core.local.engine.observation import Observer
from ikigai_core.local.engine.worker import main
job, is_followed = sys.argv[1:]
if is_followed == "no":
    for name in ("begin", "end", "fail"):
        setattr(Observer, name, lambda *_: None)
before = time.thread_time(), time.process_time()
main([job])
print(json.dumps([time.thread_time() - before[0], time.process_time() - before[1]]))
"""


def measure_console(report: Report, repeat: int) -> None:
    """Measure runs with notes, and without them."""
    (ours, all_ours), (plain, all_plain) = seconds_of_runs(_RUNS * repeat)
    title = f"A flow of {FACETS} facets on {_ROWS:,} rows"
    report.add(
        within(f"{title}, noted for the console: its thread", "s of CPU", ours, 1.05 * plain),
        within(f"{title}, not noted: its thread", "s of CPU", plain, plain),
        within(f"{title}, noted for the console: all threads", "s of CPU", all_ours, all_plain + FACETS * 0.003),
    )


def seconds_of_runs(count: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the median processor time of runs with notes and of runs without: of the flow's thread, and of all."""
    times: dict[str, list[tuple[float, float]]] = {"yes": [], "no": []}
    with tempfile.TemporaryDirectory(prefix="ikigai-console-") as name:
        folder = Path(name)
        _make_data(folder)
        for number in range(count):
            # Each is the first in turn, as what runs before may leave the processor busy.
            for is_followed in ("yes", "no") if number % 2 else ("no", "yes"):
                times[is_followed].append(_run(folder, f"{is_followed}-{number}", is_followed))
    with_notes, without = ([median(column) for column in zip(*times[way], strict=True)] for way in ("yes", "no"))
    return (with_notes[0], with_notes[1]), (without[0], without[1])


def _make_data(folder: Path) -> None:
    header = ",".join(f"column {number}" for number in range(_COLUMNS))
    rows = (",".join(f"value {row % 97 + column}" for column in range(_COLUMNS)) for row in range(_ROWS))
    (folder / "data.csv").write_text("\n".join([header, *rows]) + "\n")


def _run(folder: Path, name: str, is_followed: str) -> tuple[float, float]:
    job = folder / name
    job.mkdir()
    inputs = {"data": {"path": str(folder / "data.csv"), "name": "data", "data_types": {}}}
    content = {"run_id": name, "definition": _definition(), "variables": {}, "inputs": inputs}
    (job / "job.json").write_text(json.dumps(content))
    command = [sys.executable, "-c", _PROGRAM, str(job), is_followed]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads((job / "result.json").read_text())
    if result["status"] != "SUCCESS":
        raise RuntimeError(result["message"])
    thread, process = json.loads(answer.stdout)
    return thread, process


def _definition() -> dict[str, Any]:
    keep = ("M_009", {"column_name": "column 0", "condition": "not_equals", "value": "none"})
    kinds = [("I_005", {"dataset_id": "data"}), *[keep] * (FACETS - 2), ("O_005", {"dataset_name": "result"})]
    return {
        "facets": [
            {"facet_id": f"f{number}", "facet_uid": uid, "name": f"f{number}", "arguments": arguments}
            for number, (uid, arguments) in enumerate(kinds)
        ],
        "arrows": [
            {"source": f"f{number}", "destination": f"f{number + 1}", "arguments": {}} for number in range(FACETS - 1)
        ],
        "variables": {},
    }
