"""Python: runs a script by the flow's author on the data."""

from __future__ import annotations

from ikigai_core.local.engine.script import run_script
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table | None:
    """Run the script on the input tables; return what it leaves in `result`."""
    return run_script(
        step.workspace,
        step.arguments["script"],
        step.arguments["libraries"] or [],
        step.inputs,
        needs_result=step.facet.chain_group != "OUTPUT",
    )
