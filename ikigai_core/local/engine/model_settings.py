"""Parameters and hyperparameters of a model facet, checked against the model's spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.step import Model
from ikigai_core.local.specs import load_model_specs

_TYPES: dict[str, tuple[type, ...]] = {"TEXT": (str,), "NUMBER": (int, float), "BOOLEAN": (bool,)}
_WORDS = {"TEXT": "text", "NUMBER": "a number", "BOOLEAN": "true or false"}


def read_settings(model: Model, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters and the hyperparameters of a model facet, with the spec's defaults for missing ones.

    Raises
    ------
    FlowError
        Unknown name, value of the wrong type, or value that is not among the options.
    """
    subs = {spec["name"]: spec for spec in load_model_specs()[model.model_type]["sub_model_types"]}
    spec = subs[model.sub_model_type]
    return tuple(
        _checked(noun, spec[f"{noun}s"], f"{noun}_type", arguments[f"{noun}s"] or {})
        for noun in ("parameter", "hyperparameter")
    )  # type: ignore[return-value]


def _checked(
    noun: str, specs: Mapping[str, Mapping[str, Any]], type_key: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    for name in given:
        if name not in specs:
            raise FlowError(f"its model has no {noun} '{name}'{did_you_mean(name, specs)}")
    values = {}
    for name, spec in specs.items():
        value = given.get(name)
        if value is not None:
            _check(f"{noun} '{name}'", value, spec[type_key], spec["options"])
        values[name] = spec["default_value"] if value is None else value
    return values


def _check(what: str, value: Any, kind: str, options: list[str]) -> None:
    is_right = isinstance(value, _TYPES[kind]) and (kind == "BOOLEAN" or not isinstance(value, bool))
    if not is_right:
        raise FlowError(f"its {what} must be {_WORDS[kind]}, not {value!r}")
    if options and value not in options:
        raise FlowError(f"its {what} cannot be '{value}'{did_you_mean(str(value), options)}")
