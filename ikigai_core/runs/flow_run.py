"""The run objects that users work with."""

from __future__ import annotations

from ikigai_core.api import flows
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.enums import FlowStatus
from ikigai_core.errors import IkigaiError, PlatformAwayError, RunFailedError
from ikigai_core.procedure import Procedure, send
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs import copies
from ikigai_core.runs.follow import follow, log_of
from ikigai_core.runs.following import Following
from ikigai_core.runs.keeping import keep_note
from ikigai_core.runs.known_run import KnownRun
from ikigai_core.runs.outages import OUTAGE
from ikigai_core.runs.reports import OnUpdate
from ikigai_core.runs.status import report_of
from ikigai_core.sync_async import AsyncFace, SyncFace, operation


class _FlowRunProcedures(KnownRun):
    """Operations of a run."""

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
                f"The start of the private copy {self.copy_name!r} arrived after it was given up, so "
                f"flow {self.flow_name!r} did not run. Try again."
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


class FlowRun(SyncFace, _FlowRunProcedures):
    """A run of a flow: ``run.wait()``, ``run.result()``, ``run.to_dict()``."""


class AsyncFlowRun(AsyncFace, _FlowRunProcedures):
    """A run of a flow: ``await run.wait()``, ``await run.result()``, ``run.to_dict()``."""
