"""The facet types that the engine supports: those with a module in `facets`, named after the type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, cast

from ikigai_core.local.engine import facets

if TYPE_CHECKING:
    from ikigai_core.local.engine.graph import Facet
    from ikigai_core.local.engine.step import Step
    from ikigai_core.local.engine.tables import Table

Implementation = Callable[["Step"], "Table | Mapping[str, Table] | None"]
"""Runs a facet. It returns its table, its tables by output, or nothing."""

REFUSED = frozenset({"AI_PLAN"})
"""Facet types that nothing is known of which could be computed. Their modules say so."""


@cache
def runnable_facet_types() -> list[str]:
    """Return the facet types that the engine supports, such as DROP_COLUMNS."""
    return sorted({module.name.upper() for module in iter_modules(facets.__path__)} - REFUSED)


def implementation(facet: Facet) -> Implementation:
    """Return the function that runs a facet.

    Raises
    ------
    FlowError
        The engine does not support this type.
    """
    runnable = runnable_facet_types()
    if facet.facet_type in REFUSED:
        reason = _module(facet).REASON
        raise facet.fails(f"the local platform does not run it: {reason}. A stand-in can set what it gives")
    if facet.facet_type not in runnable:
        titles = ", ".join(each.replace("_", " ").title() for each in runnable)
        raise facet.fails(
            f"the local platform does not run facets of this type; it runs: {titles}. A stand-in can set what it gives"
        )
    return cast(Implementation, _module(facet).run)


def takes_deferred(facet: Facet) -> bool:
    """Return whether the function that runs a facet takes deferred tables."""
    return bool(getattr(_module(facet), "TAKES_DEFERRED", False))


def _module(facet: Facet) -> ModuleType:
    return import_module(f"{facets.__name__}.{facet.facet_type.lower()}")
