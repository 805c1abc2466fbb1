"""Many tasks on few flows of one Airflow, what goes wrong meanwhile, and what Airflow says of them at last."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tests.chaos.flows import TASK, ChaosFlows, variables_of
from tests.chaos.judge import Told, Verdict, judge
from tests.chaos.killer import Killer

DAG_ID = "contention"
MODES = ("shared", "copy")
_MOST_KILLED = 5
"""The last try that is killed: those after it have to do with the faults alone."""
_TASKS_FOR_EACH_CLEARING = 8
_OVER = ("success", "failed", "upstream_failed")
# A task's log tells an error's message, and not its class.
DOUBTS = {
    "StartUnknownError": (
        "It was not sent again",
        "so it was not sent again",
        "may be another run",
        "cannot be checked whether it started",
    ),
    "RunAmbiguousError": ("It is not known how the run", "may be another's"),
}


class Contention:
    """A DAG run in which each mapped task runs one of a few flows, in either mode, on a worker or deferred.

    Parameters
    ----------
    there : Deployment
        With the connection ``ikigai_chaos``.
    chaos : ChaosFlows
    count : int
        Tasks for each mode.
    deferred : int
        Every so many tasks are deferrable; the others are as they are by default.
    """

    def __init__(self, there: Any, chaos: ChaosFlows, count: int, *, deferred: int = 3, seed: int = 7) -> None:
        self.there, self._chaos = there, chaos
        self._chance = random.Random(f"{seed} clear")
        self.cleared: Counter[int] = Counter()
        flows = itertools.cycle(chaos.flows)
        self._orders = [
            {
                "app": chaos.app,
                "flow": next(flows),
                "isolation": mode,
                "deferrable": number % deferred == 0,
                "variables": variables_of(f"{mode}-{number}"),
            }
            for number in range(count)
            for mode in MODES
        ]
        self.run_id = str(there.api.trigger(DAG_ID, {"orders": self._orders}))

    # -- what goes wrong -----------------------------------------------------------------------------------------------

    def pids(self) -> list[int]:
        """The processes of tasks that run now, but for those that have few retries left."""
        running = self._instances(state="running")
        return [int(one["pid"]) for one in running if one["pid"] and one["try_number"] <= _MOST_KILLED]

    def clear_one(self) -> None:
        """Clear one of the tasks that are over, as a user does."""
        over = self._instances(state="success")
        # The last ones must come to an end, too.
        if over and sum(self.cleared.values()) < len(self._orders) // _TASKS_FOR_EACH_CLEARING:
            index = int(self._chance.choice(over)["map_index"])
            body = {"dag_run_id": self.run_id, "task_ids": [["run", index]], "only_failed": False, "dry_run": False}
            self.there.api.post(f"/dags/{DAG_ID}/clearTaskInstances", body)
            self.cleared[index] += 1

    # -- what came of it -----------------------------------------------------------------------------------------------

    def await_end(self, seconds: float, meanwhile: Killer | None = None) -> None:
        """Wait until all tasks are over, while things go wrong; then until what was cleared last is over, too."""
        began = time.monotonic()
        if meanwhile is not None:
            with meanwhile:
                # What was cleared, or harmed, last has time to come to an end.
                self._await(began + 0.8 * seconds)
        self._await(began + seconds)

    def verdicts(self) -> dict[str, Verdict]:
        """What is found, by mode."""
        told = [self._told(one) for one in self._instances()]
        runs = self._chaos.runs()
        return {
            mode: judge(
                [one for one in told if one.task.startswith(mode)],
                [run for run in runs if str(run.variables.get(TASK)).startswith(mode)],
            )
            for mode in MODES
        }

    def tries(self) -> dict[int, int]:
        """How many tasks took how many tries."""
        return dict(sorted(Counter(int(one["try_number"]) for one in self._instances()).items()))

    def _await(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self.there.api.dag_run_state(DAG_ID, self.run_id) in _OVER and self._are_all_over():
                return
            time.sleep(1.0)

    def _are_all_over(self) -> bool:
        return sum(self._count(state) for state in _OVER) == len(self._orders)

    def _count(self, state: str) -> int:
        return int(self.there.api.get(self._path, state=state, task_id="run", limit="1")["total_entries"])

    def _instances(self, **query: str) -> Sequence[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self.there.api.get(
                self._path, task_id="run", limit="100", offset=str(len(found)), order_by="map_index", **query
            )
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return [one for one in found if one["map_index"] >= 0]

    def _told(self, instance: dict[str, Any]) -> Told:
        index = int(instance["map_index"])
        name, clearings = str(self._orders[index]["variables"][TASK]), self.cleared[index]
        if instance["state"] == "success":
            result = self.there.mapped_result(DAG_ID, self.run_id, "run", index)
            (output,) = result["outputs"]
            log_id, doubt = result["run_log"]["log_id"], result["doubt"]
            return Told(name, "success", log_id=log_id, output=output, doubt=doubt, clearings=clearings)
        if instance["state"] in _OVER:
            log = self.there.log(DAG_ID, self.run_id, "run", instance["try_number"], map_index=index)
            return Told(name, "failed", named(log), clearings=clearings)
        return Told(name, "unfinished", str(instance["state"]), clearings=clearings)

    @property
    def _path(self) -> str:
        return f"/dags/{DAG_ID}/dagRuns/{self.run_id}/taskInstances"


def named(log: str) -> str:
    """A task's log, with the class of the doubt in front, if it failed for one."""
    doubts = [name for name, texts in DOUBTS.items() if any(text in log for text in texts)]
    start = max(log.rfind("AirflowFailException"), log.rfind("AirflowException"), 0)
    return f"{' '.join(doubts)} {log[start : start + 600] or 'no log'}"


def table(contention: Contention, done: Iterable[tuple[str, int]], faults: dict[str, int]) -> str:
    """All figures as text."""
    harm = ", ".join(f"{count} {name}" for name, count in done)
    lines = [f"Airflow: {harm}, {sum(contention.cleared.values())} clearings; {faults}"]
    lines.append(f"Tasks by tries: {contention.tries()}")
    lines += [verdict.table(mode) for mode, verdict in contention.verdicts().items()]
    return "\n".join(lines)
