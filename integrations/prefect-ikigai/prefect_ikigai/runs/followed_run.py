"""The run on the platform that a Prefect run follows: its note, and what Prefect is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
from prefect.exceptions import PrefectHTTPStatusError

from ikigai_core.orchestration import ProgressLog
from prefect_ikigai.api.artifacts import show_markdown, show_table
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.failures import reaching_prefect
from prefect_ikigai.naming import artifact_key
from prefect_ikigai.notes.note import Note
from prefect_ikigai.run_report import log_of, table_row
from prefect_ikigai.run_store import PrefectRunStore
from prefect_ikigai.runs.events import RunEvents
from prefect_ikigai.runs.progress_artifact import ProgressArtifact

if TYPE_CHECKING:
    from ikigai_core import FlowStatusReport
    from ikigai_core.orchestration import RunReport


class FollowedRun:
    """Keeps a run for another try to find, and tells how it goes, on behalf of the current task run or flow run.

    Its methods block, for a request to Prefect's server or a few. Outside of Prefect's runs nothing is kept, and
    progress goes to the logs alone.

    Parameters
    ----------
    app, flow : str
        Names.
    flow_id : str
        The platform's id of the flow.
    variables : mapping
        The run variables that are asked for.
    credentials_id : UUID, optional
        Of the saved block with which the platform is asked.

    Attributes
    ----------
    app : str
    """

    def __init__(
        self, app: str, flow: str, flow_id: str, variables: Mapping[str, Any], credentials_id: UUID | None = None
    ) -> None:
        self.app = app
        self._flow = flow
        self._owner = Owner.current()
        self._logger = current_logger()
        self._store = (
            None if self._owner is None else PrefectRunStore(self._owner, app, flow_id, variables, credentials_id)
        )
        self._progress_log = ProgressLog(self._logger, flow)
        self._progress_artifact = ProgressArtifact(self._owner, app, flow)
        self._events: RunEvents | None = None

    @property
    def note_id(self) -> UUID | None:
        """Where the run is noted; None if it is not."""
        return None if self._store is None else self._store.artifact_id

    def find(self) -> dict[str, Any] | None:
        """The run that an earlier try noted, and that did not fail."""
        if self._store is None:
            return None
        with reaching_prefect(f"Flow {self._flow!r} was not started"):
            found = self._store.find()
        if found is not None and found["phase"] not in ("refused", "fenced"):
            over = ", and is over" if found["phase"] in ("ended", "taken") else ""
            self._logger.info("Flow %r: an earlier try began a run, which is picked up%s", self._flow, over)
        return found

    def left_runs(self) -> list[Note]:
        """The runs with these variables that other flow runs have left."""
        if self._store is None:
            return []
        with reaching_prefect(f"Flow {self._flow!r} was not started"):
            return self._store.left_runs()

    def take_over(self, left: Note) -> dict[str, Any] | None:
        """Make the run that another flow run left this one's; None if somebody else was quicker."""
        assert self._store is not None
        with reaching_prefect(f"Flow {self._flow!r} was not started"):
            run = self._store.adopt(left)
        if run is not None:
            told = "Flow %r: flow run %s left a run behind, which is picked up"
            self._logger.info(told, self._flow, left.attempt.flow_run_id)
        return run

    def keep(self, run: dict[str, Any]) -> None:
        """Keep a run, before each step that cannot be taken back, and after it."""
        if self._store is not None:
            # A run that cannot be kept must not start: then this raises. The client bears it later on.
            is_before = run["phase"] in ("prepared", "copied", "fenced")
            with reaching_prefect(f"Flow {self._flow!r} was not started" if is_before else "It is not noted"):
                self._store.note(run)

    def resume(self, run: Mapping[str, Any], note_id: UUID | None) -> dict[str, Any]:
        """Go on with the note of a run that another task started, and return the run as it was noted last."""
        if self._store is None:
            return dict(run)
        with reaching_prefect(f"The run of flow {self._flow!r} is not followed"):
            noted = self._store.resume(note_id)
        if noted is None:
            self._store = None
            return dict(run)
        return noted

    def started(self, run: Mapping[str, Any], web_url: str | None) -> None:
        """Tell that the run was started, or picked up."""
        self._begin_events(run)
        if run["phase"] in ("ended", "taken"):
            return
        if self._events is not None:
            self._events.started(web_url)
        self._logger.info("Flow %r %s%s", self._flow, _verb(run), f": {web_url}" if web_url else "")
        if web_url is not None:
            key = artifact_key(self.app, self._flow, "link")
            text = f"[Flow {self._flow} of app {self.app}]({web_url})"
            show_markdown(self._owner, key, text, f"Flow **{self._flow}** on the Ikigai platform")

    def resumed(self, run: Mapping[str, Any]) -> None:
        """Tell nothing yet of a run that another task started."""
        self._begin_events(run)

    def update(self, report: FlowStatusReport) -> None:
        """Tell of a change of status or progress."""
        self._progress_log(report)
        if not report.is_idle:
            self._progress_artifact.move(report.status, report.progress)

    def discard(self) -> None:
        """Forget the run: it never started."""
        if self._store is not None:
            self._store.forget()

    def end(self, report: RunReport) -> None:
        """Tell of the end of the run."""
        log = log_of(report)
        self._progress_log.ended(log)
        self._progress_artifact.move(log.status, 100 if report.is_success else None)
        if report.doubt:
            self._logger.warning("Flow %r: the run log may be another run's. %s", self._flow, report.doubt)
        if self._events is not None and (report.run or {}).get("phase") != "taken":
            self._events.ended(report)
        key = artifact_key(self.app, self._flow, "log")
        shown = f"Run log of flow **{self._flow}** of app **{self.app}**"
        show_table(self._owner, key, [table_row(report)], shown)

    def take(self, run: Mapping[str, Any]) -> bool:
        """Note that this try takes the run's result; whether that is kept.

        Raises
        ------
        ikigai_core.orchestration.SupersededError
            A later try has taken over.
        """
        if self._store is None:
            return False
        try:
            self._store.take(dict(run))
        except (httpx.HTTPError, PrefectHTTPStatusError) as error:
            # What was kept before suffices for a later try.
            self._logger.warning("Flow %r: that the result was taken could not be kept: %s", self._flow, error)
            return False
        return True

    def _begin_events(self, run: Mapping[str, Any]) -> None:
        # Outside of Prefect's runs there may be no server to tell.
        self._events = RunEvents(self.app, run) if self._owner else None


def _verb(run: Mapping[str, Any]) -> str:
    return "is running already and is followed" if run["attached"] else "was started"
