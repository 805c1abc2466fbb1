"""The model of a model facet, and its versions: those that it has, and those that a run trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import joblib

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.step import Model, ModelVersion, Step

_FIRST_VERSION = "initial"


def model_of(step: Step, model_type: str, whose: str = "") -> Model:
    """Return the model that a facet names.

    Raises
    ------
    FlowError
        The app has none of that name, or it is of another type. `whose` says what of that type runs here.
    """
    name = step.arguments["model_name"]
    model = step.workspace.models.get(name)
    if model is None:
        raise FlowError(f"the app has no model '{name}'; create it, or set model_name to the name of one that it has")
    if model.model_type != model_type:
        raise FlowError(f"model '{name}' is {model.model_type} {model.sub_model_type}; {whose or _needs(model_type)}")
    return model


def _needs(model_type: str) -> str:
    return f"this facet needs a model of the type {model_type}"


def is_trained(step: Step, model: Model, mode: str) -> bool:
    """Return whether the mode says to use a version, rather than to train one.

    Raises
    ------
    FlowError
        The model is to be trained for the first time, and has versions.
    """
    if mode == "train" and model.versions:
        newest = list(model.versions)[-1]
        raise FlowError(
            f"model '{step.arguments['model_name']}' is trained already (its newest version is '{newest}'); set the "
            "parameter mode to 'inference' to use it, or to 'retrain_inference' to train it again"
        )
    return mode == "inference"


def load_version(step: Step, model: Model) -> dict[str, Any]:
    """Return what the named version, or else the newest one, was trained to.

    Raises
    ------
    FlowError
        There is no such version, or it cannot be read.
    """
    name = _version_name(step.arguments)
    if name in model.recorded or (model.recorded and not model.versions):
        raise FlowError(
            "its model has a version that was recorded without what it learned; set the parameter mode to 'train'"
        )
    if not model.versions:
        raise FlowError("its model has not been trained; set the parameter mode to 'train'")
    name = name or list(model.versions)[-1]
    if name not in model.versions:
        raise FlowError(f"its model has no version '{name}'{did_you_mean(name, model.versions)}")
    try:
        return dict(joblib.load(model.versions[name]))
    except Exception as error:
        raise FlowError(
            f"version '{name}' of its model cannot be read by the installed scikit-learn ({error}); "
            "train it again with the mode retrain_inference"
        ) from error


def keep_version(
    step: Step,
    model: Model,
    content: Mapping[str, Any],
    hyperparameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
) -> None:
    """Make a version of what a run trained: `content`, which `load_version` returns in later runs.

    It has to be of plain values and scikit-learn objects: files must survive renamed classes of the engine.
    """
    path = step.workspace.folder / f"model-{len(step.workspace.model_versions)}.joblib"
    joblib.dump(dict(content), path)
    step.workspace.model_versions.append(
        ModelVersion(
            facet_id=step.facet.facet_id,
            model_id=model.model_id,
            name=_free_name(_version_name(step.arguments) or _FIRST_VERSION, model),
            path=path,
            hyperparameters=hyperparameters,
            metrics=metrics,
            is_first=not model.versions,
        )
    )


def _version_name(arguments: Mapping[str, Any]) -> str:
    return str(arguments["model_version"] or arguments["version"] or "")


def _free_name(name: str, model: Model) -> str:
    """Return the name, followed by a number if the model already has a version with this name."""
    number, free = 1, name
    while free in model.versions or free in model.recorded:
        number += 1
        free = f"{name} {number}"
    return free
