"""Arguments of facets: the facet's own, those from the run's variables, and the defaults of its spec."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.graph import Arrow, Facet, Graph
from ikigai_core.local.specs import engine_spec

ArgumentSpec = Mapping[str, Any]


def given_arguments(graph: Graph, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the arguments that every facet was given by facet id, unchecked.

    Parameters
    ----------
    values
        Run variables. They replace arguments for this run only.

    Raises
    ------
    FlowError
        A variable that the flow lacks, or that cannot be applied.
    """
    given = {facet_id: dict(facet.arguments) for facet_id, facet in graph.facets.items()}
    for variable, value in values.items():
        facet, argument = _target(graph, variable)
        given[facet.facet_id][argument] = value
    return given


def checked_arguments(facet: Facet, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a facet, checked against its spec, with the spec's defaults.

    Raises
    ------
    FlowError
        Unknown argument, a value of the wrong type, or a missing required argument.
    """
    return _checked(facet, given, _specs(facet))


def engine_arguments(facet: Facet, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a facet's arguments in the form that its implementation knows.

    The specs can be those of an account. What they say beyond the engine's own specs has no effect here, so a flow
    that uses it must not run as if it had.

    Raises
    ------
    FlowError
        The facet has an argument, or a value, that the engine does not know.
    """
    own = engine_spec(facet.chain_group, facet.facet_type)
    if own is None or own is facet.spec:
        return dict(arguments)
    known = {spec["name"]: spec for spec in own["facet_arguments"]}
    _check_known(facet, "argument", _specs(facet), known, arguments)
    return _checked(facet, {name: value for name, value in arguments.items() if name in known}, known)


def check_arrows(graph: Graph, facet: Facet) -> None:
    """Check the arguments of the arrows into a facet that the engine computes.

    Raises
    ------
    FlowError
        An arrow has an argument that the engine does not know.
    """
    for arrow in graph.parents(facet):
        known = [*_arrow_names(facet, "in"), *_arrow_names(graph.facets[arrow.source], "out")]
        for name in _given_arguments(arrow):
            if name not in known:
                raise facet.fails(
                    f"the local platform does not know the argument '{name}' of an arrow into it"
                    f"{did_you_mean(name, known)} Remove it, or set what the facet gives with a stand-in"
                )


def _given_arguments(arrow: Arrow) -> Iterable[str]:
    return [name for name, value in arrow.arguments.items() if value is not None]


def _arrow_names(facet: Facet, direction: str) -> list[str]:
    spec = engine_spec(facet.chain_group, facet.facet_type) or facet.spec
    return [argument["name"] for argument in spec[f"{direction}_arrow_arguments"]]


def _check_known(
    facet: Facet,
    what: str,
    specs: Mapping[str, ArgumentSpec],
    known: Mapping[str, ArgumentSpec],
    given: Mapping[str, Any],
) -> None:
    for name, value in given.items():
        spec = specs.get(name) or {}
        if name not in known:
            if value is not None and value != spec.get("default_value"):
                raise facet.fails(
                    f"the local platform does not know its {what} '{name}'; "
                    "remove it, or set what the facet gives with a stand-in"
                )
            continue
        children, inner = spec.get("children") or {}, known[name]["children"]
        if children and inner:
            for part in value if isinstance(value, list) else [value]:
                _check_known(facet, f"part of the argument '{name}'", children, inner, part or {})


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


def _checked(facet: Facet, given: Mapping[str, Any], specs: Mapping[str, ArgumentSpec]) -> dict[str, Any]:
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
    if isinstance(value, int):
        return int(value)
    for read in (int, float) if isinstance(value, str) else (float,):
        try:
            number = read(value)
        except (TypeError, ValueError):
            continue
        # Python reads `inf` and `nan`, and no facet has a use for them.
        if math.isfinite(number):
            return number
    raise ValueError(f"must be a number, not {value!r}")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    raise ValueError(f"must be true or false, not {value!r}")


_READERS = {"TEXT": _text, "NUMBER": _number, "BOOLEAN": _boolean}
