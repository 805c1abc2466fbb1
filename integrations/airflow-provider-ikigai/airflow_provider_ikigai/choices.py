"""Checks the arguments of a task when its DAG is parsed, if they are already known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_ikigai.assets import is_template
from ikigai_core.orchestration import StartOptions


def check_start_options(options: Mapping[str, Any], variables: object) -> None:
    """Check the options of a start that are already known.

    Parameters
    ----------
    options : mapping
        The arguments for `StartOptions`, by name. Templates are not known yet.
    variables : object
        The run variables; known if they are a mapping.

    Raises
    ------
    InvalidInputError
        An option has none of its values, two of them contradict each other, or the run variables do not have
        `unique_output`.
    """
    known = StartOptions(**{name: value for name, value in options.items() if not is_template(value)})
    known.check(variables if isinstance(variables, Mapping) else None)
