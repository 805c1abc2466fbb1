"""How soon the platform is ready, how small it is, and how quick while it is busy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from ikigai_core.local.process import LocalPlatform

FLOWS = 50


@pytest.mark.usefixtures("platforms_as_users_start_them")
def test_a_platform_is_soon_ready_and_small_while_idle() -> None:
    with LocalPlatform.start() as platform:
        process = psutil.Process(platform.pid)
        # Of the processor, not the clock: other tests run beside this one.
        used = process.cpu_times()
        assert used.user + used.system < 3
        assert process.memory_info().rss < 100e6
        assert not process.children(recursive=True)


@pytest.mark.soak
def test_status_calls_are_quick_while_fifty_flows_run(
    connect: Callable[..., Any], definition: Any, record_property: Callable[[str, object], None]
) -> None:
    with LocalPlatform.start() as platform:
        api = connect(platform)
        app_id = api.app()
        dataset_id = api.dataset(app_id, content=b"a,b\n" + b"1,x\n2,y\n" * 100_000)
        count = ("M_003", {"target_columns": ["b"], "output_column_name": "n", "sort": True})
        flows = [
            api.flow(app_id, definition(dataset_id, count, output=f"out {number}"), f"Flow {number}")
            for number in range(FLOWS)
        ]
        with ThreadPoolExecutor(FLOWS) as pool:
            started = [pool.submit(connect(platform).start, app_id, flow_id) for flow_id in flows]
            took = _poll_until_all_are_over(api, app_id, flows)
            assert all(answer.result().status_code == 200 for answer in started)
        assert all(api.logs(app_id, flow_id)[0]["status"] == "SUCCESS" for flow_id in flows)
    percentiles = statistics.quantiles(took, n=100)
    figures = f"{len(took)} calls: median {percentiles[49]:.1f} ms, 99th percentile {percentiles[98]:.1f} ms"
    print(figures, f"(load {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} processors)")  # noqa: T201
    record_property("status calls", figures)
    assert percentiles[98] < 100, figures


def _poll_until_all_are_over(api: Any, app_id: str, flows: list[str]) -> list[float]:
    """Ask for the status of flow after flow until all have run; return how long each answer took, in milliseconds."""
    took, to_run = [], list(flows)
    while to_run:
        for flow_id in list(to_run):
            before = time.perf_counter()
            status = api.status(app_id, flow_id)
            took.append((time.perf_counter() - before) * 1000)
            if not status["status"] and api.logs(app_id, flow_id):
                to_run.remove(flow_id)
    return took
