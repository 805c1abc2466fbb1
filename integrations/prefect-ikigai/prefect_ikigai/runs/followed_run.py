"""The run on the platform that a Prefect run follows: its note, logs, artifacts and events."""

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
    """Saves a run for later attempts and reports its progress, for the current task run or flow run.

    Its methods block for one or a few requests to Prefect's server. Outside of Prefect's runs nothing is saved, and
    progress goes only to the logs.

    Parameters
    ----------
    app, flow : str
        Names.
    flow_id : str
        The platform's id of the flow.
    variables : mapping
        The requested run variables.
    credentials_id : UUID, optional
        Id of the saved block for the requests to the platform.

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
        """Id of the artifact with the note; None if there is none."""
        return None if self._store is None else self._store.artifact_id

    @property
    def is_given_up(self) -> bool:
        """Whether an earlier attempt could not find out how the run ended."""
        return self._store is not None and self._store.is_given_up

    @property
    def variables(self) -> Mapping[str, Any]:
        """The run variables that were asked for; empty if they are not known."""
        return {} if self._store is None else self._store.variables

    def find(self) -> dict[str, Any] | None:
        """The run that an earlier attempt noted; None if there is none or it failed."""
        if self._store is None:
            return None
        with reaching_prefect(f"Flow {self._flow!r} was not started"):
            found = self._store.find()
        if found is not None and found["phase"] not in ("refused", "fenced"):
            over = ", which has ended" if found["phase"] in ("ended", "taken") else ""
            self._logger.info("Flow %r: continuing with the run of an earlier attempt%s", self._flow, over)
        return found

    def left_runs(self) -> list[Note]:
        """The runs with these variables that other flow runs have left."""
        if self._store is None:
            return []
        with reaching_prefect(f"Flow {self._flow!r} was not started"):
            return self._store.left_runs()

    def take_over(self, left: Note) -> dict[str, Any] | None:
        """Take over a run that another flow run left; None if another attempt was faster."""
        assert self._store is not None
        with reaching_prefect(f"Flow {self._flow!r} was not started"):
            run = self._store.adopt(left)
        if run is not None:
            told = "Flow %r: continuing with the run that flow run %s left"
            self._logger.info(told, self._flow, left.attempt.flow_run_id)
        return run

    def keep(self, run: dict[str, Any]) -> None:
        """Save the run, before and after each step that cannot be undone."""
        if self._store is not None:
            # A run that cannot be saved must not start, so this raises. After the start, the client continues.
            is_before = run["phase"] in ("prepared", "copied", "fenced")
            with reaching_prefect(f"Flow {self._flow!r} was not started" if is_before else "It is not noted"):
                self._store.note(run)

    def resume(self, run: Mapping[str, Any], note_id: UUID | None) -> dict[str, Any]:
        """Continue the note of a run that another task started, and return the run as it was last noted."""
        if self._store is None:
            return dict(run)
        with reaching_prefect(f"The run of flow {self._flow!r} is not followed"):
            noted = self._store.resume(note_id)
        if noted is None:
            self._store = None
            return dict(run)
        return noted

    def started(self, run: Mapping[str, Any], web_url: str | None) -> None:
        """Report that the run was started or continued."""
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
        """Prepare the events of a run that another task started. Reports nothing yet."""
        self._begin_events(run)

    def update(self, report: FlowStatusReport) -> None:
        """Report a change of status or progress."""
        self._progress_log(report)
        if not report.is_idle:
            self._progress_artifact.move(report.status, report.progress)

    def discard(self) -> None:
        """Delete the note of a run that never started."""
        if self._store is not None:
            self._store.forget()

    def give_up(self) -> None:
        """Note that the end of the run cannot be found out, and say what a user can do. A failure is only logged."""
        try:
            may_start = self._store is not None and self._store.give_up()
        except (httpx.HTTPError, PrefectHTTPStatusError) as error:
            self._logger.warning("Flow %r: that its run is given up could not be noted: %s", self._flow, error)
            return
        retry = "retry this flow run" if may_start else "start another flow run"
        told = "Flow %r: it is not known how its run ended. Look at the flow and what it wrote; to run it again, %s"
        self._logger.warning(told, self._flow, retry)

    def end(self, report: RunReport) -> None:
        """Report the end of the run."""
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
        """Note that this attempt takes the run's result. Return whether the note was saved.

        Raises
        ------
        ikigai_core.orchestration.SupersededError
            A later attempt has taken over.
        """
        if self._store is None:
            return False
        try:
            self._store.take(dict(run))
        except (httpx.HTTPError, PrefectHTTPStatusError) as error:
            # The previous note is sufficient for a later attempt.
            self._logger.warning("Flow %r: that the result was taken could not be kept: %s", self._flow, error)
            return False
        return True

    def _begin_events(self, run: Mapping[str, Any]) -> None:
        # Outside of Prefect's runs there may be no server for events.
        self._events = RunEvents(self.app, run) if self._owner else None


def _verb(run: Mapping[str, Any]) -> str:
    return "is running already and is followed" if run["attached"] else "was started"
