"""Measure the client, where that can be beside the released one: in turns, against the same server.

``python -m benchmarks [--only transfers definitions imports flows console ends shapes many] [--repeat 5]
[--json FILE]``. It needs the environments ``.venvs/core`` and ``.venvs/released`` (the Makefile makes them), Linux,
about 7 GB of disk in the temporary folder, and some 60 minutes, of which 45 pass in waiting for runs. It exits with 1
where a target is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.console import measure_console
from benchmarks.definitions import measure_definitions
from benchmarks.flows import measure_flows
from benchmarks.imports import measure_imports
from benchmarks.report import Report
from benchmarks.runs import measure_ends, measure_many, measure_shapes
from benchmarks.transfers import measure_transfers

MEASUREMENTS: dict[str, Callable[[Report, int], None]] = {
    "definitions": measure_definitions,
    "imports": measure_imports,
    "flows": measure_flows,
    "console": measure_console,
    "transfers": measure_transfers,
    "ends": measure_ends,
    "shapes": measure_shapes,
    "many": measure_many,
}


def main() -> int:
    """Measure what was asked for, and say whether all targets are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeat", type=int, default=5, help="measurements of each kind, of which the best counts")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file, too")
    chosen = parser.parse_args()
    report = Report()
    report.head()
    broken = []
    for name in chosen.only:
        try:
            MEASUREMENTS[name](report, chosen.repeat)
        except (RuntimeError, subprocess.SubprocessError) as error:
            broken.append(name)
            print(f"{name} could not be measured: {error}", flush=True)
        if chosen.json:
            report.write(chosen.json)
    print(f"{len(report.figures) - len(report.missed)} of {len(report.figures)} targets met")
    return 1 if report.missed or broken else 0


if __name__ == "__main__":
    sys.exit(main())
