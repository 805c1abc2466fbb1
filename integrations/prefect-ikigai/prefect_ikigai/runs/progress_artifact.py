"""The progress artifact of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from prefect_ikigai.api.artifacts import create_artifact, update_artifact
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.naming import artifact_key

if TYPE_CHECKING:
    from ikigai_core import FlowStatus


class ProgressArtifact:
    """Shows the progress of a run. If it cannot be written, it is tried again at the next change.

    Parameters
    ----------
    owner : Owner or None
        The Prefect run that the artifact belongs to; None for no artifact.
    app, flow : str
        Names.
    """

    def __init__(self, owner: Owner | None, app: str, flow: str) -> None:
        self._owner = owner
        self._app = app
        self._flow = flow
        self._percent = 0
        self._artifact_id: UUID | None = None
        self._is_behind = False

    def move(self, status: FlowStatus, percent: int | None) -> None:
        """Show a status. If there is no percentage, the progress stays the same."""
        self._percent = self._percent if percent is None else percent
        if self._owner is None:
            return
        try:
            self._write(self._owner, f"Flow **{self._flow}** of app **{self._app}**: {status.value}")
        except Exception as error:
            if not self._is_behind:
                current_logger().warning("The progress artifact of flow %r could not be updated: %s", self._flow, error)
            self._is_behind = True
        else:
            self._is_behind = False

    def _write(self, owner: Owner, description: str) -> None:
        percent = float(self._percent)
        if self._artifact_id is None:
            key = artifact_key(self._app, self._flow)
            self._artifact_id = create_artifact(owner, "progress", key, percent, description)
        else:
            update_artifact(self._artifact_id, percent, description)
