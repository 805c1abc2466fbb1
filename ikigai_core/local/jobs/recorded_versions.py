"""Recorded versions of models: their metrics and settings, without the trained model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from ikigai_core.local.store import Store
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.models import Model, ModelVersion


class RecordedVersion(BaseModel):
    """A version of a model, as a recording has it."""

    model_config = ConfigDict(extra="forbid")

    version: str
    created_at: datetime
    hyperparameters: dict[str, Any] = {}
    metrics: dict[str, Any] = {}


def add_recorded_versions(store: Store, model: Model, versions: Iterable[RecordedVersion]) -> None:
    """Add the versions whose names the model does not have."""
    with store.transaction():
        known = {version.name for version in store.model_versions.all(model_id=model.model_id)}
        for version in versions:
            if version.version not in known:
                at = int(version.created_at.timestamp())
                store.model_versions.add(
                    ModelVersion(
                        version_id=new_id(),
                        app_id=model.app_id,
                        model_id=model.model_id,
                        name=version.version,
                        hyperparameters=version.hyperparameters,
                        metrics=version.metrics,
                        created_at=at,
                        modified_at=at,
                    )
                )
