"""What the tasks of this package have in common: their names, their retries, no caching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, task

from ikigai_core.errors import IkigaiError

P = ParamSpec("P")
R = TypeVar("R")


def ikigai_task(task_run_name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a task of a function that uses the platform.

    Parameters
    ----------
    task_run_name : str
        Template of the task runs' names, filled in from the function's arguments.
    """

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        return task(task_run_name=task_run_name, **task_options())(function)

    return decorate


def task_options() -> dict[str, Any]:
    """How tasks that use the platform are tried again, and that their results are not cached.

    A transient failure is retried twice, after about 10 and 60 seconds; ``with_options(retries=…)`` changes that.
    Results are not cached, as what lies on the platform may change between two calls;
    `prefect_ikigai.ACCOUNT_INPUTS` is the policy for where it does not.
    """
    return {
        "cache_policy": NO_CACHE,
        "retries": 2,
        "retry_delay_seconds": [10, 60],
        "retry_jitter_factor": 0.5,
        "retry_condition_fn": is_transient,
    }


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed task run is worth another try: where the client says that the same may work later.

    A failed flow run, a refused key or a fault in the arguments fail the same way again.
    """
    error = state.data
    return isinstance(error, IkigaiError) and error.transient
