"""Model specs: model types, their sub-models, parameters, hyperparameters and metrics."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ikigai_core.local.specs.documents import read_documents

ModelSpec = dict[str, Any]

_FOLDER = Path(__file__).parent / "models"


@cache
def own_model_specs() -> dict[str, ModelSpec]:
    """Return the local platform's own model specs in wire format, by the name of the model type."""
    return {document["name"]: _model_spec(document) for document in read_documents(_FOLDER)}


def _model_spec(document: dict[str, Any]) -> ModelSpec:
    return {
        "name": document["name"],
        "is_deprecated": document.get("deprecated", False),
        "is_hidden": document.get("hidden", False),
        "keywords": document.get("keywords", []),
        "sub_model_types": [_sub_model_spec(name, entry) for name, entry in document["sub_models"].items()],
    }


def _sub_model_spec(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    metrics = entry.get("metrics", {})
    hyperparameters = entry.get("hyperparameters", {})
    return {
        "name": name,
        "is_deprecated": entry.get("deprecated", False),
        "is_hidden": entry.get("hidden", False),
        "keywords": entry.get("keywords", []),
        "metrics": {
            "feature_importance": _numbered({"name": metric} for metric in metrics.get("feature_importance", [])),
            "performance": _numbered(_performance_metric(metric) for metric in metrics.get("performance", [])),
        },
        "parameters": {key: _parameter_spec(key, value) for key, value in entry.get("parameters", {}).items()},
        "hyperparameters": {key: _hyperparameter_spec(key, value) for key, value in hyperparameters.items()},
    }


def _numbered(items: Any) -> dict[str, Any]:
    return {str(number): item for number, item in enumerate(items)}


def _performance_metric(entry: dict[str, Any]) -> dict[str, Any]:
    parameters = (_metric_parameter(name, value) for name, value in entry.get("parameters", {}).items())
    return {
        "name": entry["name"],
        "parameters": _numbered(parameters),
        "target_column_data_types": entry["target_column_data_types"],
    }


def _metric_parameter(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "default_value": entry.get("default"),
        "have_options": bool(entry.get("options")),
        "is_deprecated": False,
        "is_hidden": False,
        "is_list": entry.get("list", False),
        "name": name,
        "options": entry.get("options", []),
        "parameter_type": entry["type"],
    }


def _parameter_spec(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "default_value": entry.get("default"),
        "have_options": bool(entry.get("options")),
        "is_deprecated": entry.get("deprecated", False),
        "is_required": entry.get("required", False),
        "is_hidden": entry.get("hidden", False),
        "is_list": entry.get("list", False),
        "options": entry.get("options", []),
        "parameter_type": entry["type"],
    }


def _hyperparameter_spec(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    children = {child: _hyperparameter_spec(child, value) for child, value in entry.get("children", {}).items()}
    return {
        "name": name,
        "default_value": entry.get("default"),
        "have_options": bool(entry.get("options")),
        "have_sub_hyperparameters": bool(children),
        "hyperparameter_group": entry.get("group"),
        "hyperparameter_type": entry["type"],
        "is_deprecated": entry.get("deprecated", False),
        "is_required": entry.get("required", False),
        "is_hidden": entry.get("hidden", False),
        "is_list": entry.get("list", False),
        "children": children,
        "options": entry.get("options", []),
        "sub_hyperparameter_requirements": entry.get("sub_hyperparameter_requirements", []),
    }
