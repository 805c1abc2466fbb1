"""What makes tasks that materialize assets: for sync and for async code, from one text."""

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
    """A task that is to be made.

    Attributes
    ----------
    name : str
        Of the task.
    assets : sequence of Asset
        What it materializes.
    text : callable
        Describes what it does on the platform.
    upstream : sequence of str or Asset
        What the assets come from.
    options : mapping
        As for Prefect's ``task``.
    """

    name: str
    assets: Sequence[Asset]
    text: Callable[Q, Operation[R]]
    upstream: Sequence[str | Asset] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def how(self) -> dict[str, Any]:
        """The task's options, with those that all tasks have here."""
        upstream = None if self.upstream is None else list(self.upstream)
        told = {"by": MATERIALIZED_BY, "name": self.name, "task_run_name": self.name, "asset_deps": upstream}
        return {**task_options(), **told, **self.options}


def materializing(text: Callable[P, Materialization[Q, R]]) -> Callable[P, MaterializingTask[Q, R]]:
    """A function that makes the task that `text` describes."""

    @wraps(text)
    def make(*args: P.args, **kwargs: P.kwargs) -> MaterializingTask[Q, R]:
        wanted = text(*args, **kwargs)
        return materialize(*wanted.assets, **wanted.how())(performed(wanted.text))

    return returning(make, "Materialization[", "MaterializingTask[")


def async_materializing(
    made: Callable[P, MaterializingTask[Q, R]],
) -> Callable[P, MaterializingTask[Q, Coroutine[Any, Any, R]]]:
    """Async twin of what `materializing` made: the task that it makes is awaited."""
    text: Callable[P, Materialization[Q, R]] = inspect.unwrap(made)

    @wraps(text)
    def make(*args: P.args, **kwargs: P.kwargs) -> MaterializingTask[Q, Coroutine[Any, Any, R]]:
        wanted = text(*args, **kwargs)
        return materialize(*wanted.assets, **wanted.how())(aperformed(wanted.text))

    make.__doc__ = f"Async twin of `{text.__name__}`: the task that it makes is awaited."
    make.__name__ = make.__qualname__ = f"a{text.__name__}"
    return returning(make, "Materialization[", "MaterializingTask[")
