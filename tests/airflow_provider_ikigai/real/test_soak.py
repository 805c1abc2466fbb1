"""What takes long: a thousand deferred runs on one triggerer, and the whole on Celery, Redis and PostgreSQL."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

# Fewer, where that has to do: a thousand take as much as a thousand tasks that defer, and are resumed, take of Airflow.
COUNT = int(os.environ.get("SOAK_RUNS", "1000"))
BASELINE = 100


def test_a_thousand_deferred_runs_on_one_triggerer(
    large_deployment: Any,
    follow_many: Callable[[Any, int], Callable[..., None]],
    long_iterations: Callable[[], list[dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = large_deployment
    run_id = there.api.trigger("many_waits", {"seconds": [60 + 5 * number / BASELINE for number in range(BASELINE)]})
    there.await_success("many_waits", run_id, seconds=600)
    told = {f"{BASELINE} triggers of Airflow's own": summary(long_iterations())}
    began, cpu = time.monotonic(), there.triggerer_cpu()
    follow_many(there, COUNT)()
    cores = (there.triggerer_cpu() - cpu) / (time.monotonic() - began)
    iterations = long_iterations()
    told[f"{COUNT} of ours"] = summary(iterations)
    with capsys.disabled():
        print(f"\n{COUNT} deferred runs side by side took {cores:.2f} cores of the triggerer. Its event loop:")  # noqa: T201
        print(json.dumps(told, indent=1))  # noqa: T201
    assert cores < 1
    assert [one for one in iterations if of_ours(one) > 50] == []


def test_fifty_deferred_runs_outlive_their_triggerer(
    large_deployment: Any, follow_many: Callable[[Any, int], Callable[..., None]]
) -> None:
    follow_many(large_deployment, 50)(large_deployment.restart_triggerer)


def test_a_kill_anywhere_after_the_end_of_the_run_costs_no_second_run_in_any_mode(large_deployment: Any) -> None:
    there = large_deployment
    for flow in ("last_metre_worker", "last_metre_deferred"):
        there.platform.control.outcome(flow, duration=2, writes=True)
    run_id = there.api.trigger("last_metre_all", {})
    there.await_success("last_metre_all", run_id, seconds=1200)
    there.check_last_metre("last_metre_all", run_id, tasks=40)


def of_ours(iteration: dict[str, Any]) -> float:
    """CPU milliseconds that all that is not Airflow's own took of an iteration of the event loop."""
    airflows = ("TriggerRunner.", "TriggerCommsDecoder.", "garbage collection")
    return sum(
        total
        for whose, (_, total, _) in iteration["steps"].items()
        if not whose.startswith(airflows) or "Ikigai" in whose
    )


def summary(iterations: list[dict[str, Any]]) -> dict[str, Any]:
    """The longest time for which the loop was held up, and who did it, in CPU milliseconds."""
    longest = max(iterations, key=lambda one: one["cpu"], default={"cpu": 0, "steps": {}})
    by_owner: dict[str, float] = {}
    for one in iterations:
        for whose, (_, total, _) in one["steps"].items():
            by_owner[whose] = max(by_owner.get(whose, 0.0), round(total, 1))
    return {
        "over 50 ms": sum(one["cpu"] > 50 for one in iterations),
        "longest": longest["cpu"],
        "longest with other threads": max((one["process"] for one in iterations), default=0),
        "longest of ours": round(max(map(of_ours, iterations), default=0.0), 1),
        "most in one iteration": dict(sorted(by_owner.items(), key=lambda item: -item[1])[:8]),
    }


def test_the_examples_and_a_killed_worker_on_celery(celery_deployment: Any) -> None:
    there = celery_deployment
    there.platform.control.outcome("on_worker", duration=900)
    run_ids = {dag_id: there.api.trigger(dag_id, {}) for dag_id in ("on_worker", "ikigai_tour", "late_flights")}
    there.kill_once_followed("on_worker", run_ids["on_worker"])
    there.await_log("Picked up a run of flow 'on_worker'", "on_worker", run_ids["on_worker"], number=2)
    there.platform.control.finish("on_worker")
    for dag_id, run_id in run_ids.items():
        there.await_success(dag_id, run_id, seconds=600)
    assert there.run_ids("on_worker") == [there.result("on_worker", run_ids["on_worker"])]
    assert Path(there.airflow.home / "celery.log").exists()
