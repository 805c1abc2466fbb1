"""Creates tasks that materialize assets, for sync and async code from the same function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

from prefect.assets import Asset, materialize
from prefect.tasks import MaterializingTask

from prefect_ikigai.operation import Operation, aperformed, performed, returning
from prefect_ikigai.tasks.making import task_options

MATERIALIZED_BY = "ikigai"

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")


@dataclass(frozen=True)
class Materialization(Generic[Q, R]):
    """The description of a task to create.

    Attributes
    ----------
    name : str
        Name of the task.
    assets : sequence of Asset
        Assets that it materializes.
    text : callable
        Returns its operation on the platform.
    upstream : sequence of str or Asset
        Assets that they are made from.
    options : mapping
        As for Prefect's ``task``.
    """

    name: str
    assets: Sequence[Asset]
    text: Callable[Q, Operation[R]]
    upstream: Sequence[str | Asset] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def how(self) -> dict[str, Any]:
        """The task's options, with the common options of this package's tasks."""
        upstream = None if self.upstream is None else list(self.upstream)
        told = {"by": MATERIALIZED_BY, "name": self.name, "task_run_name": self.name, "asset_deps": upstream}
        return {**task_options(), **told, **self.options}


def materializing(text: Callable[P, Materialization[Q, R]]) -> Callable[P, MaterializingTask[Q, R]]:
    """A function that creates the task that `text` describes."""

    @wraps(text)
    def make(*args: P.args, **kwargs: P.kwargs) -> MaterializingTask[Q, R]:
        wanted = text(*args, **kwargs)
        return materialize(*wanted.assets, **wanted.how())(performed(wanted.text))

    return returning(make, "Materialization[", "MaterializingTask[")


def async_materializing(
    made: Callable[P, MaterializingTask[Q, R]],
) -> Callable[P, MaterializingTask[Q, Coroutine[Any, Any, R]]]:
    """Async counterpart of a function from `materializing`: it creates tasks that are awaited."""
    text: Callable[P, Materialization[Q, R]] = inspect.unwrap(made)

    @wraps(text)
    def make(*args: P.args, **kwargs: P.kwargs) -> MaterializingTask[Q, Coroutine[Any, Any, R]]:
        wanted = text(*args, **kwargs)
        return materialize(*wanted.assets, **wanted.how())(aperformed(wanted.text))

    make.__doc__ = f"Async version of `{text.__name__}`: the task that it creates is awaited."
    make.__name__ = make.__qualname__ = f"a{text.__name__}"
    return returning(make, "Materialization[", "MaterializingTask[")
