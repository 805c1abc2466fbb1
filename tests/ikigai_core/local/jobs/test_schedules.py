"""Flows that run by themselves: when they do, what runs, and what is skipped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.jobs.schedules import Scheduler, next_time
from ikigai_core.local.platform import Platform, Settings
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.runs import Run


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(cron: str, start: str = "2026-01-01", end: str = "") -> dict[str, str]:
    seconds = [str(int(at(time).timestamp())) if time else "" for time in (start, end)]
    return {"name": "s", "cron": cron, "start_time": seconds[0], "end_time": seconds[1]}


@pytest.mark.parametrize(
    ("made", "after", "due"),
    [
        (schedule("30 * * * *"), "2026-05-01T10:29:59", "2026-05-01T10:30"),
        (schedule("30 * * * *"), "2026-05-01T10:30", "2026-05-01T11:30"),
        (schedule("0 6 * * 1"), "2026-05-01", "2026-05-04T06:00"),
        (schedule("0 0 29 2 *"), "2026-05-01", "2028-02-29"),
        (schedule("0 0 * * *", start="2030-01-01"), "2026-05-01", "2030-01-01"),
        (schedule("0 0 * * *", start="2030-01-01T00:00:01"), "2026-05-01", "2030-01-02"),
        (schedule("0 0 * * *", end="2026-05-02"), "2026-05-01", "2026-05-02"),
        (schedule("0 0 * * *", end="2026-05-01T23:59:59"), "2026-05-01", None),
        (schedule("0 0 * * *") | {"start_time": "999999999999"}, "2026-05-01", None),
    ],
)
def test_the_next_time(made: dict[str, str], after: str, due: str | None) -> None:
    assert next_time(made, at(after)) == (at(due) if due else None)


class Clocked:
    """A platform in this process, with one app; its schedules see the times that a test tells them."""

    def __init__(self, folder: Path) -> None:
        self.platform = Platform(Settings(folder, user_email="user@example.com"))
        self.platform.start()
        # Only the test's own clock starts flows.
        self.platform.scheduler.stop()
        self.app = self.platform.store.apps.all()[0]
        self.template = self.platform.store.flows.all()[0]
        self.platform.store.delete_flow(self.template.flow_id)

    def flow(self, made: dict[str, str], definition: Any = None, **fields: Any) -> Flow:
        definition = definition or self.template.definition
        now = timestamps.now()
        kept = {"scheduled_by": "user@example.com", "scheduled_at": now} | fields
        flow = Flow(new_id(), self.app.app_id, "Nightly", "", definition, now, now, schedule=made, **kept)
        return self.platform.store.flows.add(flow)

    def logs(self, flow: Flow) -> list[Run]:
        return self.platform.store.runs.logs(flow.flow_id, 10)


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[Clocked]:
    clocked = Clocked(tmp_path)
    yield clocked
    clocked.platform.stop()


def tomorrow(hour: int = 0, minute: int = 0) -> datetime:
    day = datetime.now(UTC) + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def noon() -> dict[str, str]:
    """Each noon, from tomorrow's on."""
    return schedule("0 12 * * *") | {"start_time": str(int(tomorrow(11, 30).timestamp()))}


def test_a_flow_runs_once_each_time_it_is_due(clocked: Clocked, until: Callable[..., Any]) -> None:
    flow = clocked.flow(noon())
    for minute, runs in [(-1, 0), (0, 1), (1, 1), (24 * 60, 2)]:
        clocked.platform.scheduler.start_due(tomorrow(12) + timedelta(minutes=minute))
        until(lambda: clocked.platform.store.runs.active(flow.flow_id) is None)
        assert len(clocked.logs(flow)) == runs
    last = clocked.logs(flow)[0]
    assert (last.status, last.user, last.variables) == ("SUCCESS", "user@example.com", {})


def test_a_schedule_whose_end_is_over_runs_nothing(clocked: Clocked) -> None:
    flow = clocked.flow(noon() | {"end_time": str(int(tomorrow(11, 45).timestamp()))})
    clocked.platform.scheduler.start_due(tomorrow(12))
    assert clocked.platform.store.runs.active(flow.flow_id) is None
    assert clocked.logs(flow) == []


def test_a_busy_flow_is_skipped_and_the_log_says_so(
    clocked: Clocked, definition: Any, caplog: pytest.LogCaptureFixture
) -> None:
    slow = definition("none")
    slow["facets"][0] |= {"facet_uid": "I_006", "arguments": {"script": "import time\ntime.sleep(60)"}}
    flow = clocked.flow(noon(), slow)
    clocked.platform.runner.start(flow, "user@example.com", {})
    running = clocked.platform.store.runs.active(flow.flow_id)
    assert running is not None
    with caplog.at_level(logging.WARNING):
        clocked.platform.scheduler.start_due(tomorrow(12))
    now = clocked.platform.store.runs.active(flow.flow_id)
    assert now is not None and now.run_id == running.run_id
    assert "The run of flow 'Nightly'" in caplog.text
    assert f"scheduled for {tomorrow(12).isoformat()} is skipped: Flow 'Nightly' is running already" in caplog.text


def test_who_lost_the_app_does_not_run_its_flows_any_more(clocked: Clocked, caplog: pytest.LogCaptureFixture) -> None:
    clocked.platform.store.app_grants.set(clocked.app.app_id, "ann@example.com", "VIEWER")
    flow = clocked.flow(noon(), scheduled_by="ann@example.com")
    clocked.platform.scheduler.start_due(tomorrow(12))
    assert clocked.platform.store.runs.active(flow.flow_id) is None
    assert "ann@example.com, who scheduled it, may not run flows of its app any more" in caplog.text


def test_the_clock_is_looked_at_each_minute(clocked: Clocked, until: Callable[..., Any]) -> None:
    flow = clocked.flow(noon())
    ahead = tomorrow(11, 59) + timedelta(seconds=59.7) - datetime.now(UTC)
    scheduler = Scheduler(clocked.platform.store, clocked.platform.runner, lambda: datetime.now(UTC) + ahead)
    scheduler.start()
    until(lambda: clocked.logs(flow))
    scheduler.stop()
    assert [run.status for run in clocked.logs(flow)] == ["SUCCESS"]
