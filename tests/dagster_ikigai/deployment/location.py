"""The code location of the tests on real servers. Its app, and the folder of the gate, come from the environment."""

import os
from typing import Any

import dagster as dg

from dagster_ikigai import (
    IkigaiFlow,
    IkigaiFlowComponent,
    IkigaiWorkspace,
    build_ikigai_flow_assets,
    build_ikigai_run_sensor,
)

APP, GATE = os.environ["TEST_APP"], os.environ["TEST_GATE"]
READ = {"file_type": "csv", "header": True}


def flow(name: str, script: str) -> IkigaiFlow:
    facets: dict[str, Any] = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": READ},
        "work": {"type": "MID.Python", "after": "numbers", "arguments": {"script": script}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "work",
            "arguments": {"dataset_name": f"{name} out", **READ},
            "variables": {"output": "dataset_name"},
        },
    }
    return IkigaiFlow(APP, name, {"facets": facets})


gated = build_ikigai_flow_assets(
    flow("Gated", f"import os, time\nwhile not os.path.exists({GATE!r}): time.sleep(0.05)\nresult = data")
)
failing = build_ikigai_flow_assets(flow("Failing", "raise ValueError('there is no Tuesday')"))


def component(name: str, **attributes: Any) -> dg.Definitions:
    """What the YAML with these attributes defines."""
    definition = flow(name, "result = data").definition.to_dict()
    given = {"app": APP, "flow": name, "definition": definition, "workspace": "ikigai", **attributes}
    return dg.build_defs_for_component(IkigaiFlowComponent.from_attributes_dict(attributes=given))


defs = dg.Definitions.merge(
    dg.Definitions(
        assets=[gated, failing],
        sensors=[
            build_ikigai_run_sensor([gated], minimum_interval_seconds=2, default_status=dg.DefaultSensorStatus.RUNNING)
        ],
        resources={
            "ikigai": IkigaiWorkspace(
                api_key=dg.EnvVar("IKIGAI_API_KEY"), webserver_base_url=dg.EnvVar("TEST_WEBSERVER")
            )
        },
    ),
    component("Quick", sensor={"status": "running", "minimum_interval_seconds": 2}),
    component("Daily", partitions={"type": "static", "keys": ["Mon", "Tue", "Wed"]}, backfill_policy="multi_run"),
)
