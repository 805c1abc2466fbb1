"""Many flows run side by side: none is lost, and no more go at once than are to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pytest
from prefect import flow, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from ikigai_core import FlowStatus, RunLog
from ikigai_core.local.control import LocalControl
from prefect_ikigai import IkigaiCredentials, output_name, run_flow
from tests.prefect_ikigai.conftest import COPYING


class Starts:
    """When the platform started runs, read from its journal before it forgets."""

    def __init__(self, control: LocalControl, user_email: str) -> None:
        self._control = control
        self._user_email = user_email
        self._seen = 0
        self.times: list[float] = []

    def read(self) -> None:
        for request in self._control.journal("run-pipeline", user=self._user_email, after=self._seen):
            if request.status == 200:
                self._seen = max(self._seen, request.number)
                self.times.append(request.at)

    @contextmanager
    def watched(self) -> Iterator[None]:
        done = threading.Event()

        def watch() -> None:
            while not done.wait(1.0):
                self.read()

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join()
            self.read()

    def most_at_once(self, duration: float) -> int:
        """How many went at once at most, where each took so many seconds."""
        return max(sum(start <= time < start + duration for start in self.times) for time in self.times)


@pytest.mark.timeout(300)
def test_thirty_mapped_runs(credentials: IkigaiCredentials, app: str, control: LocalControl) -> None:
    check_mapped_runs(credentials, app, control, count=30, limit=8, duration=1.0)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_five_hundred_mapped_runs(credentials: IkigaiCredentials, app: str, control: LocalControl) -> None:
    check_mapped_runs(credentials, app, control, count=500, limit=25, duration=5.0)


def check_mapped_runs(
    credentials: IkigaiCredentials, app: str, control: LocalControl, *, count: int, limit: int, duration: float
) -> None:
    names = [f"Flow {number}" for number in range(count)]
    with credentials.get_client() as ikigai:
        home = ikigai.apps[app]
        home.dataset.new("numbers").df(pd.DataFrame({"value": [1]})).build()
        definition = home.flow.new(names[0]).definition(COPYING).build().definition()
        for name in names[1:]:
            home.flow.new(name).definition(definition).build()
    control.outcome(duration=duration)
    starts = Starts(control, credentials.user_email)

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=limit))
    def run_all() -> list[RunLog]:
        variables = [{"output": output_name("out", name)} for name in names]
        return run_flow.map(unmapped(credentials), unmapped(app), names, variables).result()

    with starts.watched():
        logs = run_all()
    assert [log.status for log in logs] == [FlowStatus.SUCCESS] * count
    assert len({log.log_id for log in logs}) == count == len(starts.times)
    assert 1 < starts.most_at_once(duration) <= limit
