"""Where a run of the platform is kept, so that another try follows that run instead of starting a second one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    ArtifactFilterType,
)
from prefect.client.schemas.objects import Artifact, StateType
from prefect.exceptions import ObjectNotFound

from prefect_ikigai.artifacts import create_artifact, find_artifacts, update_artifact
from prefect_ikigai.owner import Owner
from prefect_ikigai.prefect_client import prefect_client

RECORD_TYPE = "ikigai-run"
"""The type of the artifacts that records are."""

LEFT_IN = frozenset({StateType.CANCELLED, StateType.CANCELLING, StateType.CRASHED, StateType.FAILED})
"""How flow runs end that may have left a run on the platform without wanting to."""


@dataclass(frozen=True)
class KeptRun:
    """A run as a record has it.

    Attributes
    ----------
    artifact_id : UUID
        The record.
    run : dict
        As `ikigai_core.FlowRun.to_dict` gives it.
    app : str
        Name of the app.
    credentials_id : UUID or None
        Of the saved block with which the run was started; None where it was not a saved one.
    flow_run_id : UUID or None
        Prefect's flow run that kept it.
    task_run_id : UUID or None
        Its task run, if any.
    attempt : int
        Which try of the flow run.
    """

    artifact_id: UUID
    run: dict[str, Any]
    app: str
    credentials_id: UUID | None
    flow_run_id: UUID | None
    task_run_id: UUID | None
    attempt: int

    @classmethod
    def read(cls, artifact: Artifact) -> Self:
        """Read what `RunRecord.keep` wrote."""
        data: dict[str, Any] = artifact.data or {}
        credentials_id = data["credentials_id"]
        return cls(
            artifact_id=artifact.id,
            run=data["run"],
            app=data["app"],
            credentials_id=UUID(credentials_id) if credentials_id else None,
            flow_run_id=artifact.flow_run_id,
            task_run_id=artifact.task_run_id,
            attempt=data["attempt"],
        )

    @property
    def flow(self) -> str:
        """Name of the platform's flow."""
        return str(self.run["flow_name"])

    def has(self, variables: Mapping[str, Any]) -> bool:
        """Whether the run was started with these run variables."""
        return _as_json(self.run["variables"]) == _as_json(variables)

    def discard(self) -> None:
        """Delete the record."""
        with prefect_client() as client, suppress(ObjectNotFound):
            client.delete_artifact(self.artifact_id)


@dataclass(frozen=True)
class FoundRuns:
    """Runs that may be picked up.

    Attributes
    ----------
    earlier : KeptRun or None
        What an earlier try of this flow run or task run kept.
    left_behind : list of KeptRun
        What other flow runs kept, which were cancelled, crashed or failed, or no longer exist.
    """

    earlier: KeptRun | None = None
    left_behind: list[KeptRun] = field(default_factory=list)


def runs_kept_by(flow_run_id: UUID) -> list[KeptRun]:
    """The runs whose end a flow run of Prefect has not seen."""
    wanted = ArtifactFilter(
        flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_id]), type=ArtifactFilterType(any_=[RECORD_TYPE])
    )
    return [KeptRun.read(artifact) for artifact in find_artifacts(wanted)]


class RunRecord:
    """The record of a run, from before its start until its end has been seen.

    A retry of a task finds what the same task run kept. Where the whole flow run is tried again, after a crash too, its
    task runs are new ones: they find what an earlier try of the same flow run kept for the same flow and variables. And
    a later flow run finds what one that was cancelled, crashed or failed has left behind. The record is deleted when
    the run's end has been seen, so that a later try starts a new run.

    Parameters
    ----------
    owner : Owner
        The Prefect run that starts the run, or takes it over.
    app : str
        Name of the app.
    flow_id : str
        The platform's id of the flow.
    credentials_id : UUID, optional
        Of the saved block with which the run is started.

    Notes
    -----
    It is an artifact because artifacts lie with Prefect's server, where another try finds them after a crash and from
    another machine, where files, task results (local by default) and memory are out of reach. Unlike a Prefect variable
    it belongs to its flow run, has no length limit that a run's variables could exceed, and is no setting that users
    would stumble upon.
    """

    def __init__(self, owner: Owner, app: str, flow_id: str, credentials_id: UUID | None = None) -> None:
        self._owner = owner
        self._app = app
        self._key = f"ikigai-run-{hashlib.sha256(flow_id.encode()).hexdigest()[:32]}"
        self._credentials_id = credentials_id
        self._artifact_id: UUID | None = None

    def find(self, variables: Mapping[str, Any]) -> FoundRuns:
        """The runs with these variables that may be picked up."""
        found = FoundRuns()
        for kept in self._all():
            if not kept.has(variables):
                continue
            if self._is_earlier_try(kept):
                self._artifact_id = kept.artifact_id
                return FoundRuns(earlier=kept)
            if self._is_anothers(kept) and _has_left(kept):
                found.left_behind.append(kept)
        return found

    def keep(self, run: Mapping[str, Any]) -> None:
        """Keep a run, as `ikigai_core.FlowRun.to_dict` gives it, in place of what was kept before."""
        data = {
            "run": dict(run),
            "app": self._app,
            "credentials_id": str(self._credentials_id) if self._credentials_id else None,
            "attempt": self._owner.attempt,
        }
        if self._artifact_id is None:
            description = f"A run of flow {run['flow_name']!r} on the Ikigai platform whose end has not been seen yet."
            self._artifact_id = create_artifact(self._owner, RECORD_TYPE, self._key, data, description)
        else:
            update_artifact(self._artifact_id, data)

    def resume(self, run: Mapping[str, Any]) -> None:
        """Take over the record of a run that somebody started, if there is one."""
        for kept in self._all():
            if kept.run["baseline"] == run["baseline"]:
                self._artifact_id = kept.artifact_id
                return

    def discard(self) -> None:
        """Forget the run: its end has been seen, or it never started."""
        if self._artifact_id is None:
            return
        with prefect_client() as client, suppress(ObjectNotFound):
            client.delete_artifact(self._artifact_id)
        self._artifact_id = None

    def _all(self) -> list[KeptRun]:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[self._key]))
        return [KeptRun.read(artifact) for artifact in find_artifacts(wanted)]

    def _is_earlier_try(self, kept: KeptRun) -> bool:
        owner = self._owner
        if kept.task_run_id is not None and kept.task_run_id == owner.task_run_id:
            return True
        # What another task run of this same try has kept is that task's own run, and goes on.
        is_same_flow_run = kept.flow_run_id is not None and kept.flow_run_id == owner.flow_run_id
        return is_same_flow_run and kept.attempt < owner.attempt

    def _is_anothers(self, kept: KeptRun) -> bool:
        return kept.flow_run_id is not None and kept.flow_run_id != self._owner.flow_run_id


def _has_left(kept: KeptRun) -> bool:
    assert kept.flow_run_id is not None
    with prefect_client() as client:
        try:
            state = client.read_flow_run(kept.flow_run_id).state
        except ObjectNotFound:
            return True
    return state is not None and state.type in LEFT_IN


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
