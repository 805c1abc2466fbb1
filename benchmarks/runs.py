"""Following runs: how soon their ends are noticed, and what that costs. In real time, over real HTTP."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from benchmarks.clients import PYTHONS, begin, finish, helper
from benchmarks.report import Report, within
from ikigai_core.runs.polling import RATE

DURATIONS = (5, 60, 600)
LONGEST = max(DURATIONS)
RUNS, RUN_SECONDS, START_SECONDS = 2000, 600, 300


def _measured(url: str) -> Any:
    with urllib.request.urlopen(f"{url}/measured") as answer:
        return json.load(answer)


def measure_ends(report: Report, repeat: int) -> None:
    """Runs of several durations, followed by both clients at the same time, each run in a process of its own."""
    del repeat
    print(f"Runs of {', '.join(map(str, DURATIONS))} s, followed by both clients side by side", flush=True)
    with helper("runs_server") as url:
        flows = {(client, seconds): f"{seconds}s {client}" for client in PYTHONS for seconds in DURATIONS}
        processes = {key: begin(key[0], url, "run-flow", name) for key, name in flows.items()}
        ends = {key: finish(process, LONGEST + 120)["noticed_at"] for key, process in processes.items()}
        measured = _measured(url)["flows"]
    for seconds in DURATIONS:
        ours, released = (ends[client, seconds] - measured[flows[client, seconds]]["ends"] for client in PYTHONS)
        limit = max(0.5, 0.05 * seconds)
        report.add(within(f"end of a {seconds} s run noticed after", "s", ours, limit, released))
    ours, released = (measured[flows[client, LONGEST]]["requests"] for client in PYTHONS)
    report.add(within(f"requests for a {LONGEST} s run, its look-up and start among them", "", ours, 120, released))


def measure_many(report: Report, repeat: int) -> None:
    """Many runs, started over some minutes and followed by one async process."""
    del repeat
    print(f"{RUNS:,} runs of {RUN_SECONDS} s, started over {START_SECONDS} s, in one async process", flush=True)
    with helper("runs_server") as url:
        process = begin("ikigai_core", url, "follow-many", str(RUNS), str(RUN_SECONDS), str(START_SECONDS))
        ours = finish(process, RUN_SECONDS + START_SECONDS + 900)
        measured = _measured(url)
    flows = measured["flows"].values()
    begins = sorted(flow["began"] for flow in flows)
    # 5 % of its age, and a round of the queue for the budget.
    latest = 0.05 * RUN_SECONDS + RUNS / RATE
    report.add(
        within("seconds from the first start to the last", "s", begins[-1] - begins[0], 1.25 * START_SECONDS),
        within("runs lost or started twice", "", RUNS - ours["ended"] + sum(flow["starts"] != 1 for flow in flows), 0),
        within("processor time, in cores", "", ours["cpu_seconds"] / ours["seconds"], 1),
        within("most memory, all in all", "MB", ours["peak_memory"] / 1e6, 300),
        within("requests in the busiest second", "", max(measured["seconds"]), 250),
        within("slowest end to be noticed", "s", ours["slowest"], latest),
        within("longest that the event loop is held up, in processor time", "ms", 1000 * ours["longest_callback"], 250),
    )
