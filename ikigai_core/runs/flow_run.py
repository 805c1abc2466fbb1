"""A run that a user holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from ikigai_core.api import flows
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.enums import FlowStatus
from ikigai_core.errors import IkigaiError, RunFailed
from ikigai_core.faces import AsyncFace, SyncFace, operation
from ikigai_core.procedure import Procedure, ask
from ikigai_core.runs.follow import Following, follow, log_of, report_of
from ikigai_core.runs.patience import OUTAGE
from ikigai_core.runs.records import FlowStatusReport, RunLog
from ikigai_core.runs.reports import OnUpdate
from ikigai_core.runs.state import RunState
from ikigai_core.web import WebPages


class _FlowRunText:
    def __init__(self, state: RunState, client: Any) -> None:
        self._state = state
        self._client = client

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], client: Any) -> Self:
        """The run that `to_dict` described, in this or another process; see ``ikigai.flow_run``."""
        return cls(RunState.from_dict(data), client)

    def to_dict(self) -> dict[str, Any]:
        """A small dict that JSON takes; whoever holds it can follow the run."""
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
        """The run variables that it was started with; those of a run that was attached to are not known."""
        return self._state.variables

    @property
    def phase(self) -> str:
        """``prepared`` or ``started``."""
        return self._state.phase

    @property
    def attached(self) -> bool:
        """Whether the run was found going rather than started by this call."""
        return self._state.attached

    @property
    def web_url(self) -> str | None:
        """The run's page for people, once its log is known; before, the flow's. Sends nothing.

        None where the platform's pages are not known.
        """
        pages: WebPages = self._client.pages
        return pages.page(self.app_id, "flows", self.flow_id, self.log_id or "")

    @property
    def log_id(self) -> str | None:
        """Id of the run's log; None until its end was seen."""
        return self._state.log_id

    @property
    def doubt(self) -> str:
        """Why the log may be another run's, in a sentence; empty where it cannot.

        The platform gives a run no id. Its log is told by what the flow's log held before the start, and by the user;
        where two runs of one user overlapped, that may not suffice.
        """
        return self._state.doubt

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(flow_name={self.flow_name!r}, flow_id={self.flow_id!r}, baseline={self.baseline!r})"
        )

    @operation
    def status(self) -> Procedure[FlowStatusReport]:
        """The flow's state, now."""
        return (yield from report_of(self._state))

    @operation
    def log(self) -> Procedure[RunLog | None]:
        """The run's log, also that of a failed run; None while there is none, for the run goes on.

        Raises
        ------
        RunLost
            The flow's log no longer tells which of its entries is the run's.
        """
        found = yield from log_of(self._state)
        if found is None:
            return None
        self._state = found.run
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
        """Wait for the end and return the run's log, also that of a failed run.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for as long as it takes. A request that is under way then is not cut short.
        poll : float, optional
            Seconds between looks. By default they are frequent at first and then 5 % of the run's age apart, at most
            30 s; a 10-minute run takes fewer than 120 requests.
        on_update : callable, optional
            Told a `FlowStatusReport` at each change of status or progress, which never goes backwards, and at last one
            that reads ``IDLE``. On the async face a coroutine function is awaited; anything else runs in a thread.
        outage : float, default 300
            Seconds for which the platform may be away without ending the wait.

        Raises
        ------
        RunTimeout
            The run goes on: the platform offers no way to stop it.
        PlatformAway
            The platform was away for longer than `outage`. The run may go on, or be over.
        RunLost
            The flow is idle, and no log of the run appeared.
        RunAmbiguous
            Several entries of the flow's log may be the run's own, and they differ in how it ended.
        """
        return (yield from self._followed(Following(timeout, poll, on_update, outage)))

    @operation
    def result(
        self,
        timeout: float | None = None,
        poll: float | None = None,
        on_update: OnUpdate | None = None,
        *,
        outage: float = OUTAGE,
    ) -> Procedure[RunLog]:
        """Wait for the end, and return the log of a run that succeeded; parameters and errors as for `wait`.

        Raises
        ------
        RunFailed
            With the name of the facet that failed, the platform's message and the log.
        """
        log = yield from self._followed(Following(timeout, poll, on_update, outage))
        if log.status is not FlowStatus.SUCCESS:
            name = yield from self._facet_name(log.erroneous_facet_id)
            raise RunFailed(self.flow_name, log, name, self.doubt)
        return log

    def _followed(self, how: Following) -> Procedure[RunLog]:
        ended = yield from follow(self._state, how)
        self._state = ended.run
        return ended.log

    def _facet_name(self, facet_id: str | None) -> Procedure[str]:
        if facet_id is None:
            return ""
        try:
            record = yield from ask(flows.fetch(self.flow_id))
            return FlowDefinition.load(record["definition"]).facet_name(facet_id)
        except (IkigaiError, KeyError, ValueError):
            # The name is a courtesy; that the run failed must be told in any case.
            return facet_id


class FlowRun(SyncFace, _FlowRunText):
    """A run of a flow: ``run.wait()``, ``run.result()``, ``run.to_dict()``."""


class AsyncFlowRun(AsyncFace, _FlowRunText):
    """A run of a flow: ``await run.wait()``, ``await run.result()``, ``run.to_dict()``."""
