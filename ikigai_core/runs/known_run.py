"""What a run knows of itself: nothing here sends a request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from ikigai_core.records import html_table
from ikigai_core.run_records import RunLog
from ikigai_core.runs.keeping import Keep
from ikigai_core.runs.state import RunState
from ikigai_core.web_urls import WebPages


class KnownRun:
    """A run as far as it is known without asking the platform.

    Parameters
    ----------
    state : RunState
    client : Ikigai or AsyncIkigai
    keep : callable, optional
        Called with the run when its end was seen.
    is_picked_up : bool, default False
        True if an earlier attempt started the run.
    removes_copy : bool, default False
        True if the private copy is deleted after the end was seen and stored.
    """

    def __init__(
        self,
        state: RunState,
        client: Any,
        keep: Keep | None = None,
        *,
        is_picked_up: bool = False,
        removes_copy: bool = False,
    ) -> None:
        self._state = state
        self._client = client
        self._keep = keep
        self._is_picked_up = is_picked_up
        self._removes_copy = removes_copy
        self._is_end_kept = state.is_over

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], client: Any) -> Self:
        """Restore a run from the output of `to_dict`, in this or another process; see ``ikigai.flow_run``.

        The run is only followed: its private copy, if it has one, stays until `remove_copy`.
        """
        return cls(RunState.from_dict(data), client)

    def to_dict(self) -> dict[str, Any]:
        """A small dict that can be stored as JSON. With it, any process can follow the run."""
        return self._state.to_dict()

    @property
    def app_id(self) -> str:
        """Id of the flow's app."""
        return self._state.app_id

    @property
    def flow_id(self) -> str:
        """Id of the flow."""
        return self._state.flow_id

    @property
    def flow_name(self) -> str:
        """Name of the flow when it was started."""
        return self._state.flow_name

    @property
    def baseline(self) -> str | None:
        """The newest log id before the start."""
        return self._state.baseline

    @property
    def variables(self) -> Mapping[str, Any]:
        """The run variables that it was started with. They are not known for a run that was attached to."""
        return self._state.variables

    @property
    def phase(self) -> str:
        """The run's phase: ``started``, ``unknown``, ``ended`` or ``taken``; before, ``prepared`` or ``copied``."""
        return self._state.phase

    @property
    def attached(self) -> bool:
        """True if somebody else started the run and it was attached to. Its variables are not known."""
        return self._state.attached

    @property
    def picked_up(self) -> bool:
        """True if an earlier attempt started the run, and this one follows it."""
        return self._is_picked_up

    @property
    def copy_id(self) -> str | None:
        """Id of the run's private copy of the flow; None for a run of the flow itself."""
        return self._state.copy_id

    @property
    def copy_name(self) -> str:
        """Name of the run's private copy of the flow; empty for a run of the flow itself."""
        return self._state.copy_name

    @property
    def run_log(self) -> RunLog | None:
        """The run's log, after its end was seen. Sends nothing; `log` requests it."""
        return self._state.run_log

    @property
    def baseline_at(self) -> datetime | None:
        """A time before the start, by the platform's clock. Data that the run wrote are newer.

        The time of the flow's newest log entry before the start, or the creation time of the private copy; None if
        unknown.
        """
        return datetime.fromisoformat(self._state.baseline_at) if self._state.baseline_at else None

    @property
    def web_url(self) -> str | None:
        """Address of the run's page for people, or of the flow's page until the run's log is known. Sends nothing.

        None if the platform's pages are not known. After the end of a private copy, it is the page of the original
        flow.
        """
        pages: WebPages = self._client.pages
        if self._state.is_private and self._state.is_over:
            return pages.page(self.app_id, "flows", self.flow_id, "")
        return pages.page(self.app_id, "flows", self._state.running_flow_id, self.log_id or "")

    @property
    def log_id(self) -> str | None:
        """Id of the run's log; None until its end was seen."""
        return self._state.log_id

    @property
    def doubt(self) -> str:
        """Why the log may belong to another run, in a sentence; empty if it cannot.

        If the outcome of a run cannot be proven, `RunAmbiguousError` is raised, unless a guess was allowed
        (``on_doubt="accept"``).
        """
        return self._state.doubt

    def _repr_html_(self) -> str:
        """The table that notebooks show. Sends nothing."""
        status = self.run_log.status.value if self.run_log else self.phase
        variables = ", ".join(f"{name}={value!r}" for name, value in self.variables.items())
        table = {"flow_name": self.flow_name, "status": status, "variables": variables, "doubt": self.doubt}
        return html_table(table.items(), type(self).__name__)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(flow_name={self.flow_name!r}, flow_id={self.flow_id!r}, baseline={self.baseline!r})"
        )
