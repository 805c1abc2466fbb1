"""Where a task keeps the run that it started, so that another try follows that run instead of starting a second one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    ArtifactFilterTaskRunId,
)
from prefect.client.schemas.objects import Artifact
from prefect.exceptions import ObjectNotFound

if TYPE_CHECKING:
    from prefect.client.schemas.objects import TaskRun


class RunRecord:
    """The record of a run, from before its start until its end has been seen.

    A retry of a task finds what the same task run kept. Where the whole flow run is tried again, after a crash too, its
    task runs are new ones: they find what an earlier try of the same flow run kept for the same flow and variables. The
    record is deleted when the run's end has been seen, so that a later try starts a new run.

    Parameters
    ----------
    task_run : TaskRun
        The task run that starts the run, or takes it over.
    flow_id : str
        The platform's id of the flow.
    variables : mapping
        The run's variables.

    Notes
    -----
    It is an artifact because artifacts lie with Prefect's server, where another try finds them after a crash and from
    another machine, where files, task results (local by default) and memory are out of reach. Unlike a Prefect variable
    it belongs to its flow run, has no length limit that a run's variables could exceed, and is no setting that users
    would stumble upon.
    """

    def __init__(self, task_run: TaskRun, flow_id: str, variables: Mapping[str, Any]) -> None:
        self._task_run = task_run
        self._key = f"ikigai-run-{_digest(flow_id, dict(variables))}"
        self._artifact_id: UUID | None = None

    def previous(self) -> dict[str, Any] | None:
        """The run that an earlier try kept; None where there is none."""
        # Not `read_artifacts`: Prefect's sync client sends nulls for what is left out, which servers on FastAPI 0.151
        # and newer refuse.
        wanted = {"artifacts": self._filter().model_dump(mode="json", exclude_unset=True)}
        with get_client(sync_client=True) as client:
            found = client.request("POST", "/artifacts/filter", json=wanted).json()
        for artifact in Artifact.model_validate_list(found):
            kept: dict[str, Any] = artifact.data or {}
            if self._is_earlier_try(kept):
                self._artifact_id = artifact.id
                return dict(kept["run"])
        return None

    def keep(self, run: Mapping[str, Any]) -> None:
        """Keep a run, as `ikigai_core.FlowRun.to_dict` gives it, in place of what was kept before."""
        data = {"run": dict(run), "task_run_id": str(self._task_run.id), "attempt": self._attempt}
        with get_client(sync_client=True) as client:
            if self._artifact_id is None:
                artifact = ArtifactCreate(
                    type="ikigai-run",
                    key=self._key,
                    description="A run on the Ikigai platform whose end has not been seen yet.",
                    data=data,
                    flow_run_id=self._task_run.flow_run_id,
                    task_run_id=self._task_run.id,
                )
                self._artifact_id = client.create_artifact(artifact).id
            else:
                client.update_artifact(self._artifact_id, ArtifactUpdate(data=data))

    def discard(self) -> None:
        """Forget the run: its end has been seen, or it never started."""
        if self._artifact_id is None:
            return
        with get_client(sync_client=True) as client, suppress(ObjectNotFound):
            client.delete_artifact(self._artifact_id)
        self._artifact_id = None

    @property
    def _attempt(self) -> int:
        """How many times the flow run has been tried by now."""
        return self._task_run.flow_run_run_count

    def _filter(self) -> ArtifactFilter:
        key = ArtifactFilterKey(any_=[self._key])
        flow_run_id = self._task_run.flow_run_id
        if flow_run_id is None:
            return ArtifactFilter(key=key, task_run_id=ArtifactFilterTaskRunId(any_=[self._task_run.id]))
        return ArtifactFilter(key=key, flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run_id]))

    def _is_earlier_try(self, kept: Mapping[str, Any]) -> bool:
        # What another task run of this same try has kept is that task's own run, and goes on.
        return bool(kept["task_run_id"] == str(self._task_run.id) or kept["attempt"] < self._attempt)


def _digest(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
