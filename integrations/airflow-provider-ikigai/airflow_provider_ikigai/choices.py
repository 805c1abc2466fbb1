"""Checks a task's arguments when its DAG is parsed, if they are known by then."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_ikigai.assets import is_template
from ikigai_core.errors import InvalidInputError

_CHOICES = {"isolation": ("shared", "copy"), "on_busy": ("fail", "wait", "attach"), "on_doubt": ("fail", "accept")}


def check_isolation(isolation: object, on_busy: object, on_doubt: object) -> None:
    """Make sure that a task may run a flow in such a way.

    Raises
    ------
    InvalidInputError
        One of them is no such word, or they contradict each other.
    """
    for name, value in (("isolation", isolation), ("on_busy", on_busy), ("on_doubt", on_doubt)):
        if not is_template(value) and value not in _CHOICES[name]:
            raise InvalidInputError(f"{name} is {value!r}: choose one of {', '.join(map(repr, _CHOICES[name]))}.")
    if (isolation, on_busy) == ("copy", "attach"):
        raise InvalidInputError(
            "on_busy='attach' takes another run of the flow, and a private copy has none: drop one."
        )


def check_unique_output(unique_output: object, variables: object) -> None:
    """Make sure that the variable is given that names an output of the run's own.

    Raises
    ------
    InvalidInputError
        The variables do not have it.
    """
    if unique_output is None or is_template(unique_output) or not isinstance(variables, Mapping):
        return
    if not variables.get(unique_output):
        raise InvalidInputError(
            f"unique_output names the run variable {unique_output!r}, and the variables do not give it."
        )
