"""Run ``dagster_late_flights.py`` on a Dagster instance of its own.

    python run_dagster.py --result FILE --work-dir DIR

The platform is named by IKIGAI_BASE_URL, IKIGAI_USER_EMAIL and IKIGAI_API_KEY. Everything that Dagster keeps is below
the work folder. The assets are materialized by ``dg launch``; what is reported is read from the instance afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parent.parent / "dagster_late_flights.py"
SETTINGS = "telemetry: {enabled: false}\nnux: {enabled: false}\n"
# The job has few steps, each of which would take longer to start a process than it needs.
RUN_CONFIG = {
    "loggers": {"console": {"config": {"log_level": "INFO"}}},
    "execution": {"config": {"in_process": {}}},
}
LINE = re.compile(r".* - INFO - \S+ - [0-9a-f-]{36} - (?P<step>\S+) - (?P<message>.*)", re.DOTALL)


def main() -> int:
    """Materialize the assets once and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--result", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--work-dir", type=Path, required=True, help="an empty folder")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        result = run_late_flights(arguments.work_dir.resolve())
    except Exception as error:
        print(" ".join(f"{type(error).__name__}: {error}".split()), file=sys.stderr)
        return 1
    arguments.result.write_text(json.dumps(result))
    return 0


def run_late_flights(work_dir: Path) -> dict[str, Any]:
    """Materialize the example's assets on a new instance, and read back from it how that went.

    Returns
    -------
    dict
        ``who``, ``status``, ``rows``, ``seconds`` (the Dagster run's) and ``output``.
    """
    home, output = work_dir / "dagster", work_dir / "late_flights.csv"
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(SETTINGS)
    os.environ.update(DAGSTER_HOME=str(home), LATE_FLIGHTS_CSV=str(output))
    last_lines = launch()
    return {"who": "Dagster", **report(last_lines), "output": str(output)}


def launch() -> str:
    """Materialize all assets in a process of its own, show what its steps log, and return its last lines."""
    dg = Path(sys.executable).with_name("dg")
    command = [str(dg), "launch", "-f", str(EXAMPLE), "--assets", "*", "--config-json", json.dumps(RUN_CONFIG)]
    lines: list[str] = []
    # A process group of its own, so that the steps' processes end with it.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        start_new_session=True,
    )
    try:
        for line in process.stdout or ():
            lines.append(line.strip())
            if " - DEBUG - " not in line:
                print(LINE.sub(r"\g<step>: \g<message>", line), end="", flush=True)
    finally:
        end(process)
    return " / ".join(lines[-5:])


def report(last_lines: str) -> dict[str, Any]:
    """Read the run and its materializations back from the instance, and show them.

    Raises
    ------
    RuntimeError
        With the reason, where the run did not succeed.
    """
    import dagster

    with dagster.DagsterInstance.get() as instance:
        runs = instance.get_run_records(limit=1)
        if not runs:
            raise RuntimeError(f"dg launch started no run: {last_lines}")
        run = runs[0]
        if not run.dagster_run.is_success:
            raise RuntimeError(reason(instance, run.dagster_run.run_id) or last_lines)
        materialized: dict[str, Mapping[str, Any]] = {}
        for key in instance.get_asset_keys():
            event = instance.get_latest_materialization_event(key)
            if event is not None and event.asset_materialization is not None:
                materialized[key.path[-1]] = event.asset_materialization.metadata
        print(f"Dagster's instance has run {run.dagster_run.run_id} as {run.dagster_run.status.value}", flush=True)
    for name, metadata in materialized.items():
        print(f"  {name}: {metadata['dagster/row_count'].value} rows")
    log = {name: materialized["late_flights"][f"ikigai/run_{name}"].value for name in ("log_id", "status")}
    print(f"  late_flights was written by the run with log {log['log_id']}, {log['status']}", flush=True)
    return {
        "status": log["status"],
        "rows": materialized["latest_flights"]["dagster/row_count"].value,
        "seconds": (run.end_time or 0) - (run.start_time or 0),
    }


def reason(instance: Any, run_id: str) -> str:
    """What the failed steps of a run said."""
    import dagster

    failed = instance.all_logs(run_id, of_type=dagster.DagsterEventType.STEP_FAILURE)
    events = [entry.dagster_event for entry in failed]
    said = {event.step_key: event.step_failure_data.user_failure_data for event in events if event is not None}
    return "; ".join(f"step {step}: {failure.description}" for step, failure in said.items() if failure is not None)


def end(process: subprocess.Popen[str]) -> None:
    """End what is left of the process and of those that it started, gently first."""
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


if __name__ == "__main__":
    sys.exit(main())
