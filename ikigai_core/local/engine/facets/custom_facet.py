"""Custom Facet: a saved script with its own arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.script import run_script
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table | None:
    """Run the script of the requested version on the input tables; each argument becomes a variable."""
    custom_facet = step.workspace.custom_facets.get(step.facet.facet_id, {"problem": "its script is not known here"})
    if "problem" in custom_facet:
        raise FlowError(custom_facet["problem"])
    return run_script(
        step.workspace,
        custom_facet["script"],
        custom_facet["libraries"],
        step.inputs,
        needs_result=step.facet.chain_group != "OUTPUT",
        # The original arguments: the facet's spec converts every value to text.
        values=_values(custom_facet["arguments"], step.facet.arguments.get("arguments") or []),
    )


def _values(declared: list[Mapping[str, Any]], given: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the values of the arguments: the given ones, cast to the declared types, or else the defaults."""
    types = {argument["name"]: argument["type"] for argument in declared}
    values = {argument["name"]: argument["value"] for argument in declared}
    for argument in given:
        name, value = str(argument["name"]), argument.get("value")
        if name not in types:
            raise FlowError(f"its script takes no argument '{name}'{did_you_mean(name, types)}")
        try:
            values[name] = _CASTS[types[name]](value)
        except (TypeError, ValueError, OverflowError):
            raise FlowError(f"argument '{name}' of its script must be of type {types[name]}, not {value!r}") from None
    for name, value in values.items():
        if value is None:
            raise FlowError(f"argument '{name}' of its script has no default; set it")
    return values


def _boolean(value: Any) -> bool:
    text = str(value).casefold()
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _integer(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str | bool | int | float):
        raise TypeError
    return str(value)


_CASTS: dict[str, Callable[[Any], Any]] = {"bool": _boolean, "int": _integer, "float": float, "str": _text}
