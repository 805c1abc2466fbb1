"""The specs of an account as plain values, for a file that a local platform can serve."""

from __future__ import annotations

from typing import Any

from ikigai_core.api import specs
from ikigai_core.procedure import Procedure, send


def read_specs() -> Procedure[dict[str, Any]]:
    """The specs of all facet and model types, in the platform's format."""
    facet_specs = yield from send(specs.facets())
    model_specs = yield from send(specs.models())
    return {"facet_specs": facet_specs, "model_specs": model_specs}
