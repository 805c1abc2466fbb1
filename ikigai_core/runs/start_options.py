"""The options of a start: the same words, defaults and checks in every orchestrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ikigai_core.errors import InvalidInputError

OnBusy = Literal["wait", "attach", "fail"]
Isolation = Literal["shared", "copy"]
OnDoubt = Literal["fail", "accept"]

_CHOICES = {"on_busy": get_args(OnBusy), "isolation": get_args(Isolation), "on_doubt": get_args(OnDoubt)}


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """How an orchestrator's task starts a flow.

    Attributes
    ----------
    on_busy : {"wait", "attach", "fail"}, default "wait"
        What to do if the flow is already running: wait for its end and then start, follow that run, or fail.
    isolation : {"shared", "copy"}, default "shared"
        Whether to run the flow itself, or a private copy of it that is made for this run only.
    on_doubt : {"fail", "accept"}, default "fail"
        What to do if it cannot be proven which run was started, or how it ended: fail, or accept the most likely run.
    unique_output : str or None
        Name of the run variable that names a dataset that no other run writes.
    keep_copies : bool, default False
        Whether to keep the private copy after its run.

    Examples
    --------
    >>> StartOptions(isolation="copy").check()
    """

    on_busy: OnBusy = "wait"
    isolation: Isolation = "shared"
    on_doubt: OnDoubt = "fail"
    unique_output: str | None = None
    keep_copies: bool = False

    def check(self, variables: Mapping[str, Any] | None = None) -> None:
        """Check the options, before anything is sent.

        Parameters
        ----------
        variables : mapping, optional
            The run variables, if they are known: they must have the one that `unique_output` names.

        Raises
        ------
        InvalidInputError
            An option has none of its values, two options contradict each other, or the run variable is missing.
        """
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                listed = " or ".join((", ".join(map(repr, choices[:-1])), repr(choices[-1])))
                raise InvalidInputError(f"{name} is {value!r}: choose {listed}.")
        if self.isolation == "copy" and self.on_busy == "attach":
            raise InvalidInputError(
                "on_busy='attach' follows another run of the flow, but a private copy has none: use one of the two."
            )
        if variables is not None and self.unique_output is not None and not variables.get(self.unique_output):
            raise InvalidInputError(
                f"unique_output is {self.unique_output!r}, but there is no such run variable: give it the name of the "
                "dataset that only this run writes."
            )
