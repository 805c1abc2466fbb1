"""What takes long: a thousand deferred runs on one triggerer, and the whole on Celery, Redis and PostgreSQL."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def test_a_thousand_deferred_runs_on_one_triggerer(
    follow_many: Callable[[int], Callable[[], float]], held_up: Callable[[], list[Any]]
) -> None:
    cores = follow_many(1000)()
    assert cores < 1
    assert held_up() == []


def test_the_examples_and_a_killed_worker_on_celery(celery_deployment: Any, eventually: Callable[..., Any]) -> None:
    there = celery_deployment
    there.platform.control.outcome("on_worker", duration=20)
    run_ids = {dag_id: there.api.trigger(dag_id, {}) for dag_id in ("on_worker", "ikigai_tour", "late_flights")}
    flow = there.app.flows["on_worker"]
    eventually(lambda: not flow.status().is_idle, seconds=300)
    os.kill(there.instance("on_worker", run_ids["on_worker"])["pid"], signal.SIGKILL)
    for dag_id, run_id in run_ids.items():
        there.await_success(dag_id, run_id, seconds=600)
    assert there.run_ids("on_worker") == [there.result("on_worker", run_ids["on_worker"])]
    assert Path(there.airflow.home / "celery.log").exists()
