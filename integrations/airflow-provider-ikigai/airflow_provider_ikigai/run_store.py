"""A task keeps the run that it started, so that its next try follows that run and starts no second one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ikigai_core.orchestration import SupersededError

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import Logger

Describe = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Returns what to keep with a run, such as the names of its outputs."""

_ADDED = ("max_tries", "about", "is_lost")
_STARTED_WITH = ("copy_name", "baseline", "variables", "attached")
_GIVEN_UP = ("refused", "fenced")


class TaskRunStore:
    """A task's note about its run. It exists from before the start until the task is cleared or its DAG run is deleted.

    It lies in the task's state store, which Airflow has since 3.3, for each task instance of each DAG run. All tries of
    a task instance share it, a clearing does not end it. With earlier releases nothing is kept.

    Parameters
    ----------
    context : Context
        The task's.
    log : Logger
        The task's.

    Attributes
    ----------
    describe : callable or None
        Asked once for each run that is started.
    """

    key = "ikigai_flow_run"
    claim_key = "ikigai_flow_run_try"

    def __init__(self, context: Context, log: Logger) -> None:
        self._store = context.get("task_state_store")
        instance = context.get("ti")
        # Airflow raises this number when a task is cleared, and never between a task's own tries.
        self._max_tries = getattr(instance, "max_tries", None)
        self._try = int(getattr(instance, "try_number", 1))
        self._log = log
        self._kept: dict[str, Any] = {}
        self._claimed = 0
        self.describe: Describe | None = None

    # -- methods that the core calls -----------------------------------------------------------------------------------

    def note(self, run: Mapping[str, Any]) -> None:
        """Store a run. It replaces the stored one.

        Raises
        ------
        SupersededError
            A later try of the same task has written a note, or Airflow has replaced this try.
        """
        self._note(run)

    def find(self) -> dict[str, Any] | None:
        """The run that this try, or an earlier one, kept; None if there is none.

        From now on, no earlier try that is still alive can write a note and continue.

        Raises
        ------
        SupersededError
            A later try has claimed the task, or Airflow has replaced this try.
        """
        self._claim()
        self._kept = self._read()
        return {name: value for name, value in self._kept.items() if name not in _ADDED} or None

    def take(self, run: Mapping[str, Any]) -> None:
        """Note that this try takes the run's result. It raises nothing: the previous note leads to the same result."""
        self._is_noted({**run, "phase": "taken", "taken_by": f"try {self._try}"})

    def forget(self) -> None:
        """Delete the note."""
        try:
            if self._store is not None:
                # The claim of this try stays, because an earlier try may still be alive.
                self._store.delete(self.key)
        except Exception as error:
            self._log.warning("The note of the flow run was not deleted and stays until Airflow deletes it: %s", error)

    # -- additional methods for the tasks of this provider -------------------------------------------------------------

    def keep_end(self, run: Mapping[str, Any], *, is_lost: bool = False) -> bool:
        """Note how a run ended, and return True if it is noted. A store that cannot be reached raises nothing.

        Parameters
        ----------
        run : mapping
        is_lost : bool, default False
            True if its outcome is unknown. A cleared task then does not wait for this run again.
        """
        is_known = self._kept.get("log") is not None and self._is_kept(run)
        return is_known or self._is_noted(run, is_lost=is_lost)

    def has_result(self, asked_for: Sequence[str]) -> bool:
        """Return True if the run that `find` returned has ended, is of this flow, and nobody has cleared the task.

        The task can then return its result without the platform.
        """
        is_same = self._kept.get("about", {}).get("asked_for") == list(asked_for)
        return is_same and self._kept.get("log") is not None and not self.was_cleared

    @property
    def was_cleared(self) -> bool:
        """True if somebody cleared the task after the run was noted."""
        return bool(self._kept.get("max_tries", self._max_tries) != self._max_tries)

    @property
    def is_lost(self) -> bool:
        """True if an earlier try could not learn how the run ended."""
        return bool(self._kept.get("is_lost"))

    def about(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept with a run. If an earlier try started the run, this is what that try kept."""
        if self._kept.get("about") and self._is_kept(run):
            return dict(self._kept["about"])
        return dict(self.describe(run)) if self.describe else {}

    def _is_kept(self, run: Mapping[str, Any]) -> bool:
        """Return True if this is the run in the newest note."""
        same = all(self._kept.get(name) == run.get(name) for name in _STARTED_WITH)
        return same and self._kept.get("phase") not in _GIVEN_UP

    def _is_noted(self, run: Mapping[str, Any], **more: Any) -> bool:
        try:
            self._note(run, **more)
        except Exception as error:
            self._log.warning("Could not note that the flow run is %s: %s", run.get("phase"), error)
            return False
        return True

    def _note(self, run: Mapping[str, Any], **more: Any) -> None:
        mine = {"max_tries": self._max_tries, "about": self.about(run)}
        kept = {**run, **mine, **more}
        self._write(kept)
        self._kept = kept

    # -- Airflow's store -----------------------------------------------------------------------------------------------

    def _read(self) -> dict[str, Any]:
        kept = None if self._store is None else self._store.get(self.key)
        return dict(kept) if isinstance(kept, dict) else {}

    def _write(self, kept: Mapping[str, Any]) -> None:
        self._claim()
        self._set(self.key, dict(kept))
        # A later try claims the task before it reads this note, so one of the two tries sees the other.
        self._check_newest()

    def _claim(self) -> None:
        self._check_newest()
        if self._try > 1 and not self._claimed:
            self._set(self.claim_key, self._try)
            self._claimed = self._try

    def _check_newest(self) -> None:
        if self._store is None:
            return
        told = self._store.get(self.claim_key)
        latest = told if isinstance(told, int) else 0
        if latest > self._try:
            raise SupersededError(f"Try {latest} of this task has taken over, so try {self._try} stops.")
        if latest < self._claimed:
            raise SupersededError(f"Try {latest} of this task is still at work: try {self._try} starts nothing.")

    def _set(self, key: str, value: Any) -> None:
        if self._store is None:
            return
        try:
            self._store.set(key, value)
        except Exception as error:
            # Airflow gives a task instance another id with each try that it begins.
            if _status(error) != _NOT_FOUND:
                raise
            raise SupersededError(f"Airflow has replaced try {self._try} of this task, so this try stops.") from None


_NOT_FOUND = 404


def _status(error: Exception) -> int | None:
    """Return the API server's HTTP status."""
    detail = getattr(getattr(error, "error", None), "detail", None) or {}
    answer = getattr(error, "response", None)
    return detail.get("status_code") if answer is None else getattr(answer, "status_code", None)
