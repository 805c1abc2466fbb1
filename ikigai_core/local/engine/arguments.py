"""Arguments of facets: the facet's own, those from the run's variables, and the defaults of its spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.graph import Facet, Graph

ArgumentSpec = Mapping[str, Any]


def resolve_arguments(graph: Graph, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the arguments of every facet by facet id, checked against the specs.

    Parameters
    ----------
    values
        Run variables. They replace arguments for this run only.

    Raises
    ------
    FlowError
        Unknown variable or argument, a value of the wrong type, or a missing required argument.
    """
    given = {facet_id: dict(facet.arguments) for facet_id, facet in graph.facets.items()}
    for variable, value in values.items():
        facet, argument = _target(graph, variable)
        given[facet.facet_id][argument] = value
    return {facet_id: _checked(graph.facets[facet_id], arguments) for facet_id, arguments in given.items()}


def _target(graph: Graph, variable: str) -> tuple[Facet, str]:
    target = graph.variables.get(variable)
    if not isinstance(target, Mapping):
        raise FlowError(f"The flow has no variable '{variable}'{did_you_mean(variable, map(str, graph.variables))}")
    facet_name, argument = str(target.get("facet_name", "")), str(target.get("name", ""))
    facets = [facet for facet in graph.facets.values() if facet.name and facet.name == facet_name]
    if not facets:
        names = [facet.name for facet in graph.facets.values() if facet.name]
        raise FlowError(
            f"Variable '{variable}' is for the facet '{facet_name}', which the flow lacks"
            f"{did_you_mean(facet_name, names)}"
        )
    if len(facets) > 1:
        raise FlowError(
            f"Variable '{variable}' is for the facet '{facet_name}', but {len(facets)} facets have that name; "
            "give each a name of its own."
        )
    spec = _specs(facets[0]).get(argument)
    if spec is not None and (spec["is_list"] or spec["argument_type"] == "MAP"):
        raise facets[0].fails(
            f"variable '{variable}' is for its argument '{argument}', which is a list or a map; "
            "only single values can be replaced"
        )
    return facets[0], argument


def _specs(facet: Facet) -> dict[str, ArgumentSpec]:
    return {spec["name"]: spec for spec in facet.spec["facet_arguments"]}


def _checked(facet: Facet, given: Mapping[str, Any]) -> dict[str, Any]:
    specs = _specs(facet)
    for name in given:
        if name not in specs:
            raise facet.fails(f"it takes no argument '{name}'{did_you_mean(name, specs)}")
    arguments = {}
    for name, spec in specs.items():
        try:
            value = _value(spec, given.get(name))
        except ValueError as error:
            raise facet.fails(f"argument '{name}' {error}") from None
        # A list that is given empty counts as given.
        if spec["is_required"] and value in (None, ""):
            raise facet.fails(f"it needs the argument '{name}'; set it")
        arguments[name] = value
    return arguments


def _value(spec: ArgumentSpec, value: Any) -> Any:
    if value is None:
        return spec["default_value"]
    if spec["is_list"]:
        if not isinstance(value, list):
            raise ValueError(f"must be a list, not {value!r}")
        return [_single_value(spec, item) for item in value]
    return _single_value(spec, value)


def _single_value(spec: ArgumentSpec, value: Any) -> Any:
    if spec["argument_type"] == "MAP":
        return _map_value(spec, value)
    read = _READERS[spec["argument_type"]]
    result = read(value)
    if spec["options"] and result not in ("", *spec["options"]):
        options = list(spec["options"])
        raise ValueError(f"cannot be '{result}'{did_you_mean(str(result), options)}")
    return result


def _map_value(spec: ArgumentSpec, value: Any) -> Any:
    # In definitions of older releases, a map is a list of one map.
    if isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else {}
    if not isinstance(value, Mapping):
        raise ValueError(f"must hold a mapping, not {value!r}")
    children = spec["children"]
    if not children:
        return dict(value)
    for name in value:
        if name not in children:
            raise ValueError(f"has no part '{name}'{did_you_mean(name, children)}")
    result = {}
    for name, child in children.items():
        try:
            result[name] = _value(child, value.get(name))
        except ValueError as error:
            raise ValueError(f"has the part '{name}', which {error}") from None
        if child["is_required"] and result[name] is None:
            raise ValueError(f"lacks the part '{name}'; set it")
    return result


def _text(value: Any) -> str:
    # Orchestrators and YAML pass numbers for text arguments.
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    raise ValueError(f"must be text, not {value!r}")


def _number(value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    for read in (int, float):
        try:
            return read(value)
        except (TypeError, ValueError):
            continue
    raise ValueError(f"must be a number, not {value!r}")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    raise ValueError(f"must be true or false, not {value!r}")


_READERS = {"TEXT": _text, "NUMBER": _number, "BOOLEAN": _boolean}
