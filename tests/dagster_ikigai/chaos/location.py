"""The code location of the chaos runs: an asset for each flow, whose partitions are the tasks.

App, flows and mode come from the environment.
"""

import json
import os

import dagster as dg

from dagster_ikigai import FlowSettings, IkigaiFlow, IkigaiWorkspace, build_ikigai_assets_definitions
from dagster_ikigai.naming import identifier
from ikigai_core.runs import copies, lost_start
from tests.chaos.flows import DOCUMENT, TASK

APP = os.environ["CHAOS_APP"]
FLOWS: list[str] = json.loads(os.environ["CHAOS_FLOWS"])
LOOK_FOR = float(os.environ["CHAOS_LOOK_FOR"])

lost_start.LOOK_FOR, copies._ARMED_LOOK, copies._FENCED_LOOK = LOOK_FOR, LOOK_FOR / 3, LOOK_FOR / 1.5

settings = FlowSettings(
    isolation=os.environ["CHAOS_ISOLATION"],  # type: ignore[arg-type]
    partitions_def=dg.DynamicPartitionsDefinition(name="tasks"),
    partition_variable=TASK,
    partition_output="out {partition}",
)
assets = build_ikigai_assets_definitions(
    [IkigaiFlow(APP, name, DOCUMENT) for name in FLOWS], workspace=IkigaiWorkspace(), settings=settings
)
defs = dg.Definitions(
    assets=assets,
    jobs=[
        dg.define_asset_job(identifier(name), selection=dg.AssetSelection.assets(*made.keys))
        for name, made in zip(FLOWS, assets, strict=True)
    ],
)


def job(name: str) -> dg.JobDefinition:
    """The job that materializes a flow's asset, for other processes to make again."""
    return defs.resolve_job_def(name)
