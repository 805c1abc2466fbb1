"""Where a task keeps the run that it started, so that its next try follows it instead of starting a second one."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from ikigai_core.errors import IkigaiError


class SupersededError(IkigaiError):
    """A later try of the same task has taken over: this one may start nothing, and note nothing, any more."""


@runtime_checkable
class RunStore(Protocol):
    """The one note of a piece of work: a task of one run of the orchestrator.

    The note stays until the orchestrator itself has recorded what became of the work, so that a try that comes after a
    death in the last moment returns the result instead of running the flow again. Its methods may block.

    Examples
    --------
    >>> run = flow.launch(variables, keep=store.note, previous=store.find())  # doctest: +SKIP
    >>> log = run.result()  # doctest: +SKIP
    >>> store.take(run.to_dict())  # doctest: +SKIP
    """

    def note(self, run: dict[str, Any]) -> None:
        """Keep a run in place of what was kept before; it has to survive this process before this returns.

        Parameters
        ----------
        run : dict
            As `FlowRun.to_dict` gives it: JSON values only.

        Raises
        ------
        SupersededError
            A later try of the same work has noted something since.
        """
        ...

    def find(self) -> dict[str, Any] | None:
        """What this try, or an earlier one, kept for this piece of work; None if there is nothing to pick up.

        If two tries look and find nothing, one of them at most may note and go on: let a try that is not the first say
        that it takes over before it looks, and let `note` check, after it wrote, that nobody said so.
        """
        ...

    def take(self, run: dict[str, Any]) -> None:
        """Note that this try takes the run's result. The note stays: `find` returns it, with the phase ``taken``."""
        ...

    def forget(self) -> None:
        """Delete the note. It does not raise: a note that stays is swept."""
        ...
