"""Tasks whose process is killed between the end of their run and the moment at which Airflow has recorded success."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk import DAG, TaskGroup, task
from airflow.sdk.execution_time import task_runner

from airflow_provider_ikigai.assets import dataset_asset
from airflow_provider_ikigai.operators import flow_run
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.run_store import TaskRunStore

if TYPE_CHECKING:
    from airflow.sdk import Context

APP = "Scenarios"
MODES = ("shared", "copy")


class Point(NamedTuple):
    """Where a process is killed: when a function is called, or when it has done its work."""

    owner: Any
    name: str
    is_after: bool = False
    phase: str = ""


POINTS = {
    "started": Point(TaskRunStore, "_note", True, "started"),
    "end to be noted": Point(TaskRunStore, "_note", False, "ended"),
    "end noted": Point(TaskRunStore, "_note", True, "ended"),
    "outputs to be described": Point(flow_run, "announce"),
    "outputs described": Point(flow_run, "announce", True),
    "result to be taken": Point(TaskRunStore, "take"),
    "result taken": Point(TaskRunStore, "take", True),
    "XCom to be pushed": Point(task_runner, "_push_xcom_if_needed"),
    "XCom pushed": Point(task_runner, "_push_xcom_if_needed", True),
    "success to be reported": Point(task_runner, "_handle_current_task_success", True),
}


class Mortal(IkigaiRunFlowOperator):
    """Runs a flow, and its first try is killed at a point."""

    def __init__(self, *, dies: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dies = dies

    def execute(self, context: Context) -> dict[str, Any]:
        """As the operator, for as long as it lives."""
        self._arm(context)
        return super().execute(context)

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """As the operator, for as long as it lives."""
        self._arm(context)
        return super().execute_complete(context, event)

    def _arm(self, context: Context) -> None:
        if context["ti"].try_number == 1:
            point = POINTS[self.dies]
            setattr(point.owner, point.name, deadly(getattr(point.owner, point.name), point))


def deadly(function: Callable[..., Any], point: Point) -> Callable[..., Any]:
    """A function that ends its process as a crash would."""

    def dying(*args: Any, **kwargs: Any) -> Any:
        is_there = not point.phase or args[1]["phase"] == point.phase
        if is_there and not point.is_after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if is_there:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return dying


WAYS = [(deferrable, mode) for deferrable in (False, True) for mode in MODES]
ALL = list(itertools.product(POINTS, WAYS))
# Each point in one way, and the next way at the next point.
EACH_ONCE = [(point, WAYS[number % len(WAYS)]) for number, point in enumerate(POINTS)]


def orders(cases: list[tuple[str, tuple[bool, str]]], *, deferrable: bool) -> list[dict[str, Any]]:
    """A mapped task for each case that is run on a worker, or deferred."""
    where = "deferred" if deferrable else "on a worker"
    return [
        {"dies": point, "isolation": mode, "variables": {"output": f"{point}, {where}, {mode}"}}
        for point, (deferred, mode) in cases
        if deferred == deferrable
    ]


# On a busy machine Airflow itself fails tries: of deferred tasks whose event comes before the scheduler has gone round.
RETRYING = {"app": APP, "retries": 5, "retry_delay": timedelta(seconds=0), "on_busy": "wait"}

for dag_id, cases in (("last_metre", EACH_ONCE), ("last_metre_all", ALL)):
    with DAG(dag_id, schedule=None, default_args=RETRYING, max_active_tasks=100), TaskGroup("group"):
        for name, deferrable in (("worker", False), ("deferred", True)):
            Mortal.partial(task_id=name, flow=f"last_metre_{name}", deferrable=deferrable).expand_kwargs(
                orders(cases, deferrable=deferrable)
            )

# Each try would write something else. What is told is what the run of the first try wrote.
with DAG("retold", schedule=None, default_args=RETRYING):
    Mortal(
        task_id="run",
        flow="retold",
        dies="started",
        variables={"output": "written by try {{ ti.try_number }}"},
        outlets=[dataset_asset(APP, f"written by try {number}") for number in (1, 2)],
    )

for number in (1, 2):
    with DAG(f"heard_{number}", schedule=[dataset_asset(APP, f"written by try {number}")]):

        @task
        def hear() -> None:
            """It need only run."""

        hear()
