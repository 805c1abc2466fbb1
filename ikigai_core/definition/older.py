"""Convert definitions that older clients wrote to the current format."""

from __future__ import annotations

from typing import Any

from ikigai_core.api.answers import Record, get_field, objects
from ikigai_core.enums import ValueType
from ikigai_core.specs.facet import FacetType, FacetTypes

_NO_LONGER_USED = "experiment_selection"


def in_todays_form(definition: Record, facet_types: FacetTypes) -> Record:
    """Convert a definition of the platform, so that each facet has the arguments of its type, in the current format.

    Arguments that a facet's type does not have are left out. Facets of an unknown type stay unchanged.
    """
    found = objects(definition, "facets") if "facets" in definition else []
    facets = [{**facet, "arguments": _arguments(facet, facet_types)} for facet in found]
    return {**definition, "facets": facets}


def _arguments(facet: Record, facet_types: FacetTypes) -> Record:
    given: Record = dict(get_field(facet, "arguments", dict, "facet")) if "arguments" in facet else {}
    if "submodel_type" in given:
        given["sub_model_type"] = given.pop("submodel_type")
    try:
        facet_type = facet_types.find_by_uid(str(facet.get("facet_uid")))
    except KeyError:
        return given
    return {
        name: _value(facet_type, name, value)
        for name, value in given.items()
        if name in facet_type.facet_arguments and name != _NO_LONGER_USED
    }


def _value(facet_type: FacetType, name: str, value: Any) -> Any:
    spec = facet_type.facet_arguments[name]
    if isinstance(value, list) and spec.value_type is ValueType.MAP and not spec.is_list:
        return value[0] if value else {}
    return value
