"""The store of the run that a task started. The next attempt then follows that run instead of starting a second one."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from ikigai_core.errors import IkigaiError


class SupersededError(IkigaiError):
    """A later attempt of the same task has taken over. This attempt must not start or store anything any more."""


@runtime_checkable
class RunStore(Protocol):
    """The note of one piece of work: of one task in one run of the orchestrator.

    The note stays until the orchestrator itself has recorded the outcome of the work. So if a process dies at the last
    moment, the next attempt returns the result instead of running the flow again. The methods may block.

    Examples
    --------
    >>> run = flow.launch(variables, keep=store.note, previous=store.find())  # doctest: +SKIP
    >>> log = run.result()  # doctest: +SKIP
    >>> store.take(run.to_dict())  # doctest: +SKIP
    """

    def note(self, run: dict[str, Any]) -> None:
        """Replace the stored run. The new one must be stored permanently before this method returns.

        Parameters
        ----------
        run : dict
            The output of `FlowRun.to_dict`: JSON values only.

        Raises
        ------
        SupersededError
            A later attempt of the same work has stored something since.
        """
        ...

    def find(self) -> dict[str, Any] | None:
        """The run that this attempt, or an earlier one, stored for this work; None if there is nothing to resume.

        If two attempts find nothing, at most one of them may store a note and continue. So an attempt that is not the
        first records that it takes over, before it looks. And after writing, `note` checks that no later attempt has
        recorded this.
        """
        ...

    def take(self, run: dict[str, Any]) -> None:
        """Record that this attempt takes the run's result. The note stays: `find` returns it with phase ``taken``."""
        ...

    def forget(self) -> None:
        """Delete the note. Never raises: a remaining note is swept later."""
        ...
