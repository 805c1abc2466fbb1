"""The code location of the tests on real servers. Its app, and the folder of the gate, come from the environment."""

import os
from typing import Any

import dagster as dg

from dagster_ikigai import (
    IkigaiFlow,
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
quick = build_ikigai_flow_assets(flow("Quick", "result = data"))
failing = build_ikigai_flow_assets(flow("Failing", "raise ValueError('there is no Tuesday')"))
daily = build_ikigai_flow_assets(
    flow("Daily", "result = data"), partitions_def=dg.StaticPartitionsDefinition(["Mon", "Tue", "Wed"])
)

defs = dg.Definitions(
    assets=[gated, quick, failing, daily],
    sensors=[
        build_ikigai_run_sensor(
            [gated, quick], minimum_interval_seconds=2, default_status=dg.DefaultSensorStatus.RUNNING
        )
    ],
    resources={"ikigai": IkigaiWorkspace(api_key=dg.EnvVar("IKIGAI_API_KEY"))},
)
