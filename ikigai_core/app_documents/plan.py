"""What applying an app's document would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["create", "update", "delete"]
_SIGNS = {"create": "+", "update": "~", "delete": "-"}


@dataclass(frozen=True)
class Step:
    """One change.

    Attributes
    ----------
    action : {"create", "update", "delete"}
    kind : str
        ``app``, ``directory of datasets``, ``dataset``, ``model``, ``custom facet``, ``flow``, ``access``, …
    name : str
    details : tuple of str
        What changes, one sentence each.
    """

    action: Action
    kind: str
    name: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        first = f"{_SIGNS[self.action]} {self.action} {self.kind} {self.name!r}"
        return "\n".join([first, *(f"    {detail}" for detail in self.details)])


@dataclass(frozen=True)
class AppPlan:
    """The changes that make an app what its document says, in the order in which they are carried out.

    Attributes
    ----------
    app : str
        Name of the app.
    steps : tuple of Step
    notes : tuple of str
        What differs, and cannot be changed by a document: a dataset's columns, or data that are missing.
    """

    app: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to change."""
        return not self.steps

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain values."""
        steps = [{**vars(step), "details": list(step.details)} for step in self.steps]
        return {"app": self.app, "steps": steps, "notes": list(self.notes)}

    def __str__(self) -> str:
        lines = [str(step) for step in self.steps] or [f"App {self.app!r}: nothing to change"]
        return "\n".join([*lines, *(f"! {note}" for note in self.notes)])
