"""AI Plan: refused, since what the real platform computes is not known."""

from __future__ import annotations

from typing import Never

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step

REASON = "what the real platform computes with a model for plans is not known"


def run(step: Step) -> Never:
    """Refuse to run.

    Raises
    ------
    FlowError
        Always. The plan of a run refuses the facet before, unless a stand-in gives its tables.
    """
    raise FlowError(f"the local platform does not run it: {REASON}")
