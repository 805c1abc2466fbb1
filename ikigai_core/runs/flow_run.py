"""The run objects that users work with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from ikigai_core.api import flows
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.enums import FlowStatus
from ikigai_core.errors import IkigaiError, PlatformAwayError, RunFailedError
from ikigai_core.procedure import Procedure, send
from ikigai_core.records import html_table
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs import copies
from ikigai_core.runs.follow import follow, log_of
from ikigai_core.runs.following import Following
from ikigai_core.runs.keeping import Keep, keep_note
from ikigai_core.runs.outages import OUTAGE
from ikigai_core.runs.reports import OnUpdate
from ikigai_core.runs.state import RunState
from ikigai_core.runs.status import report_of
from ikigai_core.sync_async import AsyncFace, SyncFace, operation
from ikigai_core.web_urls import WebPages


class _FlowRunText:
    """Operations of a run.

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

    @operation
    def status(self) -> Procedure[FlowStatusReport]:
        """Fetch the flow's current state."""
        return (yield from report_of(self._state))

    @operation
    def log(self) -> Procedure[RunLog | None]:
        """The run's log, also if the run failed; None while the run has not ended.

        Raises
        ------
        RunLostError
            The flow's log no longer shows which entry belongs to the run.
        """
        found = yield from log_of(self._state)
        if found is None:
            return None
        self._state = found.run
        yield from self._check_fence()
        return found.log

    @operation
    def wait(
        self,
        timeout: float | None = None,
        poll: float | None = None,
        on_update: OnUpdate | None = None,
        *,
        outage: float = OUTAGE,
    ) -> Procedure[RunLog]:
        """Wait for the end, and return the run's log, also if the run failed.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without a limit. A request that has been sent by then is not interrupted.
        poll : float, optional
            Seconds between requests. By default, the interval is short at first, and then 5 % of the run's age, at most
            30 s. A 10-minute run takes fewer than 120 requests.
        on_update : callable, optional
            Called with a `FlowStatusReport` after each change of status or progress (progress never decreases), and
            finally with status ``IDLE``. The async class awaits an awaitable result; a plain function runs in a thread.
        outage : float, default 300
            Seconds for which the platform may be unavailable without ending the wait.

        Raises
        ------
        RunTimeoutError
            The run is still running: the platform offers no way to stop it.
        PlatformAwayError
            The platform was unavailable for longer than `outage`. The run may be still running, or over.
        RunLostError
            The flow is idle, but no log of the run appeared.
        RunAmbiguousError
            Several entries of the flow's log may belong to the run, and they have different outcomes.
        """
        log = yield from self._followed(Following(timeout, poll, on_update, outage))
        yield from self._closed()
        return log

    @operation
    def result(
        self,
        timeout: float | None = None,
        poll: float | None = None,
        on_update: OnUpdate | None = None,
        *,
        outage: float = OUTAGE,
    ) -> Procedure[RunLog]:
        """Wait for the end, and return the log of a successful run. Parameters and errors as for `wait`.

        Raises
        ------
        RunFailedError
            The run failed. Contains the name of the failed facet, the platform's message and the log.
        """
        log = yield from self._followed(Following(timeout, poll, on_update, outage))
        if log.status is not FlowStatus.SUCCESS:
            name = yield from self._facet_name(log.erroneous_facet_id)
            yield from self._closed()
            raise RunFailedError(self.flow_name, log, name, self.doubt)
        yield from self._closed()
        return log

    @operation
    def remove_copy(self) -> Procedure[None]:
        """Delete the run's private copy of the flow, if it has one. First store the run's result.

        Never raises: a copy that could not be deleted is swept later.
        """
        if self._state.is_private:
            yield from copies.close(self._state)

    def _followed(self, how: Following) -> Procedure[RunLog]:
        ended = yield from follow(self._state, how)
        self._state = ended.run
        yield from self._check_fence()
        if not self._is_end_kept:
            self._is_end_kept = yield from keep_note(self._keep, self._state, strictly=False)
        return ended.log

    def _check_fence(self) -> Procedure[None]:
        if self._state.phase == "fenced":
            yield from keep_note(self._keep, self._state, strictly=False)
            raise PlatformAwayError(
                f"The start of the private copy {self.copy_name!r} arrived only after it was given up, so that nothing "
                f"of flow {self.flow_name!r} ran. Try again."
            )

    def _closed(self) -> Procedure[None]:
        """Delete the private copy, after the run's end is stored."""
        if self._removes_copy and self._is_end_kept and self._state.is_private and not self._state.keep_copy:
            yield from copies.close(self._state)

    def _facet_name(self, facet_id: str | None) -> Procedure[str]:
        if facet_id is None:
            return ""
        try:
            record = yield from send(flows.fetch(self._state.running_flow_id))
            return FlowDefinition.load(record["definition"]).facet_name(facet_id)
        except (IkigaiError, KeyError, ValueError):
            # The name is optional. The failure of the run must be reported in any case.
            return facet_id


class FlowRun(SyncFace, _FlowRunText):
    """A run of a flow: ``run.wait()``, ``run.result()``, ``run.to_dict()``."""


class AsyncFlowRun(AsyncFace, _FlowRunText):
    """A run of a flow: ``await run.wait()``, ``await run.result()``, ``run.to_dict()``."""
