"""Following runs: how soon their ends are noticed, and what that costs. In real time, over real HTTP."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from itertools import chain
from statistics import median, quantiles
from typing import Any

from benchmarks.clients import PYTHONS, begin, finish, helper
from benchmarks.report import Report, within
from ikigai_core.runs.polling import RATE

DURATIONS = (5, 60, 600)
LONGEST = max(DURATIONS)
SHORTEST, FLOWS = 20, 25
SHAPES = {
    "steady progress": (1.0, "steady"),
    "no progress": (1.0, "none"),
    "progress jumps at the end": (1.0, "jumping"),
    "twice as long as usual": (0.5, "none"),
}
"""How long a flow's first run takes, as a part of the next, and what the server learns of its progress."""
OF_A_START = 5
"""Requests that a start takes until the platform has accepted it."""
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


def measure_shapes(report: Report, repeat: int) -> None:
    """Runs of many durations whose progress goes differently: how soon the ends of each flow's two runs are noticed."""
    del repeat
    print(f"Runs of {SHORTEST} to {LONGEST} s, two of each flow, beside one of the released client", flush=True)
    flows = {shape: [_flow(shape, duration) for duration in _spread()] for shape in SHAPES}
    alone = {shape: f"{LONGEST}s {words} released" for shape, (_, words) in SHAPES.items()}
    with helper("runs_server") as url, tempfile.TemporaryDirectory() as cache:
        released = {shape: begin("ikigai", url, "run-flow", name) for shape, name in alone.items()}
        ours = begin("ikigai_core", url, "follow-again", *chain.from_iterable(flows.values()), cache=cache)
        noticed = {alone[shape]: [finish(process, LONGEST + 120)["noticed_at"]] for shape, process in released.items()}
        noticed |= finish(ours, 2 * LONGEST + 120)
        measured = _measured(url)["flows"]
    for shape, name in alone.items():
        theirs = _delay(measured[name], noticed[name], 0)
        first, later = ([_delay(measured[flow], noticed[flow], n) for flow in flows[shape]] for n in (0, 1))
        if shape == "steady progress":
            _add_delays(report, f"{shape}, first run", first, theirs)
        _add_delays(report, f"{shape}, run before", later, theirs)
        last = measured[flows[shape][-1]]
        requests = last["requests"] - last["requests_before"] + OF_A_START
        what = f"{shape}, run before: requests in {LONGEST} s"
        report.add(within(what, "", requests, 120, measured[name]["requests"]))


def _spread() -> list[float]:
    """Durations from the shortest to the longest, each longer than the one before by the same factor."""
    return [round(SHORTEST * (LONGEST / SHORTEST) ** (n / (FLOWS - 1)), 1) for n in range(FLOWS)]


def _flow(shape: str, duration: float) -> str:
    """The name of a flow whose second run takes so long."""
    factor, words = SHAPES[shape]
    return f"{duration * factor:g}s {duration:g}s {words}"


def _delay(flow: Any, noticed: list[float], run: int) -> float:
    """How late the end of a flow's run was noticed, in seconds or in hundredths of its duration if they are longer."""
    began, ended = flow["runs"][run]
    return (noticed[run] - ended) / max(1.0, (ended - began) / 100)


def _add_delays(report: Report, title: str, delays: list[float], released: float) -> None:
    report.add(
        within(f"{title}: delay (s, or % of its age), median", "", median(delays), 1, released),
        within(f"{title}: delay (s, or % of its age), 95 %", "", quantiles(delays, n=20)[-1], 3, released),
    )


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
