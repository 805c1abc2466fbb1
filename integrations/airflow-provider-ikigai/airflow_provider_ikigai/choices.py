"""Checks the arguments of a task when its DAG is parsed, if they are already known."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_ikigai.assets import is_template
from ikigai_core.errors import InvalidInputError

_CHOICES = {"isolation": ("shared", "copy"), "on_busy": ("fail", "wait", "attach"), "on_doubt": ("fail", "accept")}


def check_isolation(isolation: object, on_busy: object, on_doubt: object) -> None:
    """Check the arguments that say how a task runs a flow.

    Raises
    ------
    InvalidInputError
        An argument has an unknown value, or two of them contradict each other.
    """
    for name, value in (("isolation", isolation), ("on_busy", on_busy), ("on_doubt", on_doubt)):
        if not is_template(value) and value not in _CHOICES[name]:
            raise InvalidInputError(f"{name} is {value!r}: choose one of {', '.join(map(repr, _CHOICES[name]))}.")
    if (isolation, on_busy) == ("copy", "attach"):
        raise InvalidInputError(
            "on_busy='attach' follows another run of the flow, but a private copy has none: use one of the two."
        )


def check_unique_output(unique_output: object, variables: object) -> None:
    """Check that the variables contain the one that names the unique output.

    Raises
    ------
    InvalidInputError
        The variables do not have it.
    """
    if unique_output is None or is_template(unique_output) or not isinstance(variables, Mapping):
        return
    if not variables.get(unique_output):
        raise InvalidInputError(
            f"unique_output names the run variable {unique_output!r}, but the variables do not contain it."
        )
