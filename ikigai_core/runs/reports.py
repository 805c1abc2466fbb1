"""Reports of a run's progress for callbacks: only changes, and never a decrease."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from ikigai_core.enums import FlowStatus
from ikigai_core.procedure import BlockingCall, Procedure
from ikigai_core.run_records import FlowStatusReport, RunLog

OnUpdate = Callable[[FlowStatusReport], Awaitable[None] | None]


class Reports:
    """Converts the states of a flow to the states of a run.

    An idle flow has either not begun the run, or has ended it without a log so far: neither is reported. If the
    platform starts over (scheduled again, a lower percentage), the status is reported and the progress stays.

    Parameters
    ----------
    on_update : callable, optional
    """

    def __init__(self, on_update: OnUpdate | None = None) -> None:
        self._on_update = on_update
        self._progress: int | None = None
        self._told: tuple[FlowStatus, int | None] | None = None

    def tell(self, report: FlowStatusReport) -> Procedure[None]:
        """Report a state, if it belongs to the run and is new."""
        if report.is_idle:
            return
        if report.progress is not None and report.status is not FlowStatus.SCHEDULED:
            self._progress = max(self._progress or 0, min(report.progress, 100))
        state = (report.status, self._progress)
        if state != self._told:
            self._told = state
            yield from self._send(report.model_copy(update={"progress": self._progress}))

    def end(self, log: RunLog) -> Procedure[None]:
        """Report that the run is over."""
        progress = 100 if log.status is FlowStatus.SUCCESS else self._progress
        yield from self._send(FlowStatusReport(status=FlowStatus.IDLE, progress=progress, message=log.data))

    def _send(self, report: FlowStatusReport) -> Procedure[None]:
        if self._on_update is not None:
            # The callback may block. It must not block the event loop of the async class.
            yield BlockingCall(partial(self._on_update, report))
