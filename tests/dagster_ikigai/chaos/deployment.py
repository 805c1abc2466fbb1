"""Launches on a real deployment: webserver, daemon, code server, a process for each run and for each step."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from tests.dagster_ikigai.deployment.servers import DagsterServers

from .told import TASK_TAG, has_succeeded, runs_of

SETTINGS = """\
telemetry: {enabled: false}
nux: {enabled: false}
run_retries: {enabled: true, max_retries: 9}
run_monitoring: {enabled: true, poll_interval_seconds: 5, start_timeout_seconds: 120}
concurrency: {runs: {max_concurrent_runs: 4}}
"""
"""As they are by default, with what makes up for workers that die: no pool has a limit."""

_MOST_HARMED = 2
"""So many runs of a task are killed or terminated."""

_WILL_RETRY = "dagster/will_retry"


class Deployment:
    """Materialize partitions of the flows' assets, each task a partition, the flows in turns.

    Parameters
    ----------
    servers : DagsterServers
    keys : sequence of AssetKey
        The assets, one of each flow.
    """

    def __init__(self, servers: DagsterServers, keys: Sequence[dg.AssetKey]) -> None:
        self.instance = servers.instance
        self._servers, self._keys = servers, keys
        self._chance = random.Random(7)
        self._tasks: list[str] = []
        self._is_over = False

    def perform(self, tasks: Sequence[str], seconds: float) -> None:
        """Launch all tasks at once, and wait for their ends, for so many seconds at the most."""
        self.instance.add_dynamic_partitions("tasks", list(tasks))
        for number, task in enumerate(tasks):
            tags = {TASK_TAG: task, "dagster/partition": task}
            self._servers.launch(self._keys[number % len(self._keys)], "multiprocess", tags)
            self._tasks.append(task)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            last = {task: runs_of(self.instance, task)[-1] for task in tasks}
            for run in last.values():
                if run.status is dg.DagsterRunStatus.CANCELED and not has_succeeded(self.instance, run):
                    self._servers.execute_again(run.run_id)
            open_tasks = [task for task, run in last.items() if not self._is_done(run)]
            # The last ones come to an end in peace.
            self._is_over = len(open_tasks) <= 4
            if not open_tasks:
                return
            time.sleep(2)

    def pids(self) -> list[int]:
        """The processes of the runs that are under way, and of their steps."""
        return [pid for run in self._under_way() for pid in self._servers.process_ids(run.run_id)]

    def terminate(self) -> None:
        """Terminate a run, as the UI does; it is executed again."""
        runs = self._under_way()
        if runs:
            self._servers.terminate(self._chance.choice(runs).run_id)

    def _is_done(self, run: dg.DagsterRun) -> bool:
        is_given_up = run.is_failure and run.tags.get(_WILL_RETRY) != "true"
        return is_given_up or (run.is_finished and has_succeeded(self.instance, run))

    def _under_way(self) -> list[dg.DagsterRun]:
        if self._is_over or not self._tasks:
            return []
        started = self.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        # Also on a machine so slow that no run would ever live long enough.
        return [run for run in started if len(runs_of(self.instance, run.tags[TASK_TAG])) <= _MOST_HARMED]


def servers_with(folder: Path, environment: Mapping[str, str]) -> DagsterServers:
    """A deployment of the chaos location."""
    return DagsterServers(folder, environment, Path(__file__).with_name("location.py"), SETTINGS)
