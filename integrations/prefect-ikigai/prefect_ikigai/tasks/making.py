"""Common settings of this package's tasks: names, retries, no caching."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, task

from ikigai_core.errors import IkigaiError
from prefect_ikigai.operation import Operation, aperformed, performed

P = ParamSpec("P")
R = TypeVar("R")


def ikigai_task(task_run_name: str) -> Callable[[Callable[P, Operation[R]]], Task[P, R]]:
    """Create a task from a function that returns an operation.

    Parameters
    ----------
    task_run_name : str
        Template of the task runs' names. The function's arguments fill it in.
    """

    def decorate(text: Callable[P, Operation[R]]) -> Task[P, R]:
        return task(task_run_name=task_run_name, **task_options())(performed(text))

    return decorate


def async_version(sync_task: Task[P, R]) -> Task[P, Coroutine[Any, Any, R]]:
    """The async counterpart of a task that `ikigai_task` created. Its name begins with ``a``."""
    text: Callable[P, Operation[R]] = inspect.unwrap(sync_task.fn)
    function = aperformed(text)
    function.__doc__ = f"Async version of `{text.__name__}`."
    function.__name__ = function.__qualname__ = f"a{text.__name__}"
    return task(task_run_name=sync_task.task_run_name, **task_options())(function)


def task_options() -> dict[str, Any]:
    """Task options for retries and against caching.

    A transient failure is retried twice, after about 10 and 60 seconds; ``with_options(retries=…)`` changes that.
    Results are not cached, because data on the platform may change between two calls. If it does not change, use the
    cache policy `prefect_ikigai.ACCOUNT_INPUTS`.
    """
    return {
        "cache_policy": NO_CACHE,
        "retries": 2,
        "retry_delay_seconds": [10, 60],
        "retry_jitter_factor": 0.5,
        "retry_condition_fn": is_transient,
    }


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether to retry a failed task run. True if the client marks the error as transient.

    A failed flow run, a refused key or a wrong argument would fail again.
    """
    error = state.data
    return isinstance(error, IkigaiError) and error.transient
