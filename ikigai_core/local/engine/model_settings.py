"""Parameters and hyperparameters of a model facet, checked against the model's spec."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.step import Model
from ikigai_core.local.specs import load_model_specs

_TYPES: dict[str, tuple[type, ...]] = {"TEXT": (str,), "NUMBER": (int, float), "BOOLEAN": (bool,), "MAP": (dict,)}
_WORDS = {"TEXT": "text", "NUMBER": "a number", "BOOLEAN": "true or false", "MAP": "a mapping"}

Specs = Mapping[str, Mapping[str, Any]]


def read_settings(model: Model, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters and the hyperparameters of a model facet, with the spec's defaults for missing ones.

    Hyperparameters of a group are in the facet's argument of the group's name.

    Raises
    ------
    FlowError
        Unknown name, value of the wrong type, or value that is not among the options.
    """
    spec = _spec(model)
    parameters, hyperparameters = spec["parameters"], spec["hyperparameters"]
    given = {**(arguments["hyperparameters"] or {}), **_grouped(hyperparameters, arguments)}
    return (
        _checked("parameter", parameters, arguments["parameters"] or {}),
        _checked("hyperparameter", hyperparameters, given),
    )


def check_known(model: Model, hyperparameters: Mapping[str, Any], known: Collection[str]) -> None:
    """Check that only known hyperparameters have another value than their default.

    Raises
    ------
    FlowError
        One has no effect here, so a flow that sets it must not run as if it had.
    """
    specs = _spec(model)["hyperparameters"]
    for name, value in hyperparameters.items():
        if name not in known and value not in (specs[name]["default_value"], None, "", [], {}):
            raise FlowError(
                f"the local platform does not know its hyperparameter '{name}'; "
                "remove it, or set what the facet gives with a stand-in"
            )


def choose(model: Model, name: str, chosen: Collection[str], runnable: Collection[str]) -> list[str]:
    """Return which of the chosen options of a hyperparameter run here. Those of the default that do not are left out.

    Raises
    ------
    FlowError
        An option was chosen that does not run here, or none does.
    """
    unknown = [option for option in chosen if option not in runnable]
    is_default = list(chosen) == _spec(model)["hyperparameters"][name]["default_value"]
    found = [option for option in chosen if option in runnable]
    if (unknown and not is_default) or not found:
        named = ", ".join(f"'{option}'" for option in unknown) or "none"
        raise FlowError(
            f"its hyperparameter '{name}' names {named}; the local platform runs {', '.join(runnable)}. "
            "Choose of these, or set what the facet gives with a stand-in"
        )
    return found


def _spec(model: Model) -> Mapping[str, Any]:
    specs = load_model_specs()[model.model_type]["sub_model_types"]
    subs: dict[str, Mapping[str, Any]] = {spec["name"]: spec for spec in specs}
    return subs[model.sub_model_type]


def _grouped(specs: Specs, arguments: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for group in dict.fromkeys(spec["hyperparameter_group"] for spec in specs.values()):
        part = arguments.get(group) if group else None
        if isinstance(part, list):
            if len(part) > 1:
                raise FlowError(f"its argument '{group}' has {len(part)} entries; the local platform knows one")
            part = part[0] if part else None
        given |= part or {}
    return given


def _checked(noun: str, specs: Specs, given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in specs:
            raise FlowError(f"its model has no {noun} '{name}'{did_you_mean(name, specs)}")
    values = {}
    for name, spec in specs.items():
        value = given.get(name)
        if value is not None:
            _check(f"{noun} '{name}'", value, spec, spec[f"{noun}_type"])
        values[name] = spec["default_value"] if value is None else value
    return values


def _check(what: str, value: Any, spec: Mapping[str, Any], kind: str) -> None:
    if spec["is_list"] and not isinstance(value, list):
        raise FlowError(f"its {what} must be a list, not {value!r}")
    for item in value if spec["is_list"] else [value]:
        is_right = isinstance(item, _TYPES[kind]) and (kind == "BOOLEAN" or not isinstance(item, bool))
        if not is_right:
            raise FlowError(f"its {what} must be {_WORDS[kind]}, not {item!r}")
        if spec["options"] and item not in spec["options"]:
            raise FlowError(f"its {what} cannot be '{item}'{did_you_mean(str(item), spec['options'])}")
