"""Models and their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Model:
    """A model with a type and sub-type from the model specs."""

    model_id: str
    app_id: str
    name: str
    directory_id: str
    model_type: str
    sub_model_type: str
    description: str
    created_at: int
    modified_at: int


@dataclass(frozen=True)
class ModelVersion:
    """Result of one training of a model. `name` is the name of the version, `data_file` contains the trained model.

    A version that was recorded elsewhere has no file.
    """

    version_id: str
    app_id: str
    model_id: str
    name: str
    hyperparameters: dict[str, Any]
    metrics: dict[str, Any]
    created_at: int
    modified_at: int
    data_file: str = ""
