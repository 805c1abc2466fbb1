"""Translates the fields of a credentials block into the core's connection fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import prefect
from prefect.context import FlowRunContext, TaskRunContext
from prefect.utilities.urls import url_for
from pydantic import SecretStr

from ikigai_core.orchestration import ConnectionFields
from prefect_ikigai._version import __version__

USER_AGENT = f"prefect-ikigai/{__version__} prefect/{prefect.__version__}"


def connection_fields(block: Mapping[str, Any], look_up_key: Callable[[], str] | None = None) -> ConnectionFields:
    """Check a block's fields.

    Parameters
    ----------
    block : mapping
        The values by field.
    look_up_key : callable, optional
        Returns the key as it is saved now, if the block contains the key itself.

    Raises
    ------
    ikigai_core.orchestration.UnusableFieldError
        A field is wrong. The error names the field and the fault.
    """
    given = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in block.items()}
    if given.get("api_key") is not None:
        given["look_up_key"] = look_up_key
    return ConnectionFields.read({**given, "user_agent": USER_AGENT, "origin": task_origin})


def task_origin() -> dict[str, str | None]:
    """Return the current flow run and task, for the header of each request; empty outside of both."""
    flow, task = FlowRunContext.get(), TaskRunContext.get()
    run = flow.flow_run if flow else None
    if run is None and task is None:
        return {}
    shown = run or (task.task_run if task else None)
    return {
        "orchestrator": "prefect",
        "flow": flow.flow.name if flow and flow.flow else None,
        "task": task.task_run.name if task else None,
        "run": run.name if run else None,
        "url": url_for(shown) if shown else None,
    }
