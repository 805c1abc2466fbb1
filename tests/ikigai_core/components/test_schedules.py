"""Schedules of flows with the client: set, changed, taken off, and what the platform makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, Schedule


@pytest.fixture
def flow(app: App, flights: pd.DataFrame, document: dict[str, Any]) -> Any:
    app.dataset.new("flights").df(flights).build()
    return app.flow.new("Nightly").definition(document).schedule("15 3 * * *").build()


def next_run(flow: Any) -> datetime:
    return datetime.fromtimestamp(int(flow.describe()["next_run"]["timestamp"]), UTC)


def test_a_flow_tells_when_it_runs_next_and_how_it_ran_last(flow: Any) -> None:
    due = next_run(flow)
    assert (due.hour, due.minute) == (3, 15)
    assert timedelta() < due - datetime.now(UTC) <= timedelta(days=1)
    assert flow.describe()["last_run"] == {}
    assert flow.run().status == "SUCCESS"
    assert flow.describe()["last_run"]["status"] == "SUCCESS"


def test_a_schedule_begins_and_ends(flow: Any) -> None:
    start = datetime(2035, 5, 1, 12, tzinfo=UTC)
    flow.update_schedule(
        Schedule(name="in May", cron="0 0 * 5 *", start_time=start, end_time=start + timedelta(days=9))
    )
    assert next_run(flow) == datetime(2035, 5, 2, tzinfo=UTC)
    flow.update_schedule(Schedule(name="never", cron="0 0 1 6 *", start_time=start, end_time=start + timedelta(days=9)))
    assert flow.describe()["next_run"] == {}


def test_a_schedule_is_taken_off(app: App, flow: Any) -> None:
    flow.update_schedule(None)
    assert app.flows["Nightly"].schedule is None
    described = flow.describe()
    assert described["schedule"] == {"name": "", "start_time": "", "end_time": "", "cron": ""}
    assert described["next_run"] == {}
