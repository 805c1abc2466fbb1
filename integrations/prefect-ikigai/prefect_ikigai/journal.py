"""What a Prefect run notes of the run on the platform that it follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect_ikigai.artifacts import show_markdown, show_table
from prefect_ikigai.errors import reaching_prefect
from prefect_ikigai.events import RunEvents
from prefect_ikigai.logs import current_logger
from prefect_ikigai.naming import artifact_key
from prefect_ikigai.owner import Owner
from prefect_ikigai.progress import ProgressReporter
from prefect_ikigai.run_record import FoundRuns, KeptRun, RunRecord

if TYPE_CHECKING:
    from ikigai_core import FlowStatusReport, RunLog


class RunJournal:
    """Keeps a run for another try to find, and tells how it goes, on behalf of the current task run or flow run.

    Its methods block, for a request to Prefect's server or a few. Outside of Prefect's runs nothing is kept, and
    progress goes to the logs alone.

    Parameters
    ----------
    app, flow : str
        Names.
    flow_id : str
        The platform's id of the flow.
    credentials_id : UUID, optional
        Of the saved block with which the platform is asked.
    """

    def __init__(self, app: str, flow: str, flow_id: str, credentials_id: UUID | None = None) -> None:
        self._app = app
        self._flow = flow
        self._owner = Owner.current()
        self._logger = current_logger()
        self._record = RunRecord(self._owner, app, flow_id, credentials_id) if self._owner else None
        self._progress = ProgressReporter(self._logger, self._owner, app, flow)
        self._events: RunEvents | None = None

    def find(self, variables: Mapping[str, Any]) -> FoundRuns:
        """The runs with these variables that may be picked up."""
        if self._record is None:
            return FoundRuns()
        with reaching_prefect(f"Flow {self._flow!r} was not started"):
            found = self._record.find(variables)
        if found.earlier is not None:
            self._logger.info("Flow %r: an earlier try began a run, which is picked up", self._flow)
        return found

    def take_over(self, left: KeptRun) -> dict[str, Any]:
        """Keep as its own the run that another flow run left."""
        self._logger.info("Flow %r: flow run %s left a run behind, which is picked up", self._flow, left.flow_run_id)
        self.keep(left.run)
        self._tolerantly("The record that was left could not be deleted", left.discard)
        return left.run

    def forget(self, left: KeptRun) -> None:
        """Delete the record of a run that another flow run left, and that is over."""
        self._tolerantly("The record of a run that is over could not be deleted", left.discard)

    def keep(self, run: Mapping[str, Any]) -> None:
        """Keep a run, before its start and once it has started."""
        if self._record is None:
            return
        record = self._record
        if run["phase"] == "prepared":
            # A run that cannot be kept must not start. Once it has, it is followed all the same: what was kept before
            # suffices to find it.
            with reaching_prefect(f"Flow {self._flow!r} was not started"):
                record.keep(run)
        else:
            self._tolerantly("That the run has started could not be kept", lambda: record.keep(run))

    def started(self, run: Mapping[str, Any], web_url: str | None) -> None:
        """Tell that the run was started, or picked up."""
        self._begin_events(run)
        if self._events is not None:
            self._events.started(web_url)
        self._logger.info("Flow %r %s%s", self._flow, _verb(run), f": {web_url}" if web_url else "")
        if web_url is not None:
            key = artifact_key(self._app, self._flow, "link")
            text = f"[Flow {self._flow} of app {self._app}]({web_url})"
            show_markdown(self._owner, key, text, f"Flow **{self._flow}** on the Ikigai platform")

    def resume(self, run: Mapping[str, Any]) -> None:
        """Take over the record of a run that another task started."""
        self._begin_events(run)
        if self._record is not None:
            record = self._record
            self._tolerantly("The record of the run was not found", lambda: record.resume(run))

    def update(self, report: FlowStatusReport) -> None:
        """Tell of a change of status or progress."""
        self._progress.update(report)

    def doubt(self, why: str) -> None:
        """Tell that the run's log may be another run's."""
        self._logger.warning("Flow %r: the run log may be another run's. %s", self._flow, why)

    def discard(self) -> None:
        """Forget the run: its end has been seen, or it never started."""
        if self._record is not None:
            self._tolerantly("The record of the run could not be deleted", self._record.discard)

    def end(self, log: RunLog, message: str = "") -> None:
        """Note the end of the run; the message says more of a failure than the log."""
        self._progress.finish(log)
        if self._events is not None:
            self._events.ended(log, message)
        key = artifact_key(self._app, self._flow, "log")
        show_table(self._owner, key, [log_row(log)], f"Run log of flow **{self._flow}** of app **{self._app}**")
        self.discard()

    def _begin_events(self, run: Mapping[str, Any]) -> None:
        # Outside of Prefect's runs there may be no server to tell.
        self._events = RunEvents(self._app, run) if self._owner else None

    def _tolerantly(self, complaint: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            self._logger.warning("Flow %r: %s: %s", self._flow, complaint, error)


def log_row(log: RunLog) -> dict[str, str]:
    """A run log as a row of a table."""
    return {
        "Run log": log.log_id,
        "Status": log.status.value,
        "Ended": log.timestamp.isoformat(timespec="seconds"),
        "User": log.user,
        "Facet": log.erroneous_facet_id or "",
        "Message": log.data,
    }


def _verb(run: Mapping[str, Any]) -> str:
    return "is running already and is followed" if run["attached"] else "was started"
