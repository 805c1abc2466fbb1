"""Tasks, and what makes them, tell what they take and return."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest
from prefect.tasks import Task

import prefect_ikigai
from ikigai_core.orchestration import StartOptions

TASKS = {name: value for name, value in vars(prefect_ikigai).items() if isinstance(value, Task)}
MAKERS = ("materialize_dataset", "amaterialize_dataset", "materialize_flow", "amaterialize_flow")


@pytest.mark.parametrize("name", TASKS)
def test_a_task_tells_what_it_returns_and_its_async_version_the_same(name: str) -> None:
    function: Any = TASKS[name].fn
    returns = str(inspect.signature(function).return_annotation)
    assert function.__name__ == name and function.__doc__
    assert returns == function.__annotations__["return"] and not returns.startswith("Operation")
    assert inspect.iscoroutinefunction(function) is (name[1:] in TASKS)
    if name[1:] in TASKS:
        assert inspect.signature(function) == inspect.signature(TASKS[name[1:]].fn)


@pytest.mark.parametrize("name", MAKERS)
def test_what_makes_a_task_says_so(name: str) -> None:
    function = getattr(prefect_ikigai, name)
    assert function.__name__ == name and function.__doc__
    assert str(inspect.signature(function).return_annotation).startswith("MaterializingTask[")


@pytest.mark.parametrize("starts", ["run_flow", "start_flow", "materialize_flow", "IkigaiFlow"])
def test_all_that_starts_flows_takes_the_same_options(starts: str) -> None:
    taken = inspect.signature(getattr(prefect_ikigai, starts)).parameters
    for option in fields(StartOptions):
        assert (taken[option.name].default, option.name) == (option.default, option.name)
